"""Permutation importance on single rows: by how much each row's log loss rises when some columns are shuffled.

Breiman (2001), Random Forests, Machine Learning 45, section 10, with the log loss. Columns of a set are shuffled
together, so that features that stand in for one another cannot hide what they are worth.
"""

import numpy as np
from tqdm import tqdm

from purchase.evaluation.bootstrap import row_losses

BATCH_ROWS = 20_000  # predicted at a time, where a prediction takes less than this many rows


def sample_of(features, most, rng):
    """Return at most ``most`` rows, drawn without replacement, in their order."""
    chosen = np.sort(rng.choice(len(features), size=max(1, min(len(features), most)), replace=False))
    return features.iloc[chosen].reset_index(drop=True)


def rises(predict_propensity, sample, sets, *, n_repeats, rng):
    """Return the rise in log loss of each row when each set of columns is shuffled, anew in every repeat.

    Parameters
    ----------
    predict_propensity : callable
        Takes a table like ``sample``, returns an array of shape (n_rows,).
    sample : DataFrame of shape (n_rows, n_columns)
        With ``label``, and an index from 0.
    sets : list of list of str
        Columns to shuffle together.
    n_repeats : int
    rng : numpy Generator

    Returns
    -------
    array of shape (n_sets, n_repeats, n_rows)
    """
    labels, n_rows = sample["label"].to_numpy(), len(sample)
    before = row_losses(labels, predict_propensity(sample))
    found = np.empty((len(sets), n_repeats, n_rows))
    at_once = max(1, BATCH_ROWS // (n_repeats * n_rows))
    with tqdm(total=len(sets), desc="permutation importance", disable=None) as progress:
        for start in range(0, len(sets), at_once):
            some = sets[start : start + at_once]
            propensities = predict_propensity(_shuffled(sample, some, n_repeats, rng))
            after = row_losses(np.tile(labels, len(some) * n_repeats), propensities)
            found[start : start + len(some)] = after.reshape(len(some), n_repeats, n_rows) - before
            progress.update(len(some))
    return found


def _shuffled(sample, sets, n_repeats, rng):
    """Return the sample under itself as often as there are repeats and sets, each time with one set shuffled."""
    n_rows = len(sample)
    rows = np.tile(np.arange(n_rows), len(sets) * n_repeats)
    blocks, drawn = rows.reshape(len(sets), -1), {}
    for number, names in enumerate(sets):
        order = np.concatenate([rng.permutation(n_rows) for _ in range(n_repeats)])
        for name in names:
            drawn.setdefault(name, blocks.copy())[number] = order
    shuffled = {name: sample[name].take(order.ravel()).array for name, order in drawn.items()}
    return sample.take(rows).reset_index(drop=True).assign(**shuffled)
