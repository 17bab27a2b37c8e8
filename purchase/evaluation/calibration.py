"""How far propensities can be taken at their word: slope, intercept and the calibration curve.

References
----------
D. R. Cox (1958), Two further applications of a model for binary regression, Biometrika 45: the logistic regression of
the label on the logit of the propensity. Slope 1 is right, below 1 the propensities are too extreme. The intercept is
calibration-in-the-large: that of the same regression with the slope fixed at 1; 0 is right, above 0 they are too low.
"""

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import binomtest

# A propensity of exactly 0 or 1 (isotonic calibration makes them) has no finite logit.
CLIP = 1e-6
_MAX_STEPS = 25
_TOLERANCE = 1e-6  # of slope and intercept; far below what is shown, and the last step squares the error
_MAX_STEP = 5.0  # of one Newton step, so that a far start cannot overshoot


def calibration_slope_and_intercept(labels, propensity):
    """Return (slope, intercept) of one model on its rows; see the references of this module."""
    slope, intercept = weighted_calibration(labels, propensity, np.ones((1, len(labels))))
    return float(slope[0]), float(intercept[0])


def weighted_calibration(labels, propensity, weights):
    """Fit slope and intercept under many weightings of the same rows at once, by Newton's method.

    Parameters
    ----------
    labels : array of shape (n_rows,)
        0 or 1.
    propensity : array of shape (n_rows,)
        In [0, 1].
    weights : array of shape (n_weightings, n_rows)
        Not negative.

    Returns
    -------
    slope, intercept : arrays of shape (n_weightings,)
        NaN where there is no finite optimum: a constant propensity (slope), labels of one class, or propensities that
        separate the classes (slope).
    """
    labels = np.asarray(labels, dtype=float)
    x = logit(np.clip(propensity, CLIP, 1 - CLIP))
    offset = _newton(labels, np.ones((len(x), 1)), weights, fixed=x)[:, 0]
    if np.ptp(x) == 0:
        return np.full(len(weights), np.nan), offset
    # Centred, since columns far from orthogonal make a worse step; it changes the intercept but not the slope.
    slope = _newton(labels, np.column_stack([np.ones(len(x)), x - x.mean()]), weights, fixed=0.0)[:, 1]
    return slope, offset


def _newton(labels, columns, weights, *, fixed):
    """Return the coefficients, shape (n_weightings, n_columns), of weighted logistic regressions with an offset.

    They all start from the optimum of the evenly weighted rows, a step or two away.
    """
    if len(weights) > 1:
        start = _newton(labels, columns, np.ones((1, len(labels))), fixed=fixed)
        coefficients = np.repeat(np.nan_to_num(start), len(weights), axis=0)
    else:
        coefficients = np.zeros((1, columns.shape[1]))
    products = (columns[:, :, None] * columns[:, None, :]).reshape(len(columns), -1)
    shape = (len(weights), columns.shape[1], columns.shape[1])
    todo = np.arange(len(weights))
    for _ in range(_MAX_STEPS):
        p = expit(coefficients[todo] @ columns.T + fixed)
        residual = labels - p
        gradient = (weights[todo] * residual) @ columns
        p *= 1 - p
        p *= weights[todo]
        step = _solve((p @ products).reshape(len(todo), *shape[1:]), gradient)
        coefficients[todo] += np.clip(step, -_MAX_STEP, _MAX_STEP)
        todo = todo[np.abs(step).max(axis=1) > _TOLERANCE]
        if len(todo) == 0:
            break
    coefficients[todo] = np.nan
    return coefficients


def _solve(hessians, gradients):
    """Solve each Newton system; infinite where the Hessian is singular, as when the classes are separated."""
    singular = ~(np.linalg.det(hessians) > 1e-9)
    hessians[singular] = np.eye(hessians.shape[1])
    steps = np.linalg.solve(hessians, gradients[:, :, None])[:, :, 0]
    steps[singular] = np.inf
    return steps


def calibration_bins(labels, propensity, *, n_bins, interval):
    """Compare propensities with what happened, in bins of about as many rows each.

    Rows of equal propensity share a bin, so there can be fewer bins than ``n_bins``.

    Returns
    -------
    DataFrame
        mean_propensity, share_ordered, low, high (Wilson's interval of the share), n_rows; a row a bin, lowest first.
    """
    edges = np.unique(np.quantile(propensity, np.arange(1, n_bins) / n_bins))
    rows = pd.DataFrame({"propensity": propensity, "label": np.asarray(labels, dtype=int)})
    bins = rows.groupby(np.searchsorted(edges, propensity)).agg(
        mean_propensity=("propensity", "mean"),
        share_ordered=("label", "mean"),
        n_ordered=("label", "sum"),
        n_rows=("label", "size"),
    )
    wilson = [
        binomtest(k, n).proportion_ci(interval, method="wilson")
        for k, n in zip(bins["n_ordered"], bins["n_rows"], strict=True)
    ]
    bins["low"], bins["high"] = [ci.low for ci in wilson], [ci.high for ci in wilson]
    return bins[["mean_propensity", "share_ordered", "low", "high", "n_rows"]].reset_index(drop=True)
