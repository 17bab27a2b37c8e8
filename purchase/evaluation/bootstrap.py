"""Intervals of the metrics: the cluster bootstrap, all resamples of all models at once.

Whole groups (a customer, or a set of identical rows) are drawn with replacement, since rows of one group are not
independent; every row then carries how often its group was drawn as a weight. Every model sees the same resamples, so
their differences can be compared too. Intervals are percentiles (Efron and Tibshirani 1993, An Introduction to the
Bootstrap, section 13.3).
"""

import numpy as np
from tqdm import tqdm

from purchase.evaluation.calibration import weighted_calibration
from purchase.evaluation.metrics import LIFT_SHARE, METRICS

_CHUNK_CELLS = 400_000  # weights held at a time (3 MB): stays in the processor's cache, where it runs twice as fast


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
    with tqdm(total=n_bootstrap * len(samples), desc="resamples", disable=None) as progress:
        done = 0
        for weights in cluster_weights(groups, n_bootstrap=n_bootstrap, seed=seed):
            part = slice(done, done + len(weights))
            for model, propensity in propensities.items():
                samples[model][:, part] = weighted_metrics(labels, propensity, weights, threshold=thresholds[model])
                progress.update(len(weights))
            done += len(weights)
    return samples


def cluster_weights(groups, *, n_bootstrap, seed):
    """Yield how often each row is drawn when whole groups are, as arrays of shape (some resamples, n_rows)."""
    rng = np.random.default_rng(seed)
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    n_groups = codes.max() + 1
    chunk = max(1, _CHUNK_CELLS // len(codes))
    for start in range(0, n_bootstrap, chunk):
        n = min(chunk, n_bootstrap - start)
        drawn = [np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups) for _ in range(n)]
        yield np.stack(drawn).astype(float)[:, codes]


def weighted_metrics(labels, propensity, weights, *, threshold):
    """Return every metric under every weighting, shape (n_metrics, n_weightings); ``weights`` is (n_weightings, n_rows).

    One row of ones gives the values of ``metrics_at``.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is the undefined metric of a resample of one class
        slope, intercept = weighted_calibration(labels, propensity, weights)
        values = (
            _ranking_metrics(labels, propensity, weights)
            | _sums_over_rows(labels, propensity, weights, threshold=threshold)
            | {"calibration_slope": slope, "calibration_intercept": intercept}
        )
    return np.stack([values[metric] for metric in METRICS])


def _ranking_metrics(labels, propensity, weights):
    """ROC AUC, average precision and lift; rows of equal propensity make one step of the ranking."""
    order = np.argsort(-propensity, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(propensity[order]) != 0, True))
    rows = weights[:, order]
    positives = np.cumsum(rows * labels[order], axis=1)[:, ends]
    rows = np.cumsum(rows, axis=1)[:, ends]
    n_positive, n_rows = positives[:, -1], rows[:, -1]
    gained = np.diff(positives, axis=1, prepend=0)
    negatives = rows - positives
    above = negatives - np.diff(negatives, axis=1, prepend=0) / 2  # negatives ranked above; those tied count half
    reached = np.divide(positives, rows, out=np.zeros_like(rows), where=rows > 0)
    return {
        "roc_auc": 1 - (gained * above).sum(axis=1) / (n_positive * (n_rows - n_positive)),
        "average_precision": (gained * reached).sum(axis=1) / n_positive,
        "lift_at_10_percent": _gains_at(LIFT_SHARE * n_rows, rows, positives) / (LIFT_SHARE * n_positive),
    }


def _gains_at(wanted, rows, positives):
    """Positives among the first ``wanted`` of cumulated ``rows``, in proportion where that splits a tie."""
    rows, positives = np.pad(rows, ((0, 0), (1, 0))), np.pad(positives, ((0, 0), (1, 0)))
    step = (rows < wanted[:, None]).sum(axis=1)[:, None]
    low, high = (np.take_along_axis(rows, at, axis=1)[:, 0] for at in (step - 1, step))
    before, after = (np.take_along_axis(positives, at, axis=1)[:, 0] for at in (step - 1, step))
    return before + (after - before) * (wanted - low) / (high - low)


def _sums_over_rows(labels, propensity, weights, *, threshold):
    """Metrics that are ratios of weighted sums over rows."""
    predicted = (propensity >= threshold).astype(float)
    tiny = np.finfo(float).eps  # scikit-learn's clipping of the log loss
    clipped = np.clip(propensity, tiny, 1 - tiny)
    per_row = [
        np.ones_like(labels),
        labels,
        predicted,
        predicted * labels,
        -np.log(np.where(labels == 1, clipped, 1 - clipped)),
        (propensity - labels) ** 2,
    ]
    n_rows, n_positive, n_predicted, n_hits, loss, brier = (weights @ np.column_stack(per_row)).T
    return {
        "log_loss": loss / n_rows,
        "brier": brier / n_rows,
        "accuracy": (n_rows - n_positive - n_predicted + 2 * n_hits) / n_rows,
        "precision": np.divide(n_hits, n_predicted, out=np.zeros_like(n_hits), where=n_predicted > 0),
        "recall": n_hits / n_positive,
        "f1": 2 * n_hits / (n_predicted + n_positive),
    }


def percentile_interval(samples, *, interval):
    """Return (low, high) between which the middle ``interval`` of the defined samples lies, along the last axis.

    NaN where no sample is defined.
    """
    samples = np.asarray(samples, dtype=float)
    defined = np.isfinite(samples).any(axis=-1, keepdims=True)
    tail = 50 * (1 - interval)
    low, high = np.nanpercentile(np.where(defined, samples, 0.0), [tail, 100 - tail], axis=-1)
    return np.where(defined[..., 0], low, np.nan), np.where(defined[..., 0], high, np.nan)
