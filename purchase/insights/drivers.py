"""What goes with ordering: importance on test rows, in groups and alone, and the shape of the top features.

Both describe the champion, not the world: a feature that goes with orders need not cause them.
"""

import re

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from tqdm import tqdm

from purchase.evaluation.bootstrap import bootstrap_sums, percentile_interval
from purchase.evaluation.shuffling import rises, sample_of
from purchase.insights.driver_groups import ranked_groups
from purchase.insights.parts import N_DECIMALS, Part

MAX_PREDICTIONS = 600_000  # for importance: a sample of the test rows is used where all would need more
MAX_ROWS = 2_000  # of test, for shapes
MAX_POINTS = 9  # of a shape
# Shown wherever they rank: what they are called in the features of either task; of windows, the longest.
ALWAYS_SHOWN = {
    "session duration": ("mean_session_minutes", "total_seconds", "seconds_so_far", "product_seconds"),
    "product views": (r"n_view_\d+d", "n_view_so_far", "product_pages"),
    "prior purchase frequency": (r"n_orders_\d+d",),
}
FLAT = 0.05  # a shape whose range is below this share of the mean propensity has no direction
STEADY = 0.6  # rank correlation from which a shape counts as rising or falling throughout


def always_shown(names):
    """Return {what: feature, or None where the features have none}."""
    return {what: _first_match(names, patterns) for what, patterns in ALWAYS_SHOWN.items()}


def _first_match(names, patterns):
    for pattern in patterns:
        if matches := [name for name in names if re.fullmatch(pattern, name)]:
            return max(matches, key=lambda name: (len(name), name))  # the longest window has the most digits
    return None


def driver_part(
    predict_propensity, features, ranking, words, *, n_top, n_repeats, n_bootstrap, interval, seed, shap=None
):
    """Describe the top features, and those that are always shown.

    Parameters
    ----------
    predict_propensity : callable
    features : DataFrame
        Test rows; a sample of them is used if they are many.
    ranking : list of str
        Features by their importance on validation rows, the most important first.
    words : Words
    shap : callable, or None
        Rows -> SHAP values of their features, where the champion's library has them.

    Returns
    -------
    Part
        Tables ``drivers`` (feature, meaning, rank on validation, importance on test with low and high, direction,
        always_shown), ``driver_groups`` (from ``ranked_groups``) and ``shapes`` (feature, place, value,
        mean_propensity, low, high).
    """
    rng = np.random.default_rng(seed)
    always = always_shown(features.columns)
    pinned = {feature: what for what, feature in always.items() if feature}
    shown = list(dict.fromkeys([*ranking[:n_top], *pinned]))
    resampling = {"n_bootstrap": n_bootstrap, "interval": interval, "seed": seed}
    sample = sample_of(features, MAX_PREDICTIONS // (len(shown) * n_repeats), rng)
    importance = _importance(predict_propensity, sample, shown, n_repeats=n_repeats, rng=rng, **resampling)
    shapes = _shapes(predict_propensity, sample_of(features, MAX_ROWS, rng), shown, words, **resampling)
    directions = {name: direction(shape) for name, shape in shapes.groupby("feature")}
    table = importance.assign(
        meaning=[words.name(name) for name in importance["feature"]],
        rank=[ranking.index(name) + 1 if name in ranking else None for name in importance["feature"]],
        direction=importance["feature"].map(directions),
        always_shown=[pinned.get(name, "") for name in importance["feature"]],
    ).astype({"rank": "Int64"})
    grouped = {"pinned": pinned, "n_repeats": n_repeats, **resampling}
    groups, about_groups = ranked_groups(predict_propensity, shap, features, ranking, words, **grouped)
    numbers = {
        "n_rows": len(sample),
        "groups": about_groups,
        "missing": {what: "not available: no such feature" for what, feature in always.items() if feature is None},
        "note": "association, not cause",
    }
    return Part(numbers, {"driver_groups": groups, "drivers": table, "shapes": shapes})


def _importance(predict_propensity, sample, names, *, n_repeats, rng, n_bootstrap, interval, seed):
    """Rise in log loss when a feature alone is shuffled, mean over rows; intervals by resampling the rows' groups."""
    sets = [[name] for name in names]
    found = rises(predict_propensity, sample, sets, n_repeats=n_repeats, rng=rng).mean(axis=1)
    values = np.vstack([found, np.ones(len(sample))])
    sums = bootstrap_sums(values, sample["group"], n_bootstrap=n_bootstrap, seed=seed)
    low, high = percentile_interval(sums[:-1] / sums[-1], interval=interval)
    table = pd.DataFrame({"feature": names, "importance": found.mean(axis=1), "low": low, "high": high})
    return table.round(N_DECIMALS).sort_values(["importance", "feature"], ascending=[False, True], ignore_index=True)


def _shapes(predict_propensity, sample, names, words, *, n_bootstrap, interval, seed):
    """Partial dependence (Friedman 2001): the mean propensity if all rows had one value of a feature, all else kept."""
    tables = []
    for name in tqdm(names, desc="shapes", disable=None):
        values = grid(sample[name])
        stacked = pd.concat([sample] * len(values), ignore_index=True)
        column = pd.Series(np.repeat(np.array(values, dtype=object), len(sample))).astype(sample[name].dtype)
        propensity = predict_propensity(stacked.assign(**{name: column})).reshape(len(values), -1)
        sums = bootstrap_sums(propensity, sample["group"], n_bootstrap=n_bootstrap, seed=seed) / len(sample)
        low, high = percentile_interval(sums, interval=interval)
        table = {"feature": name, "place": np.arange(len(values)), "value": [words.value(name, v) for v in values]}
        tables.append(pd.DataFrame(table | {"mean_propensity": propensity.mean(axis=1), "low": low, "high": high}))
    return pd.concat(tables, ignore_index=True).round(N_DECIMALS)


def grid(column):
    """Return the values at which a shape is drawn: quantiles of a number, the commonest of another; missing last."""
    known = column.dropna()
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        spread = np.linspace(0.02, 0.98, MAX_POINTS)
        values = list(np.unique(np.quantile(known.astype(float), spread, method="nearest"))) if len(known) else []
    else:
        counts = known.value_counts().sort_index().sort_values(ascending=False, kind="stable")
        values = sorted(counts.index[:MAX_POINTS])
    return [*values, None] if column.isna().any() and not pd.api.types.is_bool_dtype(column) else values


def direction(shape):
    """Say in a word how the propensity goes with a feature: rises, falls, bends, is flat, or differs by category."""
    known = shape[shape["value"] != "none"]
    propensity = known["mean_propensity"].to_numpy()
    if len(propensity) < 2 or np.ptp(propensity) < FLAT * propensity.mean():
        return "flat"
    if not known["value"].str.match(r"-?\d").all():
        return "differs"
    steadiness = spearmanr(known["place"], propensity).statistic
    if abs(steadiness) < STEADY:
        return "bends"
    return "rises" if steadiness > 0 else "falls"
