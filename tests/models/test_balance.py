"""Weights and draws change what a model is fitted on, and nothing else; off, nothing at all."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from purchase.models import PropensityClassifier
from purchase.models.balance import Balanced, drawn_rows, inside
from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.folds import make_folds
from purchase.models.registry import family_module
from purchase.models.search import search_settings
from purchase.models.seeds import SeedMean
from purchase.models.store import load_model, save_model
from purchase.models.svm import MarginClassifier
from purchase.models.training import fit_model
from purchase.params import ALL_SETTINGS, FAMILIES, SETTINGS, TuneParams
from tests.models import event_tables
from tests.models.feature_tables import QUICK, customer_table, quick_settings
from tests.models.vouching import lock_for

# One worker for the tests that share fitted models.
pytestmark = pytest.mark.xdist_group("balance")

TABLES = {"customer": customer_table(), "event": event_tables.ordered_table()}
OTHER_SPACE = {
    "logistic_regression": {"C": [1.0]},
    "random_forest": {"min_samples_leaf": [20]},
    "xgboost": {"max_depth": [2]},
    "lightgbm": {"num_leaves": [3]},
    "svm": {"n_components": [5]},
    "neural_network": {"n_heads": [1]},
}
WATCHING = ["xgboost", "lightgbm", "neural_network"]


def case(family, **more):
    """Return a table that suits a family, the frame and labels that it is fitted on, and quick settings."""
    table = TABLES["event" if family == "sequence_network" else "customer"]
    quick = event_tables.SETTINGS if family == "sequence_network" else quick_settings(family)
    settings = ALL_SETTINGS[family](**quick.model_dump() | more)
    return table, feature_frame(table, feature_kinds(table)), table["label"].to_numpy(), settings


def fit(family, **more):
    table, _, _, settings = case(family, **more)
    folds = make_folds(table, n_folds=2, horizon_days=30, seed=0)
    return fit_model(table, settings, family=family, folds=folds, calibration="sigmoid", seed=0, n_threads=1)


def innermost(model):
    """Return the classifier that learns, of what stands around it."""
    model = model.booster if isinstance(model, SeedMean) else model
    return model.model if isinstance(model, Balanced) else model


def seen_by(pipeline, monkeypatch):
    """Return a list to which each fit of the pipeline's model will add what it is given."""
    seen, model = [], type(innermost(pipeline[-1]))
    fit_it = model.fit

    def noting(self, X, y, sample_weight=None, **others):
        seen.append({"X": np.asarray(X), "y": np.asarray(y), "weight": sample_weight} | others)
        return fit_it(self, X, y, sample_weight=sample_weight, **others)

    monkeypatch.setattr(model, "fit", noting)
    return seen


def test_a_draw_keeps_all_positives_and_the_share_of_the_negatives_in_the_tables_order():
    label = np.array([0, 1, 0, 0, 0, 1, 0, 0, 0, 0])
    rows = drawn_rows(label, share=0.5, seed=0)
    assert list(rows) == sorted(set(rows))
    assert set(np.flatnonzero(label)) < set(rows)
    assert len(rows) == 2 + 4
    assert np.array_equal(rows, drawn_rows(label, share=0.5, seed=0))
    assert any(not np.array_equal(rows, drawn_rows(label, share=0.5, seed=seed)) for seed in range(1, 5))
    assert len(drawn_rows(label, share=0.001, seed=0)) == 2 + 1


@pytest.mark.parametrize("family", ALL_SETTINGS)
def test_a_model_is_fitted_on_the_drawn_rows_with_the_weight_of_each(family, monkeypatch):
    _, frame, label, settings = case(family, positive_weight=3.0, negative_share=0.25)
    pipeline = family_module(family).build(settings, seed=5, n_threads=1)
    seen = seen_by(pipeline, monkeypatch)
    pipeline.fit(frame, label)
    rows = drawn_rows(label, share=0.25, seed=5)
    (given,) = seen
    assert np.array_equal(given["y"], label[rows])
    assert np.array_equal(given["weight"], np.where(label[rows] == 1, 3.0, 1.0))
    assert np.sum(given["y"] == 0) == round(0.25 * np.sum(label == 0))
    expected = np.asarray(pipeline[:-1].transform(frame))[rows]
    assert len(given["X"]) == len(rows)
    assert (given["X"] == expected)[given["X"] == given["X"]].all()  # all that is not missing


@pytest.mark.parametrize("family", ALL_SETTINGS)
def test_off_the_familys_own_model_is_fitted_on_all_rows_without_weights(family, monkeypatch, tmp_path):
    _, frame, label, settings = case(family)
    assert not settings.balances
    pipeline = family_module(family).build(settings, seed=5, n_threads=1)
    assert innermost(pipeline[-1]) is pipeline[-1]
    assert not {"positive_weight", "negative_share"} & set(vars(pipeline[-1]))
    seen = seen_by(pipeline, monkeypatch)
    pipeline.fit(frame, label)
    (given,) = seen
    assert np.array_equal(given["y"], label)
    assert given["weight"] is None
    family_module(family).save(pipeline, tmp_path)
    for file in tmp_path.iterdir():
        assert b"purchase.models.balance" not in file.read_bytes()


@pytest.mark.parametrize("family", FAMILIES)
def test_calibration_takes_the_probabilities_back_to_the_share_of_all_rows(family):
    _, untouched = fit(family)
    _, out_of_fold = fit(family, positive_weight=8.0, negative_share=0.5)
    assert list(out_of_fold["row_id"]) == list(untouched["row_id"])  # the tested rows are all there
    assert list(out_of_fold["label"]) == list(untouched["label"])
    share = out_of_fold["label"].mean()
    if family != "svm":  # whose score is a distance
        assert out_of_fold["score"].mean() > share + 0.15
    assert out_of_fold["propensity"].mean() == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("family", ["logistic_regression", "xgboost"])
def test_labels_of_the_tested_rows_do_not_reach_their_scores(family):
    table, _, _, settings = case(family, positive_weight="balanced", negative_share=0.5)
    last = table["cutoff"] == table["cutoff"].max()
    flipped = table.assign(label=table["label"].where(~last, 1 - table["label"]))
    folds = make_folds(table, n_folds=2, horizon_days=30, seed=0)
    common = {"family": family, "folds": folds, "calibration": "sigmoid", "seed": 0, "n_threads": 1}
    (_, one), (_, other) = (fit_model(rows, settings, **common) for rows in (table, flipped))
    assert one["score"].equals(other["score"])


@pytest.mark.parametrize("family", WATCHING)
def test_watched_rows_are_all_watched_and_have_no_weight(family, monkeypatch):
    _, frame, label, settings = case(family, positive_weight=3.0, negative_share=0.25)
    pipeline = family_module(family).build(settings, seed=0, n_threads=1)
    seen = seen_by(pipeline, monkeypatch)
    module = family_module(family)
    module.fit_watched(pipeline, frame[:300], label[:300], watched=(frame[300:], label[300:]))
    (given,) = seen
    watched = {"xgboost": lambda: given["eval_set"][0][1], "lightgbm": lambda: given["eval_y"]}
    assert np.array_equal(watched.get(family, lambda: given["watched"][1])(), label[300:])
    assert not {"sample_weight_eval_set", "eval_sample_weight"} & set(given)
    assert len(given["y"]) < 300
    assert module.n_rounds(pipeline) >= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_model_predicts_the_same_when_loaded_and_two_fits_have_the_same_bytes(family, tmp_path):
    table = case(family)[0]
    (model, _), (again, _) = (fit(family, positive_weight="balanced", negative_share=0.5) for _ in range(2))
    save_model(model, tmp_path / "one")
    save_model(again, tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
    loaded = load_model(tmp_path / "one", lock=lock_for(tmp_path / "one"))
    assert loaded.settings == model.settings
    assert np.array_equal(loaded.predict_propensity(table), model.predict_propensity(table))


@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
def test_each_seed_draws_its_own_negatives_and_shap_explains_their_mean(family, monkeypatch, tmp_path):
    _, frame, label, settings = case(family, positive_weight=2.0, negative_share=0.25, n_seeds=2)
    module = family_module(family)
    pipeline = module.build(settings, seed=5, n_threads=1)
    seen = seen_by(pipeline, monkeypatch)
    pipeline.fit(frame, label)
    first, second = (pd.DataFrame(given["X"]) for given in seen)
    assert first.shape == second.shape
    assert not first.equals(second)
    module.save(pipeline, tmp_path)
    loaded = module.load(tmp_path, n_threads=1)
    found = logit(loaded.predict_proba(frame)[:, 1])
    assert np.array_equal(loaded.predict_proba(frame), pipeline.predict_proba(frame))
    assert np.ptp(found - module.contributions(loaded, frame).sum(axis=1)) < 1e-4


@pytest.mark.parametrize("model", [LogisticRegression(C=0.1, tol=1e-8), MarginClassifier(C=0.1, tol=1e-8, dual=False)])
def test_a_weight_of_three_is_three_copies(model):
    X, y = np.random.default_rng(0).normal(size=(60, 2)), np.repeat([0, 0, 1], 20)
    copies = np.concatenate([np.arange(60), np.repeat(np.flatnonzero(y), 2)])
    weighted = Balanced(model, positive_weight=3.0).fit(X, y).predict_proba(X)
    assert np.allclose(weighted, model.fit(X[copies], y[copies]).predict_proba(X), atol=1e-4)


def test_the_factor_of_the_odds_is_that_of_a_table_worked_out_by_hand():
    X, y = np.zeros((12, 1)), np.repeat([0, 1], [8, 4])  # odds 1/2
    for settings, odds in [((1.0, 1.0), 1 / 2), ((3.0, 1.0), 3 / 2), ((1.0, 0.25), 4 / 2), (("balanced", 0.25), 1)]:
        fitted = Balanced(LogisticRegression(random_state=0), *settings).fit(X, y)
        assert fitted.odds_factor_ == pytest.approx(odds / (1 / 2))
        assert fitted.predict_proba(X)[0, 1] == pytest.approx(odds / (1 + odds), abs=1e-4)
        fitted.as_untouched = True
        assert fitted.predict_proba(X).sum(axis=1) == pytest.approx(1)
        assert fitted.predict_proba(X)[0, 1] == pytest.approx(1 / 3, abs=1e-4)


def test_the_support_vector_machine_is_balanced_unless_a_number_weighs():
    _, frame, label, _ = case("svm")
    plane = {}
    for name, more in [("default", {}), ("drawn", {"negative_share": 0.999}), ("weight", {"positive_weight": 1.0})]:
        settings = SETTINGS["svm"](**QUICK["svm"] | more)
        pipeline = family_module("svm").build(settings, seed=0, n_threads=1).fit(frame, label)
        plane[name] = pipeline.decision_function(frame)
    assert np.allclose(plane["drawn"], plane["default"], atol=0.1)  # all negatives, or all but one
    assert plane["weight"].mean() < plane["default"].mean() - 0.2


def search(family, space, *, how="grid", **more):
    table, _, _, settings = case(family, **more)
    section = TuneParams.model_fields[family].annotation(search=how, n_candidates=3, space=space)
    folds = make_folds(table, n_folds=2, horizon_days=30, seed=0)
    common = {"family": family, "folds": folds, "scoring": "neg_log_loss", "seed": 0, "n_threads": 1}
    return search_settings(table, settings, section, **common)[:2]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_search_tries_weights_and_draws_and_scores_what_is_off_as_ever(family):
    best, trials = search(family, {"positive_weight": [6.0], "negative_share": [0.5]})
    plain = search(family, OTHER_SPACE[family])[1]
    default = SETTINGS[family].model_fields["positive_weight"].default
    assert (trials["positive_weight"][0], trials["negative_share"][0]) == (default, 1.0)
    assert trials["mean_score"].nunique() == len(trials)
    tolerance = {"abs": 0.05} if family == "svm" else {"rel": 1e-6}  # whose sigmoid is weighted where others weigh
    assert trials["mean_score"][0] == pytest.approx(plain["mean_score"][0], **tolerance)
    found = trials.loc[trials["rank"].idxmin()]
    assert (best.positive_weight, best.negative_share) == (found["positive_weight"], found["negative_share"])


def test_a_search_sets_the_weights_of_several_seeds():
    trials = search("xgboost", {"positive_weight": [6.0, "balanced"]}, n_seeds=2)[1]
    other = search("xgboost", {"max_depth": [2]}, n_seeds=2)[1]
    assert trials["mean_score"][0] == pytest.approx(other["mean_score"][0], rel=1e-6)
    assert trials["mean_score"].nunique() == 3


def test_a_search_compares_weights_by_probabilities_taken_back():
    trials = search("logistic_regression", {"positive_weight": [20.0]})[1]
    assert trials["mean_score"][1] == pytest.approx(trials["mean_score"][0], abs=0.1)  # as they are, 0.5 apart


def test_weights_are_drawn_from_a_range():
    trials = search("lightgbm", {"positive_weight": "loguniform(1.0, 9.0)"}, how="random")[1]
    assert trials["positive_weight"].between(1, 9).all()
    assert trials["positive_weight"].nunique() == 4


def test_the_estimator_for_any_table_takes_weights_and_calibrates_them_away():
    table, _, label, _ = case("xgboost")
    X = table[["recency_days", "country"]]
    model = PropensityClassifier("xgboost", settings={"positive_weight": 8.0}, n_folds=3, n_threads=1).fit(X, label)
    raw = model.members_[0].predict_probability(feature_frame(X, model.kinds_))
    assert isinstance(model.members_[0].pipelines[0][-1], Balanced)
    assert type(inside(model.members_[0].pipelines[0][-1])).__name__ == "WatchedClassifier"
    assert raw.mean() > label.mean() + 0.15
    assert model.out_of_fold_["propensity"].mean() == pytest.approx(label.mean(), abs=0.02)


def test_the_estimator_refuses_weights_that_nothing_calibrates():
    model = PropensityClassifier("xgboost", settings={"negative_share": 0.5}, calibration="none")
    with pytest.raises(ValueError, match=r"calibration='none' would leave .*set 'auto'"):
        model.fit(*(part[:50] for part in case("xgboost")[1:3]))
