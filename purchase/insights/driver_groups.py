"""What the champion leans on, correlated features taken together: a ranking, and how steady it is."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from purchase.evaluation.bootstrap import bootstrap_sums, percentile_interval
from purchase.evaluation.shuffling import rises, sample_of
from purchase.insights.parts import N_DECIMALS
from purchase.insights.reasons import correlated_groups
from purchase.models.last_events import told_features

MAX_PREDICTIONS = 1_200_000  # a sample of the test rows is used where all would need more
N_TOP = 10


def ranked_groups(
    predict_propensity, shap, features, ranking, words, *, pinned, n_repeats, n_bootstrap, interval, seed
):
    """Rank groups of correlated features by the rise in log loss when a group is shuffled.

    What else the ranking could have been is told by resamples, each of which draws customers anew and takes another of
    the shuffles.

    Parameters
    ----------
    shap : callable, or None
        Rows -> SHAP values of their features, where the champion's library has them.
    features : DataFrame
        Test rows. Which features are correlated is read from them, too, without their labels.
    ranking : list of str
        Features by their importance on validation rows.
    pinned : dict of {feature: what it is always shown as}
        A group is called by the first of these, or else by its best feature of the ranking.

    Returns
    -------
    DataFrame
        feature (that the group is called by), meaning, n_features, features, importance with low and high, rank with
        rank_low and rank_high, share_in_top (of the resamples in which the group is among the first ``n_top``),
        mean_shap (of the group's sum, absolute; missing without SHAP values), always_shown.
    dict
        n_groups, n_top (``N_TOP``, or half of fewer groups), n_rows, and the mean rank correlation between two
        shuffles and between two resamples.
    """
    rng = np.random.default_rng(seed)
    groups = _groups(features)
    sample = sample_of(features, MAX_PREDICTIONS // (len(groups) * n_repeats), rng)
    found = rises(predict_propensity, sample, groups, n_repeats=n_repeats, rng=rng)
    added = None if shap is None else shap(sample)
    importance, samples = found.mean(axis=(1, 2)), _resampled(found, sample["group"], n_bootstrap, seed)
    low, high = percentile_interval(samples.mean(axis=1), interval=interval)
    turn = np.arange(n_bootstrap)
    drawn = samples[:, turn % n_repeats, turn]
    n_top = max(1, min(N_TOP, len(groups) // 2))
    places = {name: place for place, name in enumerate(ranking)} | dict.fromkeys(pinned, -1)
    leads = [min(names, key=lambda name: places.get(name, np.inf)) for names in groups]
    table = pd.DataFrame(
        {
            "feature": leads,
            "meaning": [words.name(name) for name in leads],
            "n_features": [len(names) for names in groups],
            "features": ["; ".join(names) for names in groups],
            "importance": importance,
            "low": low,
            "high": high,
            "rank": rankdata(-importance, method="ordinal"),
            **_ranks(drawn, n_top, interval=interval),
            "mean_shap": np.nan if added is None else [added[names].sum(axis=1).abs().mean() for names in groups],
            "always_shown": [", ".join(pinned[name] for name in names if name in pinned) for names in groups],
        }
    )
    steadiness = {
        "between_shuffles": rank_correlation(found.mean(axis=2)),
        "between_resamples": rank_correlation(drawn),
    }
    numbers = {"n_groups": len(groups), "n_top": n_top, "n_rows": len(sample), "rank_correlation": steadiness}
    return table.round(N_DECIMALS).sort_values("rank", ignore_index=True), numbers


def _groups(features):
    """Return lists of features that are correlated with one another."""
    names = np.array(told_features(features), dtype=object)
    numbers = correlated_groups(features[list(names)])
    return [list(names[numbers == number]) for number in np.unique(numbers)]


def _resampled(found, owners, n_bootstrap, seed):
    """Return the mean rises of each resample of the owners, (n_groups, n_repeats, n_bootstrap)."""
    n_groups, n_repeats, n_rows = found.shape
    values = np.vstack([found.reshape(-1, n_rows), np.ones(n_rows)])
    sums = bootstrap_sums(values, owners, n_bootstrap=n_bootstrap, seed=seed)
    return (sums[:-1] / sums[-1]).reshape(n_groups, n_repeats, n_bootstrap)


def _ranks(drawn, n_top, *, interval):
    """Return the columns that say which ranks the groups, rows of ``drawn``, have in the resamples, its columns."""
    ranks = rankdata(-drawn, method="min", axis=0)
    low, high = percentile_interval(ranks, interval=interval)
    ends = {"rank_low": np.floor(low).astype(int), "rank_high": np.ceil(high).astype(int)}
    return ends | {"share_in_top": (ranks <= n_top).mean(axis=1)}


def rank_correlation(columns):
    """Return the mean rank correlation (Spearman's) between two columns; None with one, or where one is constant."""
    ranks = rankdata(columns, axis=0)
    ranks -= ranks.mean(axis=0)
    sizes = np.sqrt((ranks**2).sum(axis=0))
    n = columns.shape[1]
    if n < 2 or (sizes == 0).any():
        return None
    sum_of_all = np.square((ranks / sizes).sum(axis=1)).sum()  # over pairs of columns, each column with itself too
    return float((sum_of_all - n) / (n * (n - 1)))
