"""Permutation importance: how much worse the champion gets when a feature is shuffled among rows.

Breiman (2001), Random Forests, Machine Learning 45, section 10, with the log loss. Features that stand in for one
another share their importance: shuffling one alone may cost nothing.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from tqdm import tqdm

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
    n_rows = min(len(features), MAX_ROWS, max(1, MAX_PREDICTIONS // (len(names) * n_repeats)))
    sample = features.iloc[np.sort(rng.choice(len(features), size=n_rows, replace=False))]
    stacked = pd.concat([sample] * n_repeats, ignore_index=True)
    before = _log_losses(predict_propensity(sample), sample["label"], n_repeats=1)[0]
    rises = {}
    for name in tqdm(names, desc="permutation importance", disable=None):
        rows = np.concatenate([rng.permutation(n_rows) for _ in range(n_repeats)])
        shuffled = stacked.assign(**{name: sample[name].take(rows).array})
        rises[name] = _log_losses(predict_propensity(shuffled), sample["label"], n_repeats=n_repeats) - before
    return _by_importance(rises, n_rows=n_rows)


def _log_losses(propensity, labels, *, n_repeats):
    return np.array([log_loss(labels, p, labels=[0, 1]) for p in np.split(np.asarray(propensity), n_repeats)])


def _by_importance(rises, *, n_rows):
    table = pd.DataFrame(
        {
            "feature": list(rises),
            "importance": [rise.mean() for rise in rises.values()],
            "spread": [rise.std() for rise in rises.values()],
            "n_rows": n_rows,
        }
    )
    return table.sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)
