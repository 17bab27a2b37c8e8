import numpy as np
import pytest

from purchase.evaluation.bootstrap import (
    bootstrap_metrics,
    bootstrap_sums,
    calibration_error,
    cluster_weights,
    percentile_interval,
)
from purchase.evaluation.calibration import calibration_bins, calibration_errors
from purchase.evaluation.metrics import METRICS, metrics_at

N_BOOTSTRAP = 200


def clustered(n_groups, rows_a_group, seed):
    """Rows of a group share their label and propensity, so that only groups count."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 1, n_groups)
    labels = (rng.random(n_groups) < 1 / (1 + np.exp(-logit))).astype(int)
    groups = np.repeat(np.arange(n_groups), rows_a_group)
    return labels[groups], (1 / (1 + np.exp(-logit)))[groups], groups


def intervals(labels, propensity, groups, *, interval=0.9, seed=0):
    samples = bootstrap_metrics(
        labels, {"m": propensity}, groups, thresholds={"m": 0.3}, n_bootstrap=N_BOOTSTRAP, seed=seed
    )
    return np.stack(percentile_interval(samples["m"], interval=interval))


def test_whole_groups_are_drawn_and_as_many_as_there_are():
    groups = np.array([7, 7, 3, 9, 9, 9])
    weights = np.hstack(list(cluster_weights(groups, n_bootstrap=50, seed=0)))
    assert weights.shape == (6, 50)
    assert (weights[0] == weights[1]).all()
    assert (weights[3] == weights[5]).all()
    assert (weights[[0, 2, 3]].sum(axis=0) == 3).all()
    assert len(np.unique(weights, axis=1).T) == 10  # all ways to draw 3 of 3 groups


def test_chunks_do_not_change_the_resamples(monkeypatch):
    groups = np.arange(30) // 2
    whole = np.hstack(list(cluster_weights(groups, n_bootstrap=50, seed=0)))
    monkeypatch.setattr("purchase.evaluation.bootstrap._CHUNK_CELLS", 100)
    assert (np.hstack(list(cluster_weights(groups, n_bootstrap=50, seed=0))) == whole).all()


def test_intervals_hold_the_point_value_and_repeat_with_the_seed():
    labels, propensity, groups = clustered(300, 1, seed=1)
    low, high = intervals(labels, propensity, groups)
    points = np.array(list(metrics_at(labels, propensity, threshold=0.3).values()))
    assert ((low < points) & (points < high)).all()
    assert (intervals(labels, propensity, groups) == np.stack([low, high])).all()
    assert (intervals(labels, propensity, groups, seed=5) != np.stack([low, high])).any()


def test_the_interval_of_a_share_is_the_textbooks():
    # Accuracy where all are predicted to order is the share of orders, p = 0.3 of n = 1000: its 90 % interval is
    # p +- 1.645 * sqrt(p * (1 - p) / n) = 0.3 +- 0.0238.
    labels = np.repeat([1, 0], [300, 700])
    samples = bootstrap_metrics(
        labels, {"m": np.linspace(0.4, 0.9, 1000)}, np.arange(1000), thresholds={"m": 0.0}, n_bootstrap=2000, seed=0
    )
    low, high = percentile_interval(samples["m"][METRICS.index("accuracy")], interval=0.9)
    assert (low, high) == (pytest.approx(0.2762, abs=0.003), pytest.approx(0.3238, abs=0.003))


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    # Propensities are the true probabilities, so the true slope is 1 and the true intercept 0.
    covered = []
    for seed in range(60):
        low, high = intervals(*clustered(400, 1, seed=seed), seed=seed)
        covered.append([low[METRICS.index(m)] <= truth <= high[METRICS.index(m)] for m, truth in TRUTH.items()])
    # 90 % of 60 is 54, with a standard deviation of 2.3.
    assert (np.sum(covered, axis=0) >= 46).all()
    assert np.sum(covered) < 120


TRUTH = {"calibration_slope": 1.0, "calibration_intercept": 0.0}


def test_rows_that_come_in_groups_make_intervals_wider():
    labels, propensity, groups = clustered(100, 4, seed=2)
    by_group = np.diff(intervals(labels, propensity, groups), axis=0)
    by_row = np.diff(intervals(labels, propensity, np.arange(len(labels))), axis=0)
    # Four copies of a row say no more than one: the width doubles.
    for metric in ("roc_auc", "log_loss", "brier", "accuracy", "calibration_slope", "calibration_intercept"):
        ratio = (by_group / by_row)[0, METRICS.index(metric)]
        assert 1.5 < ratio < 2.6, metric


def test_every_model_sees_the_same_resamples():
    labels, propensity, groups = clustered(100, 2, seed=3)
    models = {"a": propensity, "b": propensity.copy(), "c": propensity[::-1]}
    thresholds = dict.fromkeys(models, 0.3)
    samples = bootstrap_metrics(labels, models, groups, thresholds=thresholds, n_bootstrap=50, seed=0)
    assert (samples["a"] == samples["b"]).all()
    assert (samples["a"] != samples["c"]).any()


def test_resamples_of_one_class_leave_the_interval_to_the_others():
    labels, propensity = np.array([1, 0, 0]), np.array([0.6, 0.5, 0.2])
    samples = bootstrap_metrics(
        labels, {"m": propensity}, np.arange(3), thresholds={"m": 0.3}, n_bootstrap=100, seed=0
    )["m"]
    auc = METRICS.index("roc_auc")
    assert np.isnan(samples[auc]).any()
    low, high = percentile_interval(samples, interval=0.9)
    assert (low[auc], high[auc]) == (1, 1)
    assert np.isnan(percentile_interval(np.full(5, np.nan), interval=0.9)).all()


def test_the_calibration_error_weighs_the_gaps_of_bins_by_their_rows():
    # Two bins: 30 rows of 0.1 of which 6 ordered (gap 0.1), 10 rows of 0.5 of which 4 did (gap 0.1); then none did.
    propensity, labels = np.repeat([0.1, 0.5], [30, 10]), np.repeat([1, 0, 1, 0], [6, 24, 4, 6])
    found = calibration_errors(labels, propensity, np.ones((40, 1)), n_bins=4)
    assert found == pytest.approx([(30 * 0.1 + 10 * 0.1) / 40])
    without = np.where(propensity == 0.1, 1.0, 0.0)[:, None]
    assert calibration_errors(labels, propensity, without, n_bins=4) == pytest.approx([0.1])
    bins = calibration_bins(labels, propensity, n_bins=4, interval=0.9)
    gap = (bins["mean_propensity"] - bins["share_ordered"]).abs()
    assert found == pytest.approx(np.average(gap, weights=bins["n_rows"]))


def test_the_interval_of_the_calibration_error_leaves_out_what_chance_adds():
    labels, truth, groups = clustered(2000, 1, seed=4)
    asked = {"n_bins": 10, "n_bootstrap": 200, "interval": 0.9, "seed": 0}
    right = calibration_error(labels, truth, groups, **asked)
    assert right["low"] < 0.01 < right["value"]  # 2,000 rows in 10 bins: chance alone makes about 0.02
    wrong = calibration_error(labels, truth + 0.1, groups, **asked)
    assert 0.06 < wrong["low"] < 0.1 < wrong["high"] < 0.14


def test_sums_are_those_of_the_resamples_that_the_metrics_see():
    values, groups = np.array([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]]), np.array(["a", "b", "b"])
    weights = np.hstack(list(cluster_weights(groups, n_bootstrap=20, seed=3)))
    assert (bootstrap_sums(values, groups, n_bootstrap=20, seed=3) == values @ weights).all()
