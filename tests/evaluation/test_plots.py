import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_curve

from purchase.evaluation.baselines import BASE_RATE
from purchase.evaluation.calibration import calibration_bins
from purchase.evaluation.curves import (
    MAX_POINTS,
    confusion_cells,
    lift_points,
    precision_recall_points,
    roc_points,
)
from purchase.evaluation.gallery import draw_all, plot_tables
from purchase.evaluation.importance import permutation_importance
from purchase.evaluation.leaderboard import choose
from purchase.evaluation.shuffling import rises
from purchase.evaluation.style import save

LABELS = np.array([1, 0, 1, 0, 0])
PROPENSITY = np.array([0.9, 0.7, 0.4, 0.4, 0.1])


def test_curves_go_through_the_hand_worked_points():
    # From the highest propensity: a hit; a false alarm; a hit and a false alarm together; a false alarm.
    roc = roc_points(LABELS, PROPENSITY)
    assert np.allclose(
        roc[["false_positive_rate", "true_positive_rate"]], [[0, 0], [0, 0.5], [1 / 3, 0.5], [2 / 3, 1], [1, 1]]
    )
    assert roc["threshold"].tolist()[1:] == [0.9, 0.7, 0.4, 0.1]
    pr = precision_recall_points(LABELS, PROPENSITY)
    assert np.allclose(pr, [[0.5, 1, 0.9], [0.5, 0.5, 0.7], [1, 0.5, 0.4], [1, 0.4, 0.1]])
    # The top 20 % is the first row: half of the orders, 2.5 times what chance gives. 60 % is half of the tie.
    lift = lift_points(LABELS, PROPENSITY).set_index("share_contacted")
    assert lift.loc[0.2].tolist() == pytest.approx([2.5, 0.5])
    assert lift.loc[0.6].tolist() == pytest.approx([0.75 / 0.6, 0.75])
    assert lift.loc[1.0].tolist() == [1, 1]


def test_long_curves_are_thinned_and_keep_their_ends():
    rng = np.random.default_rng(0)
    propensity = rng.random(5000)
    labels = (rng.random(5000) < propensity).astype(int)
    roc, pr = roc_points(labels, propensity), precision_recall_points(labels, propensity)
    assert len(roc) <= MAX_POINTS + 2
    assert len(pr) <= MAX_POINTS + 2
    assert roc.iloc[[0, -1], :2].to_numpy().tolist() == [[0, 0], [1, 1]]
    assert pr["recall"].iloc[-1] == 1
    false, true, _ = roc_curve(labels, propensity)
    drawn_at = np.interp(np.linspace(0.01, 1, 200), roc["false_positive_rate"], roc["true_positive_rate"])
    assert np.abs(drawn_at - np.interp(np.linspace(0.01, 1, 200), false, true)).max() < 0.01


def test_the_confusion_cells_count_every_row_once():
    cells = confusion_cells(LABELS, PROPENSITY, threshold=0.4).set_index(["actual", "predicted"])
    assert cells["n_rows"].to_dict() == {
        ("order", "order"): 2,
        ("order", "no order"): 0,
        ("no order", "order"): 2,
        ("no order", "no order"): 1,
    }
    assert cells["share_of_actual"].tolist() == pytest.approx([1, 0, 2 / 3, 1 / 3])


def test_calibration_bins_hold_as_many_rows_and_never_part_equal_propensities():
    bins = calibration_bins([0, 0, 0, 1, 1, 1], [0.1, 0.1, 0.1, 0.4, 0.8, 0.9], n_bins=2, interval=0.95)
    assert bins["n_rows"].tolist() == [3, 3]
    assert bins["mean_propensity"].tolist() == pytest.approx([0.1, 0.7])
    assert bins["share_ordered"].tolist() == [0, 1]
    # Wilson's interval of 0 in 3 ends at z^2 / (n + z^2) = 3.8415 / 6.8415.
    assert bins.loc[0, ["low", "high"]].tolist() == pytest.approx([0, 0.56150], abs=1e-4)
    tied = calibration_bins([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.6], n_bins=4, interval=0.95)
    assert tied["n_rows"].tolist() == [3, 1]
    assert calibration_bins([0, 1], [0.5, 0.5], n_bins=10, interval=0.95)["n_rows"].tolist() == [2]


def features_of(n_rows=600, seed=0):
    rng = np.random.default_rng(seed)
    strong, kind = rng.normal(size=n_rows), rng.choice(["a", "b"], n_rows)
    chance = 1 / (1 + np.exp(1 - 2 * strong - (kind == "b")))
    label = (rng.random(n_rows) < chance).astype("int8")
    keys = {"row_id": [f"r{i}" for i in range(n_rows)], "group": np.arange(n_rows), "label": label}
    return pd.DataFrame(keys | {"idle": rng.normal(size=n_rows), "kind": kind, "strong": strong, "flag": strong > 0})


def knowing(features):
    return 1 / (1 + np.exp(1 - 2 * features["strong"] - (features["kind"] == "b")))


def test_importance_ranks_what_the_model_uses_and_is_nothing_for_what_it_does_not():
    features = features_of()
    table = permutation_importance(knowing, features, n_repeats=3, seed=0).set_index("feature")
    assert list(table.index) == ["strong", "kind", "flag", "idle"]
    assert table.loc["strong", "importance"] > table.loc["kind", "importance"] > 0
    assert (table.loc[["flag", "idle"], ["importance", "spread"]] == 0).all(axis=None)
    assert features.equals(features_of())  # the caller's table is as it was
    assert permutation_importance(knowing, features, n_repeats=3, seed=0).set_index("feature").equals(table)


def test_importance_keeps_types_and_uses_fewer_rows_where_there_are_many(monkeypatch):
    features = features_of()
    types = features.dtypes

    def same_types(table):
        assert (table.dtypes == types).all()
        return knowing(table)

    monkeypatch.setattr("purchase.evaluation.importance.MAX_PREDICTIONS", 4 * 3 * 50)
    assert (permutation_importance(same_types, features, n_repeats=3, seed=0)["n_rows"] == 50).all()


def test_several_shuffled_at_once_rise_as_each_by_itself(monkeypatch):
    sample, sets = features_of(), [["strong"], ["kind", "flag"], ["strong", "kind"], ["idle"]]

    def risen():
        return rises(knowing, sample, sets, n_repeats=2, rng=np.random.default_rng(0))

    together = risen()
    monkeypatch.setattr("purchase.evaluation.shuffling.BATCH_ROWS", 1)
    alone = risen()
    assert np.array_equal(together, alone)
    assert (alone[:3] != 0).any(axis=(1, 2)).all()
    assert (alone[3] == 0).all()


def protocols():
    row = {"features": "cutoff"}
    for metric in ("roc_auc", "average_precision", "log_loss"):
        row |= {metric: 0.5, f"{metric}_difference_low": -0.1, f"{metric}_difference_high": 0.1}
    return pd.DataFrame([row | {"protocol": "out of time"}, row | {"protocol": "at random"}])


def learning_curve():
    columns = {"n_rows": [10, 100], "difference": [0.1, 0], "difference_low": [0, 0], "difference_high": [0.2, 0]}
    return pd.DataFrame(columns)


def drawn(tmp_path):
    rng = np.random.default_rng(0)
    features = features_of()
    labels = features["label"].to_numpy()
    truth = knowing(features).to_numpy()
    models = {"train/svm": truth, "tune/svm": truth, "tune/neural_network": rng.permutation(truth)}
    models |= {"tune/lightgbm": truth**1.2, "ensemble": truth**1.1, BASE_RATE: np.full(len(labels), 0.3)}
    choice = choose(labels, models, baselines=[BASE_RATE], champion_metric="log_loss", threshold="f1")
    importance = permutation_importance(knowing, features, n_repeats=2, seed=0)
    tables = plot_tables(
        labels,
        models[choice.champion],
        importance,
        choice=choice,
        n_bins=5,
        interval=0.9,
    )
    tables |= {"protocols": protocols(), "learning_curve": learning_curve()}
    trials = {"svm": pd.DataFrame({"trial": [0, 1, 2], "mean_score": [-0.4, -0.3, -0.35]})}
    asked = {"choice": choice, "shop": "fake", "interval": 0.9, "scoring": "neg_log_loss"}
    for name, picture in draw_all(tables, trials, labels, models, **asked):
        save(picture, tmp_path / f"{name}.png")
    return {path.name: path.read_bytes() for path in sorted(tmp_path.iterdir())}


def test_pictures_are_the_same_bytes_twice_without_the_softwares_version(tmp_path):
    first, second = drawn(tmp_path / "first"), drawn(tmp_path / "second")
    names = [
        "calibration",
        "confusion",
        "importance",
        "learning_curve",
        "lift",
        "precision_recall",
        "protocols",
        "roc",
        "search",
    ]
    assert list(first) == [f"{name}.png" for name in names]
    assert first == second
    assert all(b"Software" not in content for content in first.values())
