"""Permutation importance: how much worse the champion gets when a feature is shuffled among rows.

Breiman (2001), Random Forests, Machine Learning 45, section 10, with the log loss. Features that stand in for one
another share their importance: shuffling one alone may cost nothing.
"""

import numpy as np
import pandas as pd

from purchase.evaluation.shuffling import rises, sample_of
from purchase.tables import KEY_COLUMNS

MAX_ROWS = 5_000
MAX_PREDICTIONS = 600_000  # rows predicted in all; fewer rows are used where features and repeats would need more


def permutation_importance(predict_propensity, features, *, n_repeats, seed):
    """Measure the rise in log loss when one feature at a time is shuffled.

    Parameters
    ----------
    predict_propensity : callable
        Takes a table like ``features``, returns an array of shape (n_rows,).
    features : DataFrame
        Rows the model was not fitted on; a sample of them is used if they are many.

    Returns
    -------
    DataFrame
        feature, importance (mean rise in log loss), spread (standard deviation over the repeats), n_rows (used); most
        important first, equals by name.
    """
    rng = np.random.default_rng(seed)
    names = [name for name in features.columns if name not in KEY_COLUMNS]
    sample = sample_of(features, min(MAX_ROWS, MAX_PREDICTIONS // (len(names) * n_repeats)), rng)
    risen = rises(predict_propensity, sample, [[name] for name in names], n_repeats=n_repeats, rng=rng).mean(axis=2)
    return _by_importance(names, risen, n_rows=len(sample))


def _by_importance(names, risen, *, n_rows):
    table = pd.DataFrame(
        {
            "feature": names,
            "importance": risen.mean(axis=1),
            "spread": risen.std(axis=1),
            "n_rows": n_rows,
        }
    )
    return table.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
