"""Streams of random numbers, one for each purpose and part, so that one more draw here changes nothing there."""

import numpy as np

PURPOSES = ("catalogue", "population", "start", "visits", "funnel", "baskets", "strangers", "dirt", "customer_dirt")


def stream(seed, purpose, part=0):
    """Return the generator of one purpose; ``part`` is the day or the first day of the chunk that it serves."""
    key = (PURPOSES.index(purpose), int(part))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def pick(rng, cumulative, size):
    """Draw ``size`` codes from cumulative probabilities of shape (n_codes,)."""
    return np.searchsorted(cumulative[:-1], rng.random(size), side="right").astype(np.int8)
