"""Permutation importance on single rows: by how much each row's log loss rises when some columns are shuffled.

Breiman (2001), Random Forests, Machine Learning 45, section 10, with the log loss. Columns of a set are shuffled
together, so that features that stand in for one another cannot hide what they are worth.
"""

import numpy as np
import pandas as pd
from tqdm import tqdm

from purchase.evaluation.bootstrap import row_losses


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
    stacked = pd.concat([sample] * n_repeats, ignore_index=True)
    found = np.empty((len(sets), n_repeats, n_rows))
    for place, names in enumerate(tqdm(sets, desc="permutation importance", disable=None)):
        rows = np.concatenate([rng.permutation(n_rows) for _ in range(n_repeats)])
        shuffled = stacked.assign(**{name: sample[name].take(rows).array for name in names})
        after = row_losses(np.tile(labels, n_repeats), predict_propensity(shuffled))
        found[place] = after.reshape(n_repeats, n_rows) - before
    return found
