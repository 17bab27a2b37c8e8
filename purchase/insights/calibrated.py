"""Are propensities right in every segment and in every month? What drifts shows here first."""

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import calibration_error, cluster_weights, percentile_interval
from purchase.evaluation.calibration import calibration_slope_and_intercept, weighted_calibration
from purchase.insights.groups import compare
from purchase.insights.parts import N_DECIMALS, NotAvailable, Part
from purchase.tables import DAY

N_BINS = 10  # of the calibration error
MOST_ROWS = 50_000  # of a group, from which slope, intercept and error are told: a sample of more
MONTH = "month"  # the feature that says it where rows have no time


def calibration_part(validation, test, segments, months, *, interval, n_bootstrap, seed):
    """Compare propensities with what happened by segment of the test rows, and by month of test and validation rows.

    Parameters
    ----------
    validation, test : DataFrame with group, label and propensity
    segments : Series of str, or None
        The segment of each test row.
    months : dict of {"validation", "test": Series of str, or None}

    Returns
    -------
    Part
        Table ``calibration_groups``: attribute, group, n_rows, n_ordered, mean_propensity, share_ordered with low and
        high, slope, intercept and calibration error, each with its _low and _high (missing where small), small and
        verdict.

    Raises
    ------
    NotAvailable
        If there are neither segments nor months.
    """
    asked = {}
    if segments is not None:
        asked["segment"] = test, segments
    known = [(rows, months[part]) for part, rows in (("validation", validation), ("test", test))]
    if all(when is not None for _, when in known):
        asked["month"] = tuple(pd.concat(parts, ignore_index=True) for parts in zip(*known, strict=True))
    if not asked:
        raise NotAvailable("the rows have neither segments nor dates")
    drawing = {"interval": interval, "n_bootstrap": n_bootstrap, "seed": seed}
    tables = [_by(rows, groups, name, **drawing) for name, (rows, groups) in asked.items()]
    table = pd.concat(tables, ignore_index=True).round(N_DECIMALS)
    off = table[table["verdict"].isin(["too low", "too high"])]
    numbers = {"n_groups": len(table), "n_small": int(table["small"].sum())}
    return Part(
        numbers | {"off": [f"{row.group}: {row.verdict}" for row in off.itertuples()]}, {"calibration_groups": table}
    )


def months_of(features, *, horizon_days=None):
    """Return the month of each row by its time or, without one, by the feature; None without either.

    With ``horizon_days`` rows are customers at a cutoff, and the month is the horizon after it.
    """
    if features["cutoff"].isna().any():
        return features[MONTH].astype(str).reset_index(drop=True) if MONTH in features else None
    form = "%Y-%m" if horizon_days is None else f"{horizon_days} days from %Y-%m-%d"
    at = features["cutoff"].astype("int64")
    names = {when: pd.Timestamp(when * DAY, unit="s").strftime(form) for when in (at // DAY).unique()}
    return (at // DAY).map(names).reset_index(drop=True)


def _by(rows, groups, attribute, *, interval, n_bootstrap, seed):
    groups = groups.reset_index(drop=True)
    table = compare(rows.assign(contacted=np.nan), groups, attribute, interval=interval).drop(
        columns=["share_contacted", "roc_auc"]
    )
    drawing = {"interval": interval, "n_bootstrap": n_bootstrap, "seed": seed}
    details = [
        {} if small else _details(rows[(groups == name).to_numpy()], **drawing)
        for name, small in zip(table["group"], table["small"], strict=True)
    ]
    return table.join(pd.DataFrame(details, index=table.index, columns=_COLUMNS, dtype=float))


_COLUMNS = [f"{name}{end}" for name in ("slope", "intercept", "error") for end in ("", "_low", "_high")]


def _details(rows, *, interval, n_bootstrap, seed):
    """Return slope, intercept and calibration error of some rows, or of a sample of them, with their intervals."""
    if len(rows) > MOST_ROWS:
        rows = rows.sample(MOST_ROWS, random_state=seed)
    labels, propensity, owners = (rows[name].to_numpy() for name in ("label", "propensity", "group"))
    drawing = {"n_bootstrap": n_bootstrap, "seed": seed}
    drawn = [weighted_calibration(labels, propensity, w) for w in cluster_weights(owners, **drawing)]
    values = dict(zip(("slope", "intercept"), calibration_slope_and_intercept(labels, propensity), strict=True))
    told = {}
    for (name, value), samples in zip(values.items(), np.concatenate(drawn, axis=1), strict=True):
        told[name], (told[f"{name}_low"], told[f"{name}_high"]) = value, percentile_interval(samples, interval=interval)
    error = calibration_error(labels, propensity, owners, n_bins=N_BINS, interval=interval, **drawing)
    return told | {"error": error["value"], "error_low": error["low"], "error_high": error["high"]}
