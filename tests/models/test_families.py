import os
import subprocess
import sys
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.folds import make_folds
from purchase.models.registry import family_module
from purchase.models.store import load_model, save_model
from purchase.models.training import fit_model
from purchase.params import FAMILIES
from purchase.tables import TableError
from tests.models.feature_tables import customer_table, quick_settings
from tests.models.vouching import lock_for

# One worker for the tests that share fitted models.
pytestmark = pytest.mark.xdist_group("families")

TABLE = customer_table()
OWN_FILES = {
    "logistic_regression": {"pipeline.joblib"},
    "random_forest": {"pipeline.joblib"},
    "xgboost": {"preparation.joblib", "model.ubj"},
    "lightgbm": {"preparation.joblib", "model.txt"},
    "svm": {"pipeline.joblib"},
    "neural_network": {"preparation.joblib", "model.json", "model.weights.h5"},
}


def fit(family, table=TABLE):
    return fit_model(
        table,
        quick_settings(family),
        family=family,
        folds=make_folds(table, n_folds=2, horizon_days=30, seed=0),
        calibration="sigmoid",
        seed=0,
        n_threads=2,
    )


@pytest.fixture(scope="module", params=FAMILIES)
def fitted(request):
    return (request.param, *fit(request.param))


def test_a_saved_model_predicts_the_same_when_loaded(fitted, tmp_path):
    family, model, _ = fitted
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model", lock=lock_for(tmp_path / "model"))
    assert {file.name for file in (tmp_path / "model").iterdir()} == OWN_FILES[family] | {
        "family.json",
        "calibrator.joblib",
    }
    assert np.array_equal(loaded.predict_score(TABLE), model.predict_score(TABLE))
    assert np.array_equal(loaded.predict_propensity(TABLE), model.predict_propensity(TABLE))


def test_every_family_finds_the_recent_customers_likelier_to_order(fitted):
    _, model, _ = fitted
    recent = model.predict_propensity(TABLE.assign(recency_days=2.0, country="de"))
    lapsed = model.predict_propensity(TABLE.assign(recency_days=100.0, country="fr"))
    assert recent.mean() > lapsed.mean() + 0.05


def test_unseen_categories_and_missing_values_get_a_propensity(fitted):
    _, model, _ = fitted
    strange = TABLE.head(3).assign(country=["atlantis", None, "de"], recency_days=np.nan, never_said="now")
    strange["always_missing"] = 1.0
    strange["has_consent"] = pd.Series([None, True, False], dtype="boolean")
    propensity = model.predict_propensity(strange)
    assert ((propensity > 0) & (propensity < 1)).all()


def test_the_order_of_columns_and_rows_does_not_matter(fitted):
    _, model, _ = fitted
    turned = TABLE[TABLE.columns[::-1]].iloc[::-1]
    assert np.allclose(model.predict_score(turned)[::-1], model.predict_score(TABLE), rtol=1e-6, atol=1e-7)


def test_a_column_that_is_gone_is_named(fitted):
    _, model, _ = fitted
    with pytest.raises(TableError, match="no column 'recency_days'"):
        model.predict_score(TABLE.drop(columns="recency_days"))


def test_out_of_fold_rows_are_the_tested_ones_each_once(fitted):
    _, _, out_of_fold = fitted
    last = TABLE["cutoff"].isin(sorted(TABLE["cutoff"].unique())[-2:])
    assert list(out_of_fold["row_id"]) == sorted(TABLE.loc[last, "row_id"])
    assert list(out_of_fold.columns) == ["row_id", "fold", "label", "score", "propensity"]
    assert out_of_fold["propensity"].between(0, 1).all()


def test_two_fits_of_a_family_are_the_same_to_the_byte(fitted, tmp_path):
    family, model, out_of_fold = fitted
    again, out_of_fold_again = fit(family)
    pd.testing.assert_frame_equal(out_of_fold, out_of_fold_again, check_exact=True)
    save_model(model, tmp_path / "one")
    save_model(again, tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_labels_of_the_tested_rows_do_not_reach_their_scores(fitted):
    family, _, out_of_fold = fitted
    last = TABLE["cutoff"] == TABLE["cutoff"].max()
    flipped = TABLE.assign(label=TABLE["label"].where(~last, 1 - TABLE["label"]))
    _, changed = fit(family, flipped)
    pd.testing.assert_series_equal(out_of_fold["score"], changed["score"], check_exact=True)


def test_the_score_of_the_svm_is_its_distance_from_the_plane():
    model, _ = fit("svm")
    score, propensity = model.predict_score(TABLE), model.predict_propensity(TABLE)
    assert score.min() < 0
    assert np.array_equal(np.argsort(score, kind="stable"), np.argsort(propensity, kind="stable"))


def test_a_watched_network_keeps_the_weights_of_its_best_pass_and_its_heads_differ():
    module, kinds = family_module("neural_network"), feature_kinds(TABLE)
    frame, label = feature_frame(TABLE, kinds), TABLE["label"].to_numpy()
    settings = quick_settings("neural_network").model_copy(update={"epochs": 30, "learning_rate": 0.1})
    build = partial(module.build, settings, seed=0, n_threads=2)
    others = frame[300:], label[300:]
    watched = module.fit_watched(build(), frame[:300], label[:300], watched=others)
    to_the_end = build().fit(frame[:300], label[:300])
    assert module.n_rounds(watched) < 30
    kept, last = (log_loss(others[1], one.predict_proba(others[0])[:, 1]) for one in (watched, to_the_end))
    assert kept < last
    heads = np.asarray(watched[-1].network_(watched[:-1].transform(frame)))
    assert heads.shape == (400, 2)
    assert np.abs(heads[:, 0] - heads[:, 1]).max() > 0.01


def test_only_the_neural_network_loads_tensorflow():
    code = (
        "import sys\n"
        "from tests.models.test_families import fit\n"
        "fit('lightgbm')\n"
        "assert 'lightgbm' in sys.modules and 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": "."})


FOREST_AND_BOOSTERS = ["random_forest", "xgboost", "lightgbm"]
WORLDS = [{"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"}, {"PYTHONHASHSEED": "2", "TZ": "America/Lima"}]
SAVE_EACH = """
import sys
from tests.models.test_families import fit, save_model

folder, *families = sys.argv[1:]
for family in families:
    save_model(fit(family)[0], f"{folder}/{family}")
"""


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """The folders of two processes in different environments that each fitted and saved the same families."""
    folders = [tmp_path_factory.mktemp("world") for _ in WORLDS]
    for folder, world in zip(folders, WORLDS, strict=True):
        command = [sys.executable, "-c", SAVE_EACH, str(folder), *FOREST_AND_BOOSTERS]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": ".", **world})
    return folders


@pytest.mark.parametrize("family", FOREST_AND_BOOSTERS)
def test_hash_seed_time_zone_and_locale_change_no_byte(family, worlds):
    one, other = (folder / family for folder in worlds)
    assert len(list(one.iterdir())) > len(OWN_FILES[family])
    for file in one.iterdir():
        assert file.read_bytes() == (other / file.name).read_bytes(), file.name


def test_a_folder_without_a_model_says_what_to_run(tmp_path):
    with pytest.raises(TableError, match=r"holds no model .*dvc repro"):
        load_model(tmp_path)


def test_an_unknown_family_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'boosting' is no family; there are logistic_regression, "):
        family_module("boosting")
