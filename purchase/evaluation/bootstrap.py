"""Intervals of the metrics: the cluster bootstrap, all resamples of all models at once.

Whole groups (a customer, or a set of identical rows) are drawn with replacement, since rows of one group are not
independent; every row then carries how often its group was drawn as a weight. Every model sees the same resamples, so
their differences can be compared too. Intervals are percentiles (Efron and Tibshirani 1993, An Introduction to the
Bootstrap, section 13.3).
"""

import numpy as np
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from purchase.evaluation.calibration import calibration_errors, weighted_calibration
from purchase.evaluation.metrics import LIFT_SHARE, METRICS

_CHUNK_CELLS = 400_000  # weights held at a time (3 MB); more is no faster
_DENSE = 0.2  # share of values that are not 0, below which a sparse product is faster


def bootstrap_metrics(labels, propensities, groups, *, thresholds, n_bootstrap, seed):
    """Return every metric of every model on the same resamples of the groups.

    Parameters
    ----------
    labels : array of shape (n_rows,)
        0 or 1.
    propensities : dict of {model: array of shape (n_rows,)}
    groups : array of shape (n_rows,)
        Rows with the same value are drawn together.
    thresholds : dict of {model: float}

    Returns
    -------
    dict of {model: array of shape (n_metrics, n_bootstrap)}
        Metrics in the order of ``METRICS``; NaN where a resample leaves one undefined.
    """
    labels = np.asarray(labels, dtype=float)
    samples = {model: np.empty((len(METRICS), n_bootstrap)) for model in propensities}
    # One thread: the products are too small to share, and their last bit must not depend on the number of cores.
    with threadpool_limits(1), tqdm(total=n_bootstrap * len(samples), desc="resamples", disable=None) as progress:
        done = 0
        for weights in cluster_weights(groups, n_bootstrap=n_bootstrap, seed=seed):
            part = slice(done, done + weights.shape[1])
            for model, propensity in propensities.items():
                samples[model][:, part] = weighted_metrics(labels, propensity, weights, threshold=thresholds[model])
                progress.update(weights.shape[1])
            done += weights.shape[1]
    return samples


def cluster_weights(groups, *, n_bootstrap, seed):
    """Yield how often each row is drawn when whole groups are, as arrays of shape (n_rows, some resamples)."""
    rng = np.random.default_rng(seed)
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = codes.max() + 1
    chunk = max(1, _CHUNK_CELLS // len(codes))
    for start in range(0, n_bootstrap, chunk):
        n = min(chunk, n_bootstrap - start)
        drawn = [np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups) for _ in range(n)]
        yield np.stack(drawn, axis=1).astype(float)[codes]


def bootstrap_sums(values, groups, *, n_bootstrap, seed):
    """Return the sums of some columns over the rows of each resample.

    Parameters
    ----------
    values : array of shape (n_columns, n_rows)

    Returns
    -------
    array of shape (n_columns, n_bootstrap)
    """
    values = np.atleast_2d(np.asarray(values, dtype=float))
    if np.count_nonzero(values) < _DENSE * values.size:  # such as columns that share the rows out among them
        values = csr_array(values)
    with threadpool_limits(1):
        sums = [values @ weights for weights in cluster_weights(groups, n_bootstrap=n_bootstrap, seed=seed)]
    return np.concatenate(sums, axis=1)


def calibration_error(labels, propensity, groups, *, n_bins, n_bootstrap, interval, seed):
    """Return the expected calibration error with its interval: a dict with value, low and high.

    Chance alone keeps every bin from its propensity, so the error of a sample lies above that of all customers, and the
    error of a resample lies above the sample's by about as much. The interval is therefore the percentiles mirrored at
    the value (Davison and Hinkley 1997, Bootstrap Methods and their Application, section 5.2.1), from 0; where chance
    explains most of the error, the value lies near its upper end or above it.
    """
    labels = np.asarray(labels, dtype=float)
    value = calibration_errors(labels, propensity, np.ones((len(labels), 1)), n_bins=n_bins)[0]
    samples = [
        calibration_errors(labels, propensity, weights, n_bins=n_bins)
        for weights in cluster_weights(groups, n_bootstrap=n_bootstrap, seed=seed)
    ]
    low, high = percentile_interval(np.concatenate(samples), interval=interval)
    return {"value": float(value), "low": max(0.0, float(2 * value - high)), "high": max(0.0, float(2 * value - low))}


def weighted_metrics(labels, propensity, weights, *, threshold):
    """Return every metric under every weighting of the rows.

    Parameters
    ----------
    labels, propensity : arrays of shape (n_rows,)
    weights : array of shape (n_rows, n_weightings)
        A column of ones gives the values of ``metrics_at``.

    Returns
    -------
    array of shape (n_metrics, n_weightings)
        In the order of ``METRICS``.
    """
    labels = np.asarray(labels, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is the undefined metric of a resample of one class
        slope, intercept = weighted_calibration(labels, propensity, weights)
        values = (
            _ranking_metrics(labels, propensity, weights)
            | _sums_over_rows(labels, propensity, weights, threshold=threshold)
            | {"calibration_slope": slope, "calibration_intercept": intercept}
        )
    return np.stack([values[metric] for metric in METRICS])


def _ranking_metrics(labels, propensity, weights):
    """ROC AUC, average precision and lift, each tied set of rows being one step of the ranking.

    A step without positives adds nothing to the first two, so only the others are looked at.
    """
    order = np.argsort(-propensity, kind="stable")
    first = np.flatnonzero(np.append(True, np.diff(propensity[order]) != 0))  # row of the ranking that starts a step
    end = np.append(first[1:], len(order))
    reached = np.vstack([np.zeros(weights.shape[1]), np.cumsum(weights[order], axis=0)])  # weight of the first k rows
    ordered = np.flatnonzero(labels[order] == 1)
    step = np.searchsorted(first, ordered, side="right") - 1
    steps, starts = np.unique(step, return_index=True)
    gained = np.add.reduceat(weights[order[ordered]], starts, axis=0)
    positives = np.cumsum(gained, axis=0)
    n_rows, n_positive = reached[-1], positives[-1]
    before, rows = reached[first[steps]], reached[end[steps]]
    above = (before + rows - 2 * positives + gained) / 2  # negatives ranked above; those tied count half
    precision = np.divide(positives, rows, out=np.zeros_like(rows), where=rows > 0)
    top = _positives_among(LIFT_SHARE * n_rows, reached[np.append(0, end)], steps, positives)
    return {
        "roc_auc": 1 - (gained * above).sum(axis=0) / (n_positive * (n_rows - n_positive)),
        "average_precision": (gained * precision).sum(axis=0) / n_positive,
        "lift_at_10_percent": top / (LIFT_SHARE * n_positive),
    }


def _positives_among(wanted, reached, steps, positives):
    """Return the positives among the first ``wanted`` rows of each weighting, in proportion where a tie is split.

    ``reached`` holds the weight before every step and after the last; ``positives`` that of positive rows after each
    of ``steps``.
    """
    columns = np.arange(len(wanted))
    step = np.array([np.searchsorted(reached[:, i], wanted[i]) - 1 for i in columns])
    positives = np.vstack([np.zeros(len(wanted)), positives])
    low, high = reached[step, columns], reached[step + 1, columns]
    before = positives[np.searchsorted(steps, step, side="left"), columns]
    after = positives[np.searchsorted(steps, step, side="right"), columns]
    return before + (after - before) * (wanted - low) / (high - low)


def _sums_over_rows(labels, propensity, weights, *, threshold):
    """Metrics that are ratios of weighted sums over rows."""
    predicted = (propensity >= threshold).astype(float)
    per_row = [
        np.ones_like(labels),
        labels,
        predicted,
        predicted * labels,
        row_losses(labels, propensity),
        (propensity - labels) ** 2,
    ]
    n_rows, n_positive, n_predicted, n_hits, loss, brier = np.stack(per_row) @ weights
    return {
        "log_loss": loss / n_rows,
        "brier": brier / n_rows,
        "accuracy": (n_rows - n_positive - n_predicted + 2 * n_hits) / n_rows,
        "precision": np.divide(n_hits, n_predicted, out=np.zeros_like(n_hits), where=n_predicted > 0),
        "recall": n_hits / n_positive,
        "f1": 2 * n_hits / (n_predicted + n_positive),
    }


def row_losses(labels, propensity):
    """Return each row's part of the log loss, shape (n_rows,), with propensities clipped as scikit-learn does."""
    tiny = np.finfo(float).eps
    clipped = np.clip(propensity, tiny, 1 - tiny)
    return -np.log(np.where(labels == 1, clipped, 1 - clipped))


def percentile_interval(samples, *, interval):
    """Return (low, high) between which the middle ``interval`` of the defined samples lies, along the last axis.

    NaN where no sample is defined.
    """
    samples = np.asarray(samples, dtype=float)
    defined = np.isfinite(samples).any(axis=-1, keepdims=True)
    tail = 50 * (1 - interval)
    low, high = np.nanpercentile(np.where(defined, samples, 0.0), [tail, 100 - tail], axis=-1)
    return np.where(defined[..., 0], low, np.nan), np.where(defined[..., 0], high, np.nan)
