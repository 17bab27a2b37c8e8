import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import rbf_kernel
from xgboost import DMatrix, XGBClassifier

from purchase.files import ParamsError, validate
from purchase.models import xgboost
from purchase.models.registry import family_module
from purchase.models.svm import Kernel
from purchase.params import SETTINGS
from purchase.tables import TableError
from tests.models.feature_tables import QUICK, customer_table

TABLE = customer_table()
FRAME = TABLE[["recency_days", "country", "Größe [cm], <x>"]]
NOISE = "Größe [cm], <x>"


def fit(family, **more):
    settings = SETTINGS[family](**QUICK[family] | more)
    return family_module(family).build(settings, seed=0, n_threads=1).fit(FRAME, TABLE["label"].to_numpy())


@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_monotone_booster_only_rises_or_falls_with_the_feature(family, sign):
    steps = FRAME.head(1).loc[[0] * 200].assign(**{NOISE: np.linspace(-3, 3, 200)})
    moves = {
        name: np.diff(fit(family, **settings).predict_proba(steps)[:, 1])
        for name, settings in {"free": {}, "constrained": {"monotone": {NOISE: sign}}}.items()
    }
    assert (sign * moves["free"] < 0).any()
    assert (sign * moves["constrained"] >= 0).all()


@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
def test_a_constraint_on_no_number_names_it_and_the_nearest(family):
    with pytest.raises(TableError, match=r"'recency_day', which is none of the 2 numbers .* mean 'recency_days'"):
        fit(family, monotone={"recency_day": -1})
    with pytest.raises(TableError, match="'country', which is none"):
        fit(family, monotone={"country": 1})


def test_a_constraint_beside_crosses_is_refused():
    with pytest.raises(ParamsError, match="set n_crossed: 0 instead of 5"):
        validate(SETTINGS["xgboost"], QUICK["xgboost"] | {"monotone": {NOISE: 1}, "n_crossed": 5}, path="params.yaml")


def test_watched_rows_are_scored_from_a_plain_matrix_which_changes_nothing_of_the_booster(monkeypatch):
    rows, label = FRAME[["recency_days", "country"]].astype({"country": "category"}), TABLE["label"].to_numpy()
    asked = {"n_estimators": 40, "early_stopping_rounds": 5, "enable_categorical": True, "subsample": 0.5}
    fitted, made = [], []
    monkeypatch.setattr(xgboost, "DMatrix", lambda data, **others: made.append(data) or DMatrix(data, **others))
    for kind in (xgboost.WatchedClassifier, XGBClassifier):
        booster = kind(**asked).fit(rows[:300], label[:300], eval_set=[(rows[300:], label[300:])], verbose=False)
        fitted.append((booster.best_iteration, booster.evals_result(), booster.get_booster().save_raw()))
    assert fitted[0] == fitted[1]
    assert [len(data) for data in made] == [100]  # XGBoost has not renamed what gives it the matrix


def test_extra_trees_cut_elsewhere_than_the_forest():
    forest, extra = fit("random_forest"), fit("random_forest", extra_trees=True)
    assert type(extra[-1]).__name__ == "ExtraTrees"
    assert extra[-1].bootstrap
    assert not np.array_equal(forest.predict_proba(FRAME), extra.predict_proba(FRAME))


def test_of_few_rows_the_kernel_is_exact():
    rows = np.random.default_rng(0).normal(size=(40, 3))
    exact = Kernel(gamma=0.5, n_components=5, exact_below=40, random_state=0).fit_transform(rows)
    assert np.allclose(exact @ exact.T, rbf_kernel(rows, gamma=0.5))
    assert Kernel(gamma=0.5, n_components=5, exact_below=39, random_state=0).fit_transform(rows).shape == (40, 5)


@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
def test_several_seeds_are_averaged_in_log_odds_as_saved_searched_and_explained(family, tmp_path):
    module = family_module(family)
    pipeline = fit(family, n_seeds=2).set_params(model__learning_rate=0.1)
    assert pipeline.get_params()["model__learning_rate"] == 0.1
    pipeline.fit(FRAME, TABLE["label"].to_numpy())
    rows = pipeline[:-1].transform(FRAME)
    one, other = (logit(booster.predict_proba(rows)[:, 1]) for booster in pipeline[-1].boosters_)
    assert np.abs(one - other).max() > 0.01
    found = logit(pipeline.predict_proba(FRAME)[:, 1])
    assert np.allclose(found, (one + other) / 2, atol=1e-5)

    module.save(pipeline, tmp_path)
    loaded = module.load(tmp_path, n_threads=1)
    assert np.array_equal(loaded.predict_proba(FRAME), pipeline.predict_proba(FRAME))
    rest = found - module.contributions(loaded, FRAME).sum(axis=1)
    assert np.ptp(rest) < 1e-4


@pytest.mark.xdist_group("families")  # which loads TensorFlow
def test_a_network_with_periodic_embeddings_sees_waves_and_is_the_same_when_loaded(tmp_path, monkeypatch):
    module, draw = family_module("neural_network"), np.random.default_rng(0)
    waving = pd.DataFrame({"amount": draw.uniform(-3, 3, 1500), "flag": draw.integers(0, 2, 1500)})
    label = (np.sin(4 * waving["amount"]) > 0).to_numpy().astype(int)
    auc = {}
    for n_frequencies in (0, 8):
        more = {"n_frequencies": n_frequencies, "epochs": 20, "dropout": 0.0}
        settings = SETTINGS["neural_network"](**QUICK["neural_network"] | more)
        pipeline = module.build(settings, seed=0, n_threads=1).fit(waving[:1000], label[:1000])
        auc[n_frequencies] = roc_auc_score(label[1000:], pipeline.predict_proba(waving[1000:])[:, 1])
    assert auc[0] < 0.85 < 0.95 < auc[8]
    layers = [layer for layer in pipeline[-1].network_.layers if isinstance(layer, module.PeriodicEmbedding)]
    assert [layer.columns for layer in layers] == [[0]]  # not the flag
    module.save(pipeline, tmp_path)
    loaded, found = module.load(tmp_path, n_threads=1), pipeline.predict_proba(waving)
    assert np.array_equal(loaded.predict_proba(waving), found)
    monkeypatch.setattr(module, "PREDICT_WAVES", 16 * 100)  # 16 a row: 100 rows at a time
    assert np.allclose(loaded.predict_proba(waving), found, rtol=1e-12)
