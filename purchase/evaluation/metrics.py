"""Point values of every metric, and the choices made with them on validation rows.

All of them judge the propensity, since that is what is handed on. It ranks rows as the raw score does, unless the
calibration is isotonic, which ties neighbours.
"""

import numpy as np
from sklearn import metrics as sk

from purchase.evaluation.calibration import calibration_slope_and_intercept
from purchase.tables import TableError

METRICS = (
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "calibration_slope",
    "calibration_intercept",
    "lift_at_10_percent",
    "accuracy",
    "precision",
    "recall",
    "f1",
)
SMALLER_IS_BETTER = ("log_loss", "brier")
LIFT_SHARE = 0.1

_MENDS = {
    "customer": "Lengthen cutoffs.horizon_days, or check in metrics/preprocess.json which days the data cover",
    "session": "Raise preprocess.validation_share or test_share, or check how shops/<shop>.yaml maps `ordered`",
}


def check_labels(labels, *, part, task):
    """Refuse a part that cannot tell a good model from a bad one.

    Raises
    ------
    TableError
        If ``labels`` are empty or of one class; names the part and what to change.
    """
    labels = np.asarray(labels)
    place = f"data/features/{part}.parquet"
    if len(labels) == 0:
        raise TableError(f"{place}: the {part} part has no rows. {_MENDS[task]}.")
    if len(np.unique(labels)) < 2:
        raise TableError(
            f"{place}: label is {labels[0]} in all {len(labels):,} rows of the {part} part, so no metric can rank the "
            f"models. {_MENDS[task]}."
        )


def check_propensities(propensity, *, model):
    """Refuse propensities that are no probabilities.

    Raises
    ------
    TableError
        Naming the model, the first wrong value and how many there are.
    """
    wrong = ~((propensity >= 0) & (propensity <= 1))
    if wrong.any():
        raise TableError(
            f"models/{model}: propensity {propensity[wrong][0]} is not in [0, 1] "
            f"({wrong.sum():,} of {len(propensity):,} rows). Run `dvc repro --force {model.replace('/', '@')}`."
        )


def metrics_at(labels, propensity, *, threshold):
    """Return every metric of one model.

    Parameters
    ----------
    labels : array of shape (n_rows,)
        0 or 1, both present.
    propensity : array of shape (n_rows,)
        In [0, 1]. A row counts as predicted to order if its propensity is at least ``threshold``.

    Returns
    -------
    dict of {metric: float}
        In the order of ``METRICS``; NaN where a metric is undefined (the slope of a constant propensity).
    """
    predicted = propensity >= threshold
    slope, intercept = calibration_slope_and_intercept(labels, propensity)
    return {
        "roc_auc": sk.roc_auc_score(labels, propensity),
        "average_precision": sk.average_precision_score(labels, propensity),
        "log_loss": sk.log_loss(labels, propensity, labels=[0, 1]),
        "brier": sk.brier_score_loss(labels, propensity, pos_label=1),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "lift_at_10_percent": lift_at(labels, propensity, share=LIFT_SHARE),
        "accuracy": sk.accuracy_score(labels, predicted),
        "precision": sk.precision_score(labels, predicted, zero_division=0.0),
        "recall": sk.recall_score(labels, predicted),
        "f1": sk.f1_score(labels, predicted, zero_division=0.0),
    }


def cumulative_gains(labels, propensity):
    """Return (share of rows, share of positives) reached going down the propensities, one point a distinct value.

    Both start at 0. Rows of equal propensity are reached together, so a straight line between two points is what
    contacting them in random order gives on average.
    """
    order = np.argsort(-propensity, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(propensity[order]) != 0, True))
    positives = np.cumsum(np.asarray(labels)[order])[ends]
    return np.append(0, (ends + 1) / len(order)), np.append(0, positives / positives[-1])


def lift_at(labels, propensity, *, share):
    """Return the positives among the top ``share`` of rows, over what as many random rows hold."""
    return float(np.interp(share, *cumulative_gains(labels, propensity)) / share)


def choose_threshold(labels, propensity, *, threshold):
    """Return the propensity from which a row counts as predicted to order.

    Parameters
    ----------
    threshold : "f1" or float
        "f1": the propensity that maximises F1 on these (validation) rows, the highest of equals, so that the fewest are
        contacted. A number is returned as it is.
    """
    if threshold != "f1":
        return float(threshold)
    precision, recall, thresholds = sk.precision_recall_curve(labels, propensity)
    total = (precision + recall)[:-1]  # the last point is the curve's end, not a threshold
    f1 = np.divide(2 * (precision * recall)[:-1], total, out=np.zeros_like(total), where=total > 0)
    return float(thresholds[np.flatnonzero(np.isclose(f1, f1.max(), rtol=1e-12, atol=0))[-1]])
