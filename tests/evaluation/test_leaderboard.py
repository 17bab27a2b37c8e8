import json

import numpy as np
import pandas as pd
import pytest

from purchase.evaluation.baselines import (
    BASE_RATE,
    BG_NBD,
    RECENCY_FREQUENCY,
    fit_baselines,
    recency_frequency_columns,
)
from purchase.evaluation.candidates import predictions_table, propensities_of
from purchase.evaluation.leaderboard import choose, evaluation_report, judge, with_out_of_fold
from purchase.evaluation.metrics import METRICS
from purchase.models.folders import FITTED, OF_EVENTS, model_folders
from purchase.tables import TableError

N = 400


def part(seed, noise):
    """Labels, and the propensities of models that see the truth through so much noise each."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 1.5, N)
    labels = (rng.random(N) < 1 / (1 + np.exp(-logit))).astype(int)
    seen = {model: 1 / (1 + np.exp(-logit - rng.normal(0, sd, N))) for model, sd in noise.items()}
    return labels, seen | {BASE_RATE: np.full(N, 0.3)}


VALIDATION = part(0, {"train/svm": 1.5, "tune/svm": 0.1, "tune/lightgbm": 0.5})
CHOOSING = {"baselines": [BASE_RATE], "champion_metric": "log_loss", "threshold": "f1"}
ERROR = {"value": 0.01, "low": 0.0, "high": 0.02}
RESAMPLING = {"n_bootstrap": 100, "interval": 0.9, "seed": 0}


def board_of(test, choice):
    return judge(*test, np.arange(N), choice, **RESAMPLING)


def test_the_champion_and_thresholds_come_from_validation_even_if_test_would_pick_another():
    choice = choose(*VALIDATION, **CHOOSING)
    assert choice.champion == "tune/svm"
    for other in ({"train/svm": 0.1, "tune/svm": 3.0, "tune/lightgbm": 0.1}, dict.fromkeys(VALIDATION[1], 0.2)):
        labels, propensities = part(1, other)
        board = judge(labels, {m: propensities[m] for m in VALIDATION[1]}, np.arange(N), choice, **RESAMPLING)
        report = evaluation_report(board, choice, ERROR, shop="s", task="customer", n_validation=N, labels=labels)
        assert report["champion"] == "tune/svm"
        assert report["threshold"] == choice.thresholds["tune/svm"]
        assert list(board["model"]) == ["tune/svm", "tune/lightgbm", "train/svm", BASE_RATE]
    assert board["test_log_loss"].idxmin() != 0  # test would have picked another


def test_out_of_fold_scores_stand_before_validation_ones_and_the_baselines_have_none():
    test = part(1, {"train/svm": 1.5, "tune/svm": 0.1, "tune/lightgbm": 0.2})
    board = board_of(test, choose(*VALIDATION, **CHOOSING))
    scores = {"roc_auc": 0.8, "average_precision": 0.5, "log_loss": 0.12345678}
    scored = with_out_of_fold(board, {"tune/svm": {"out_of_fold": scores}}).set_index("model")
    names = ["out_of_fold_roc_auc", "out_of_fold_average_precision", "out_of_fold_log_loss"]
    where = scored.columns.get_loc("threshold")
    assert list(scored.columns[where + 1 : where + 5]) == [*names, "validation_roc_auc"]
    assert list(scored.loc["tune/svm", names]) == [0.8, 0.5, 0.123457]
    assert scored.loc[[BASE_RATE, "train/svm"], names].isna().all(axis=None)
    pd.testing.assert_frame_equal(scored.drop(columns=names).reset_index(), board)


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "log_loss", "brier"])
def test_the_board_is_sorted_by_the_champion_metric_best_first(metric):
    choice = choose(*VALIDATION, **CHOOSING | {"champion_metric": metric})
    values = board_of(part(1, {"train/svm": 1.5, "tune/svm": 0.1, "tune/lightgbm": 0.2}), choice)[
        f"validation_{metric}"
    ]
    assert values.is_monotonic_increasing if metric in ("log_loss", "brier") else values.is_monotonic_decreasing
    assert values.nunique() == len(values)


def test_a_baseline_is_shown_but_never_champion():
    labels, propensities = VALIDATION
    best = propensities | {BASE_RATE: 0.01 + 0.98 * labels}
    choice = choose(labels, best, **CHOOSING)
    assert choice.champion == "tune/svm"
    assert next(iter(choice.validation)) == BASE_RATE


def test_each_model_is_judged_at_its_own_threshold_or_at_the_fixed_one():
    choice = choose(*VALIDATION, **CHOOSING)
    assert len(set(choice.thresholds.values())) == 4
    assert set(choose(*VALIDATION, **CHOOSING | {"threshold": 0.2}).thresholds.values()) == {0.2}


def test_the_board_has_every_metric_with_its_interval():
    board = board_of(
        part(1, {"train/svm": 1.5, "tune/svm": 0.1, "tune/lightgbm": 0.2}), choose(*VALIDATION, **CHOOSING)
    )
    test = [f"test_{metric}{end}" for metric in METRICS for end in ("", "_low", "_high")]
    validation = [f"validation_{metric}" for metric in METRICS]
    differences = [f"difference_to_champion{end}" for end in ("", "_low", "_high")]
    assert list(board.columns) == ["model", "tied_with_champion", *differences, "threshold", *validation, *test]
    for metric in METRICS:
        rows = board.dropna(subset=[f"test_{metric}"])
        assert (rows[f"test_{metric}_low"] <= rows[f"test_{metric}_high"]).all()
        assert len(rows) == (3 if metric == "calibration_slope" else 4)


def test_a_model_is_tied_if_noise_may_explain_its_distance_to_the_champion():
    labels, propensities = part(1, {"train/svm": 3.0, "tune/svm": 0.1, "tune/lightgbm": 0.1})
    board = board_of((labels, propensities), choose(*VALIDATION, **CHOOSING)).set_index("model")
    assert board["tied_with_champion"].to_dict() == {
        "tune/svm": True,
        "tune/lightgbm": True,
        BASE_RATE: False,
        "train/svm": False,
    }


def test_a_model_a_little_worse_on_nearly_every_row_is_not_tied_though_the_intervals_overlap():
    labels, propensities = part(1, {"train/svm": 1.5, "tune/svm": 0.1, "tune/lightgbm": 0.1})
    blurred = propensities | {"tune/lightgbm": 0.7 * propensities["tune/svm"] + 0.3 * 0.5}
    board = board_of((labels, blurred), choose(*VALIDATION, **CHOOSING)).set_index("model")
    assert board.loc["tune/lightgbm", "test_log_loss_low"] < board.loc["tune/svm", "test_log_loss_high"]
    assert not board.loc["tune/lightgbm", "tied_with_champion"]


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc"])
def test_the_champion_beats_a_baseline_only_if_all_of_the_interval_is_on_its_side(metric):
    choice = choose(*VALIDATION, **CHOOSING | {"champion_metric": metric})
    about = {"shop": "s", "task": "customer", "n_validation": N}
    for noise, beaten in ((0.1, True), (30.0, False)):
        labels, propensities = part(1, {"train/svm": 1.5, "tune/svm": noise, "tune/lightgbm": 0.2})
        board = board_of((labels, propensities), choice)
        row = board.set_index("model").loc[BASE_RATE]
        assert row["difference_to_champion"] == pytest.approx(
            row[f"test_{metric}"] - board.loc[0, f"test_{metric}"], abs=2e-6
        )
        report = evaluation_report(board, choice, ERROR, labels=labels, **about)
        assert report["baselines"]["base_rate"]["beaten"] == beaten
    assert board.loc[0, "difference_to_champion"] == 0


def test_the_report_is_json_and_says_undefined_as_null():
    choice = choose(*VALIDATION, **CHOOSING)
    labels, propensities = part(1, {"train/svm": 1.5, "tune/svm": 0.1, "tune/lightgbm": 0.2})
    constant = propensities | {"tune/svm": np.full(N, 0.25)}
    report = evaluation_report(
        board_of((labels, constant), choice), choice, ERROR, shop="s", task="customer", n_validation=7, labels=labels
    )
    assert report["test"]["calibration_slope"] == {"value": None, "low": None, "high": None}
    assert report["test"]["roc_auc"]["value"] == 0.5
    assert (report["n_validation"], report["n_test"], report["n_positive"]) == (7, N, labels.sum())
    assert list(report["baselines"]) == ["base_rate"]
    assert list(report["left_out"]) == ["recency_frequency", "bg_nbd"]
    json.dumps(report, allow_nan=False)


def test_the_base_rate_is_that_of_training_rows():
    baselines = fit_baselines(pd.DataFrame({"label": [0, 0, 0, 1]}))
    assert list(baselines) == [BASE_RATE]
    assert baselines[BASE_RATE].predict_propensity(pd.DataFrame({"x": [1, 2]})).tolist() == [0.25, 0.25]


def test_recency_and_frequency_alone_rank_buyers_and_take_those_who_never_ordered():
    rng = np.random.default_rng(0)
    n_orders = rng.poisson(1.0, 2000).astype(float)
    recency = np.where(n_orders > 0, rng.exponential(30, 2000), np.nan)
    chance = 1 / (1 + np.exp(3 - np.log1p(n_orders) - 2 * (n_orders > 0) + 0.05 * np.nan_to_num(recency)))
    training = pd.DataFrame(
        {"label": rng.random(2000) < chance, "days_since_order": recency, "n_orders_180d": n_orders}
    )
    baseline = fit_baselines(training)[RECENCY_FREQUENCY]
    rows = pd.DataFrame({"n_orders_180d": [0.0, 1.0, 6.0], "days_since_order": [np.nan, 10.0, 10.0]})
    never, once, often = baseline.predict_propensity(rows)
    assert 0 < never < once < often < 1
    # Having no order has an effect of its own, so the mean is right on both sides of it.
    for side in (n_orders == 0, n_orders > 0):
        assert baseline.predict_propensity(training[side]).mean() == pytest.approx(
            training.loc[side, "label"].mean(), abs=1e-3
        )


def test_bg_nbd_says_its_chance_of_an_order_and_the_share_of_rows_without_one_for_those():
    training = pd.DataFrame({"label": [1, 0, 0, 0, 1], "bg_nbd_order_chance": [0.9, 0.8, np.nan, np.nan, np.nan]})
    baselines = fit_baselines(training)
    assert list(baselines) == [BASE_RATE, BG_NBD]
    rows = pd.DataFrame({"bg_nbd_order_chance": [0.3, np.nan]})
    assert baselines[BG_NBD].predict_propensity(rows).tolist() == pytest.approx([0.3, 1 / 3])


def test_the_longest_window_is_frequency_and_without_recency_there_is_no_such_baseline():
    assert recency_frequency_columns(["n_orders_90d", "days_since_order", "n_orders_180d", "n_orders_7d"]) == [
        "days_since_order",
        "n_orders_180d",
    ]
    assert recency_frequency_columns(["n_orders_90d", "visits"]) == []
    assert recency_frequency_columns(["days_since_order"]) == []


def test_a_missing_model_names_the_stage_that_makes_it(tmp_path):
    with pytest.raises(TableError, match=r"logistic_regression does not exist.*dvc repro train@logistic_regression"):
        model_folders(tmp_path)
    for model in FITTED | OF_EVENTS:
        (tmp_path / model).mkdir(parents=True)
    with pytest.raises(TableError, match=r"ensemble does not exist.*dvc repro ensemble`"):
        model_folders(tmp_path)


class Halves:
    """A model that says a half of everyone, or whatever it is told."""

    def __init__(self, value=0.5):
        self.value = value

    def predict_propensity(self, features):
        return np.full(len(features), self.value)

    def predict_score(self, features):
        return self.predict_propensity(features) * 10


def test_predictions_keep_keys_label_score_and_propensity():
    features = pd.DataFrame(
        {
            "row_id": ["a"],
            "customer_id": ["c"],
            "session_id": [None],
            "cutoff": [1],
            "group": [3],
            "label": [1],
            "x": [2],
        }
    )
    propensity = propensities_of({"m": Halves()}, features)["m"]
    table = predictions_table(features, Halves(), propensity)
    assert list(table) == ["row_id", "customer_id", "session_id", "cutoff", "group", "label", "score", "propensity"]
    assert table.loc[0, ["score", "propensity"]].tolist() == [5.0, 0.5]
    with pytest.raises(TableError, match="models/m: propensity 2"):
        propensities_of({"m": Halves(2.0)}, features)
