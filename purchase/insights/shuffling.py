"""Permutation importance on single rows: by how much each row's log loss rises when some columns are shuffled.

Breiman (2001), Random Forests, Machine Learning 45, section 10, with the log loss. Columns of a set are shuffled
together, so that features that stand in for one another cannot hide what they are worth.
"""

import numpy as np
import pandas as pd
from tqdm import tqdm


def sample_of(features, most, rng):
    """Return at most ``most`` rows, drawn without replacement, in their order."""
    chosen = np.sort(rng.choice(len(features), size=max(1, min(len(features), most)), replace=False))
    return features.iloc[chosen].reset_index(drop=True)


def rises(predict_propensity, sample, sets, *, n_repeats, rng):
    """Return the rise in log loss of each row when each set of columns is shuffled, anew in every repeat.

    Parameters
    ----------
    sample : DataFrame with label
    sets : list of list of str

    Returns
    -------
    array of shape (n_sets, n_repeats, n_rows)
    """
    labels, n_rows = sample["label"].to_numpy(), len(sample)
    before = log_losses(labels, predict_propensity(sample))
    stacked = pd.concat([sample] * n_repeats, ignore_index=True)
    found = np.empty((len(sets), n_repeats, n_rows))
    for place, names in enumerate(tqdm(sets, desc="importance on test", disable=None)):
        rows = np.concatenate([rng.permutation(n_rows) for _ in range(n_repeats)])
        shuffled = stacked.assign(**{name: sample[name].take(rows).array for name in names})
        after = log_losses(np.tile(labels, n_repeats), predict_propensity(shuffled))
        found[place] = after.reshape(n_repeats, n_rows) - before
    return found


def log_losses(labels, propensity):
    return -np.log(np.where(labels == 1, propensity, 1 - propensity))
