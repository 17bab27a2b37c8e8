"""What the curves of one model show, as tables of a few hundred points at most."""

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from purchase.evaluation.metrics import cumulative_gains

MAX_POINTS = 500  # of a curve: finer than a picture shows, and small enough for a diff
NAMES = ("no order", "order")  # of labels 0 and 1


def roc_points(labels, propensity):
    """Return false_positive_rate, true_positive_rate and threshold along the ROC curve, from (0, 0) to (1, 1)."""
    false, true, thresholds = roc_curve(labels, propensity)
    points = {"false_positive_rate": false, "true_positive_rate": true, "threshold": np.append(np.nan, thresholds[1:])}
    return _thin(pd.DataFrame(points))


def precision_recall_points(labels, propensity):
    """Return recall, precision and threshold, from the highest threshold down.

    Without the point (0, 1) that scikit-learn adds, which no threshold reaches.
    """
    precision, recall, thresholds = precision_recall_curve(labels, propensity)
    points = pd.DataFrame({"recall": recall[:-1], "precision": precision[:-1], "threshold": thresholds})
    return _thin(points.iloc[::-1].reset_index(drop=True))


def lift_points(labels, propensity):
    """Return share_contacted (each hundredth, highest propensity first), lift and share_reached (of all positives)."""
    share = np.arange(1, 101) / 100
    reached = np.interp(share, *cumulative_gains(labels, propensity))
    return pd.DataFrame({"share_contacted": share, "lift": reached / share, "share_reached": reached})


def confusion_cells(labels, propensity, *, threshold):
    """Return actual, predicted (both by their ``NAMES``), n_rows and share_of_actual; a row a cell of the matrix."""
    counts = confusion_matrix(labels, propensity >= threshold, labels=[0, 1])
    cells = [
        (NAMES[actual], NAMES[predicted], counts[actual, predicted], counts[actual, predicted] / counts[actual].sum())
        for actual in (1, 0)
        for predicted in (1, 0)
    ]
    return pd.DataFrame(cells, columns=["actual", "predicted", "n_rows", "share_of_actual"])


def _thin(points):
    """Keep at most ``MAX_POINTS`` rows, evenly spread along the length of the curve, its ends among them."""
    if len(points) <= MAX_POINTS:
        return points
    steps = points.iloc[:, :2].diff().abs().sum(axis=1).to_numpy()
    length = np.cumsum(steps)
    wanted = np.linspace(0, length[-1], MAX_POINTS)
    keep = np.unique(np.append(np.searchsorted(length, wanted), [0, len(points) - 1]))
    return points.iloc[keep[keep < len(points)]].reset_index(drop=True)
