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
GRID = 0.01  # of logits in resamples; moves a slope by about 0.00001, nothing beside what resampling does
_MAX_STEPS = 25
_TOLERANCE = 1e-6  # of slope and intercept; far below what is shown, and the last step squares the error
_MAX_STEP = 5.0  # of one Newton step, so that a far start cannot overshoot


def calibration_slope_and_intercept(labels, propensity):
    """Return (slope, intercept) of one model on its rows; see the references of this module."""
    x = logit(np.clip(propensity, CLIP, 1 - CLIP))
    sums = np.asarray(labels, dtype=float) @ np.column_stack([np.ones_like(x), x])
    slope, intercept = _fit(sums[:, None], x, np.ones((len(x), 1)))
    return float(slope[0]), float(intercept[0])


def weighted_calibration(labels, propensity, weights):
    """Fit slope and intercept under many weightings of the same rows at once.

    Rows whose logits round to the same step of ``GRID`` are taken to have their mean, so that the fit need not go
    through them all.

    Parameters
    ----------
    labels : array of shape (n_rows,)
        0 or 1.
    propensity : array of shape (n_rows,)
        In [0, 1].
    weights : array of shape (n_rows, n_weightings)
        Not negative.

    Returns
    -------
    slope, intercept : arrays of shape (n_weightings,)
        NaN where there is no finite optimum: a constant propensity (slope), labels of one class, or propensities that
        separate the classes (slope).
    """
    x = logit(np.clip(propensity, CLIP, 1 - CLIP))
    steps = np.rint(x / GRID).astype(int)
    order = np.argsort(steps, kind="stable")
    _, starts, n_rows = np.unique(steps[order], return_index=True, return_counts=True)
    means = np.add.reduceat(x[order], starts) / n_rows
    ordered = (np.stack([np.ones_like(x), x]) * np.asarray(labels)) @ weights
    return _fit(ordered, means, np.add.reduceat(weights[order], starts, axis=0))


def _fit(ordered, x, weights):
    """Return (slope, intercept) given the weighted sums of label and label * logit, shape (2, n_weightings).

    ``weights`` of shape (n_values, n_weightings) says how many rows have each logit in ``x``.
    """
    offset = _newton(ordered[:1], np.ones((1, len(x))), x, weights)[0]
    if len(x) == 1:
        return np.full(weights.shape[1], np.nan), offset
    return _newton(ordered, np.stack([np.ones_like(x), x]), np.zeros_like(x), weights)[1], offset


def _newton(ordered, columns, fixed, weights):
    """Return the coefficients, shape (n_columns, n_weightings), of logistic regressions with the offset ``fixed``.

    Many weightings start from the optimum of their mean, a few steps away.
    """
    n_columns, n_weightings = len(columns), weights.shape[1]
    coefficients = np.zeros((n_columns, n_weightings))
    if n_weightings > 1:
        mean = _newton(ordered.mean(axis=1, keepdims=True), columns, fixed, weights.mean(axis=1, keepdims=True))
        coefficients += np.nan_to_num(mean)
    products = (columns[:, None] * columns[None]).reshape(n_columns**2, -1)
    todo = np.arange(n_weightings)
    for _ in range(_MAX_STEPS):
        p = expit(columns.T @ coefficients[:, todo] + fixed[:, None])
        expected = weights[:, todo] * p
        gradient = ordered[:, todo] - columns @ expected
        hessian = (products @ (expected * (1 - p))).reshape(n_columns, n_columns, -1)
        step = _solve(hessian.transpose(2, 0, 1), gradient.T).T
        coefficients[:, todo] += np.clip(step, -_MAX_STEP, _MAX_STEP)
        todo = todo[np.abs(step).max(axis=0) > _TOLERANCE]
        if len(todo) == 0:
            break
    coefficients[:, todo] = np.nan
    return coefficients


def _solve(hessians, gradients):
    """Solve each Newton system; infinite where the Hessian is singular, as when the classes are separated."""
    singular = ~(np.linalg.det(hessians) > 1e-9)
    hessians = np.where(singular[:, None, None], np.eye(hessians.shape[1]), hessians)
    return np.where(singular[:, None], np.inf, np.linalg.solve(hessians, gradients[:, :, None])[:, :, 0])


def calibration_bins(labels, propensity, *, n_bins, interval):
    """Compare propensities with what happened, in bins of about as many rows each.

    Rows of equal propensity share a bin, so there can be fewer bins than ``n_bins``.

    Returns
    -------
    DataFrame
        mean_propensity, share_ordered, low, high (Wilson's interval of the share), n_rows; a row a bin, lowest first.
    """
    rows = pd.DataFrame({"propensity": propensity, "label": np.asarray(labels, dtype=int)})
    bins = rows.groupby(_bin_of(propensity, n_bins=n_bins)).agg(
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


def _bin_of(propensity, *, n_bins):
    """Return the bin of each row, from 0; rows of equal propensity share one."""
    edges = np.unique(np.quantile(propensity, np.arange(1, n_bins) / n_bins))
    return np.searchsorted(edges, propensity)


def calibration_errors(labels, propensity, weights, *, n_bins):
    """Return the expected calibration error under many weightings of the same rows, in the same bins.

    The mean over rows of |mean propensity - share ordered| of their bin.

    Parameters
    ----------
    labels, propensity : arrays of shape (n_rows,)
    weights : array of shape (n_rows, n_weightings)
        A column of ones gives the value of the rows themselves.

    Returns
    -------
    array of shape (n_weightings,)

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning".
    """
    bins = _bin_of(propensity, n_bins=n_bins)
    order = np.argsort(bins, kind="stable")
    _, starts = np.unique(bins[order], return_index=True)
    gaps = np.add.reduceat(((propensity - labels)[:, None] * weights)[order], starts, axis=0)
    return np.abs(gaps).sum(axis=0) / weights.sum(axis=0)
