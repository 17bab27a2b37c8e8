"""A batch of rows as a mapping from column names to NumPy arrays of one length; codes below 0 are missing values."""

import numpy as np

MISSING = -1  # of every code: product, category, customer, ...
NO_PRICE = np.iinfo(np.int32).min  # cents; prices below 0 occur as dirt
POSITION_BITS = 32  # of a sort key: the rows of one batch are fewer than 2**32


def take(batch, rows):
    """Return the rows that ``rows`` (positions or a mask) picks."""
    return {name: values[rows] for name, values in batch.items()}


def concat(batches):
    """Return batches of the same columns, one below the other."""
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def n_rows(batch):
    return len(next(iter(batch.values())))


def in_order_of(batch, key):
    """Return the rows sorted by a whole non-negative ``key`` below 2**31, ties as they stood.

    Key and position are packed in one integer, so that every order is unique and the fastest sort gives the same bytes.
    """
    packed = (key.astype(np.int64) << POSITION_BITS) | np.arange(len(key))
    packed.sort()
    return take(batch, packed & (2**POSITION_BITS - 1))


def runs(lengths):
    """Return, for runs of ``lengths`` rows laid end to end, each row's run and its position in the run."""
    run = np.repeat(np.arange(len(lengths)), lengths)
    return run, np.arange(len(run)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
