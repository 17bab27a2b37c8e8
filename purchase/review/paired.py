"""Is head better than base? A paired bootstrap: both champions on the same resamples of the same test rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import bootstrap_metrics, percentile_interval
from purchase.evaluation.metrics import METRICS, SMALLER_IS_BETTER, metrics_at

IDEAL = {"calibration_slope": 1.0, "calibration_intercept": 0.0}
BETTER, WORSE, NOISE = "better", "worse", "within noise"


@dataclass(frozen=True)
class Rows:
    """The test rows of two revisions, side by side.

    Parameters
    ----------
    table : DataFrame
        label, base, head (propensities) and group of the rows that both have with the same label.
    same : bool
        Whether neither has any other row.
    group : str
        The column that says which rows are resampled together.
    n_base, n_head : int
        Test rows of each.
    """

    table: pd.DataFrame
    same: bool
    group: str
    n_base: int
    n_head: int


def pair_rows(base, head):
    """Put the predictions of two revisions side by side, by ``row_id``.

    Parameters
    ----------
    base, head : DataFrame with row_id, label, propensity and, unless it is old, group
    """
    group = next(
        name
        for name in ("group", "customer_id", "row_id")
        if all(name in table and table[name].notna().all() for table in (base, head))
    )
    columns = list(dict.fromkeys(["row_id", "label", "cutoff", group]))
    both = head[[*columns, "propensity"]].merge(
        base[["row_id", "label", "cutoff", "propensity"]], on="row_id", suffixes=("", "_base"), sort=False
    )
    kept = both[(both["label"] == both["label_base"]) & (both["cutoff"].fillna(0) == both["cutoff_base"].fillna(0))]
    table = pd.DataFrame(
        {"label": kept["label"], "group": kept[group], "base": kept["propensity_base"], "head": kept["propensity"]}
    )
    same = len(table) == len(base) == len(head)
    return Rows(table.reset_index(drop=True), same, group, len(base), len(head))


def compare(rows, *, thresholds, n_bootstrap, interval, seed):
    """Compare both champions on the rows that they share.

    Parameters
    ----------
    rows : Rows
    thresholds : dict with base and head
        The propensity from which each predicts an order.
    n_bootstrap : int
    interval : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        A row a metric: metric, base, head, difference (head - base), low, high, verdict. A difference whose interval
        holds 0 is within noise; for calibration slope and intercept, nearer to 1 and 0 is better.
    """
    labels = rows.table["label"].to_numpy()
    propensities = {name: rows.table[name].to_numpy() for name in ("base", "head")}
    values = {
        name: np.array(list(metrics_at(labels, propensities[name], threshold=thresholds[name]).values()))
        for name in propensities
    }
    drawn = {"thresholds": thresholds, "n_bootstrap": n_bootstrap, "seed": seed}
    samples = bootstrap_metrics(labels, propensities, rows.table["group"], **drawn)
    lows, highs = percentile_interval(samples["head"] - samples["base"], interval=interval)
    table = pd.DataFrame({"metric": METRICS, "base": values["base"], "head": values["head"]})
    table["difference"] = table["head"] - table["base"]
    table["low"], table["high"] = lows, highs
    gains = [_gain(metric, samples["head"][i], samples["base"][i]) for i, metric in enumerate(METRICS)]
    table["verdict"] = [judge(*percentile_interval(gain, interval=interval)) for gain in gains]
    return table


def _gain(metric, head, base):
    """How much better head is, in each resample."""
    if metric in IDEAL:
        return np.abs(base - IDEAL[metric]) - np.abs(head - IDEAL[metric])
    return base - head if metric in SMALLER_IS_BETTER else head - base


def judge(low, high):
    """Return the verdict on the interval of a gain."""
    if low > 0:
        return BETTER
    return WORSE if high < 0 else NOISE
