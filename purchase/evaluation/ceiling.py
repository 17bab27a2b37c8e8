"""The best that any model could score: the simulated shop knows the true chance of an order behind each row."""

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import bootstrap_metrics, percentile_interval
from purchase.evaluation.metrics import METRICS, metrics_at
from purchase.files import TRUTH

SHOWN = ("roc_auc", "average_precision", "log_loss", "brier")
LEAST = 1e-6  # a chance of exactly 0 would make the loss infinite should dirt in the records turn it wrong


def truth_path(task):
    """Return where the simulated shop tells the chances that a task's rows are held against."""
    return TRUTH / f"{task}_propensity.parquet"


def with_truth(rows, truth):
    """Return the rows with their ``true_propensity``, strictly between 0 and 1.

    Parameters
    ----------
    rows : DataFrame
        Needs the keys of the truth.
    truth : DataFrame
        true_propensity and its keys, all other columns: of customers, customer_id and cutoff; of sessions, session_id.

    Returns
    -------
    DataFrame of shape (n_rows, n_columns + 1)
        NaN where the truth does not know the row: the shop's own tables lack it (strangers, dirt).
    """
    keys = [name for name in truth.columns if name != "true_propensity"]
    rows = rows.merge(truth, on=keys, how="left", validate="one_to_one")
    return rows.assign(true_propensity=rows["true_propensity"].clip(LEAST, 1 - LEAST))


def compare_to_truth(rows, *, base_rate, n_bootstrap, interval, seed):
    """Score base rate, champion and truth on the same rows and resamples.

    Parameters
    ----------
    rows : DataFrame
        group, label, propensity and true_propensity. Rows of one group are resampled together.
    base_rate : float
        The share of training rows that ordered.

    Returns
    -------
    table : DataFrame
        scores, metric, value, low, high.
    share : dict with value, low, high
        Of the way in log loss from the base rate to the truth, what the champion covers.
    """
    labels = rows["label"].to_numpy()
    scores = {
        "base rate": np.full(len(rows), base_rate),
        "champion": rows["propensity"].to_numpy(),
        "truth": rows["true_propensity"].to_numpy(),
    }
    thresholds = dict.fromkeys(scores, 0.5)
    samples = bootstrap_metrics(
        labels, scores, rows["group"], thresholds=thresholds, n_bootstrap=n_bootstrap, seed=seed
    )
    lines = []
    for name, propensity in scores.items():
        value = metrics_at(labels, propensity, threshold=0.5)
        for metric in SHOWN:
            low, high = percentile_interval(samples[name][METRICS.index(metric)], interval=interval)
            lines.append({"scores": name, "metric": metric, "value": value[metric], "low": low, "high": high})
    table = pd.DataFrame(lines)
    low, high = percentile_interval(
        _share({name: samples[name][METRICS.index("log_loss")] for name in scores}), interval=interval
    )
    value = _share(table[table["metric"] == "log_loss"].set_index("scores")["value"])
    return table, {"value": float(value), "low": float(low), "high": float(high)}


def _share(losses):
    return (losses["base rate"] - losses["champion"]) / (losses["base rate"] - losses["truth"])
