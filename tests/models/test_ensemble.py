import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.metrics import log_loss

from purchase.files import OUT_OF_FOLD, SUMMARY, write_frame, write_json
from purchase.models.ensemble import Ensemble, blend, even_weights, greedy_weights
from purchase.models.folds import make_folds
from purchase.models.store import load_model, save_ensemble, save_model
from purchase.models.training import fit_model, refit
from purchase.models.vouched import folder_hash
from purchase.models.weighing import weigh
from purchase.tables import TableError
from tests.conftest import ROOT
from tests.models.feature_tables import customer_table, quick_settings
from tests.models.vouching import lock_for

LABEL = np.array([1, 1, 0, 0])
# The first is wrong about row 1 alone, the second about row 3 alone, the third is noise.
PROBABILITIES = np.array([[0.9, 0.4, 0.1, 0.1], [0.9, 0.9, 0.1, 0.6], [0.5, 0.5, 0.5, 0.5]])


def test_two_models_that_err_on_different_rows_share_the_weight_and_noise_gets_none():
    assert greedy_weights(PROBABILITIES, LABEL) == pytest.approx([0.5, 0.5, 0.0], abs=0.05)


def test_members_of_a_blend_weigh_the_same_and_those_that_greedy_selection_hardly_took_weigh_nothing():
    assert even_weights(np.array([0.7, 0.0, 0.26, 0.04])) == pytest.approx([0.5, 0, 0.5, 0])
    assert even_weights(np.full(40, 1 / 40)) == pytest.approx(np.full(40, 1 / 40))  # none has more than another


def test_one_round_takes_the_model_with_the_lowest_log_loss():
    losses = [log_loss(LABEL, one) for one in PROBABILITIES]
    assert int(np.argmax(greedy_weights(PROBABILITIES, LABEL, n_rounds=1))) == int(np.argmin(losses)) == 0


def test_the_blend_is_never_worse_than_its_best_model_on_the_rows_that_it_was_chosen_by():
    draw = np.random.default_rng(0)
    label = draw.integers(0, 2, 200)
    many = np.clip(label * 0.3 + draw.random((6, 200)) * 0.7, 0.01, 0.99)
    loss = log_loss(label, blend(many, greedy_weights(many, label)))
    assert loss <= min(log_loss(label, one) for one in many)


def test_of_equal_models_the_first_gets_the_weight():
    assert list(greedy_weights(np.stack([PROBABILITIES[0]] * 3), LABEL)) == [1, 0, 0]


def test_a_model_that_is_certain_and_wrong_does_not_make_the_loss_infinite():
    certain = np.array([[0.0, 1.0, 0.0, 0.0], [0.6, 0.6, 0.4, 0.4]])
    assert list(greedy_weights(certain, LABEL, n_rounds=1)) == [0, 1]


ROW_IDS = [f"r{number:03}" for number in range(600)]


def out_of_fold_table(propensity, label, fold):
    return pd.DataFrame({"row_id": ROW_IDS, "fold": fold, "label": label, "propensity": propensity})


def tables_of(seed=0):
    """Three models of 600 rows in three folds: two know a half each of what makes the label, the last little."""
    draw = np.random.default_rng(seed)
    halves, fold = draw.normal(size=(2, 600)), np.repeat([0, 1, 2], 200)
    label = (draw.random(600) < expit(halves.sum(axis=0) - 1)).astype("int8")
    knows = {"train/svm": halves[0], "tune/svm": halves[1], "tune/lightgbm": 0.1 * halves[0]}
    return {name: out_of_fold_table(expit(half - 1), label, fold) for name, half in knows.items()}


def shifted(table, *, fold, by):
    """The table with propensities that are too high, or too low, throughout a fold."""
    log_odds = logit(table["propensity"]) + by * (table["fold"] == fold)
    return table.assign(propensity=expit(log_odds))


def test_models_that_know_different_things_are_blended_and_the_blend_is_better_out_of_fold():
    tables = tables_of()
    weights, out_of_fold = weigh(tables, n_rounds=100)
    assert set(weights) == {"train/svm", "tune/svm"}
    assert sum(weights.values()) == pytest.approx(1)
    assert list(out_of_fold.columns) == ["row_id", "fold", "label", "score", "propensity"]
    best = min(log_loss(table["label"], table["propensity"]) for table in tables.values())
    assert log_loss(out_of_fold["label"], out_of_fold["propensity"]) < best - 0.01


def test_the_labels_of_a_fold_do_not_shape_how_its_own_rows_are_blended():
    tables = tables_of()
    last = tables["tune/svm"]["fold"] == 2
    others = np.random.default_rng(1).permutation(tables["tune/svm"]["label"])
    changed = {name: table.assign(label=table["label"].where(~last, others)) for name, table in tables.items()}
    before, after = (weigh(each, n_rounds=20)[1]["propensity"] for each in (tables, changed))
    assert before[last].equals(after[last])
    assert not before[~last].equals(after[~last])


def test_a_model_that_ranks_the_wrong_way_round_gets_no_weight():
    tables = tables_of()
    wrong = tables["tune/svm"].assign(propensity=1 - tables["tune/svm"]["propensity"])
    assert "tune/lightgbm" not in weigh(tables | {"tune/lightgbm": wrong}, n_rounds=20)[0]


def test_a_model_gets_no_weight_for_a_level_that_makes_up_for_the_others_in_one_fold():
    tables = tables_of()
    expected, _ = weigh(tables, n_rounds=20)
    lucky = {name: shifted(table, fold=1, by=-2.0) for name, table in tables.items()}
    lucky["tune/lightgbm"] = shifted(tables["tune/lightgbm"], fold=1, by=2.0)
    assert weigh(lucky, n_rounds=20)[0] == pytest.approx(expected, abs=0.02)
    by_level = greedy_weights(np.array([table["propensity"] for table in lucky.values()]), lucky["tune/svm"]["label"])
    assert by_level[2] > 0.1  # it would have got some: the test is not idle


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.iloc[1:], "row_id in one of the two alone: 1, such as 'r000'; 599 in both"),
        (lambda t: t.assign(row_id=t["row_id"] + "x"), "row_id in one of the two alone: 1200, .*none in both"),
        (lambda t: t.iloc[::-1], "repeated or in another order"),
        (lambda t: t.assign(fold=t["fold"].replace(1, 2)), r"fold=2 at row_id='r200' instead of 1 \(200 of 600 rows"),
        (
            lambda t: t.assign(label=t["label"].where(t.index != 7, 5)),
            r"label=5 at row_id='r007' instead of [01] \(1 of",
        ),
    ],
)
def test_models_that_were_tested_on_other_rows_are_named_with_the_row_and_the_mend(change, said):
    tables = tables_of()
    tables["tune/svm"] = change(tables["tune/svm"])
    with pytest.raises(TableError, match=rf"models/tune/svm was not .* models/train/svm: .*{said}.*dvc repro"):
        weigh(tables, n_rounds=5)


def fit(family, table):
    folds = make_folds(table, n_folds=2, horizon_days=30, seed=0)
    common = {"folds": folds, "calibration": "sigmoid", "seed": 0, "n_threads": 1}
    return fit_model(table, quick_settings(family), family=family, **common)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """The folder of models, the ``dvc.lock`` that vouches for them, the ensemble that was loaded, and its table."""
    root, table = tmp_path_factory.mktemp("models"), customer_table()
    folders = {name: root / name for name in ("train/svm", "train/lightgbm", "tune/random_forest")}
    for folder in folders.values():
        model, out_of_fold = fit(folder.name, table)
        save_model(model, folder)
        write_frame(out_of_fold, folder / OUT_OF_FOLD)
        write_json({}, folder / SUMMARY)
    weights = {"train/svm": 0.25, "train/lightgbm": 0.75}
    save_ensemble(weights, folders, root / "ensemble", lock=lock_for(*folders.values(), at=root))
    lock = lock_for(root / "ensemble", *folders.values(), at=root)
    return folders, lock, load_model(root / "ensemble", lock=lock), table


def test_a_saved_ensemble_predicts_the_weighted_mean_of_its_members(fitted):
    folders, lock, ensemble, table = fitted
    svm, lightgbm = (load_model(folders[name], lock=lock) for name in ("train/svm", "train/lightgbm"))
    expected = 0.25 * svm.predict_propensity(table) + 0.75 * lightgbm.predict_propensity(table)
    assert ensemble.predict_propensity(table) == pytest.approx(expected, abs=1e-12)
    assert np.array_equal(ensemble.predict_score(table), ensemble.predict_propensity(table))
    assert ensemble.kinds == svm.kinds
    assert ensemble.family == "ensemble"


def test_its_folder_holds_the_own_files_of_the_members_that_have_a_weight_and_no_other(fitted, tmp_path):
    folders, lock, _, _ = fitted
    save_ensemble({"train/svm": 1.0}, folders, tmp_path / "one", lock=lock)
    save_ensemble({"train/svm": 1.0}, folders, tmp_path / "two", lock=lock)
    found = {path.relative_to(tmp_path / "one").as_posix() for path in (tmp_path / "one").rglob("*") if path.is_file()}
    own = {f"train/svm/{name}" for name in ("family.json", "calibrator.joblib", "pipeline.joblib")}
    assert found == {"family.json", *own}
    assert folder_hash(tmp_path / "one") == folder_hash(tmp_path / "two")


def test_a_member_that_the_lock_does_not_vouch_for_is_not_taken(fitted, tmp_path):
    folders, lock, _, _ = fitted
    shutil.copytree(folders["train/svm"], tmp_path / "train/svm")
    (tmp_path / "train/svm/pipeline.joblib").write_bytes(b"other")
    with pytest.raises(TableError, match="is not opened"):
        save_ensemble({"train/svm": 1.0}, {"train/svm": tmp_path / "train/svm"}, tmp_path / "ensemble", lock=lock)


def test_a_changed_member_closes_the_ensemble(fitted, tmp_path):
    folders, lock, _, _ = fitted
    save_ensemble({"train/svm": 1.0}, folders, tmp_path / "ensemble", lock=lock)
    lock = lock_for(tmp_path / "ensemble", at=tmp_path)
    assert load_model(tmp_path / "ensemble", lock=lock).weights == {"train/svm": 1.0}
    (tmp_path / "ensemble/train/svm/pipeline.joblib").write_bytes(b"other")
    with pytest.raises(TableError, match="is not opened"):
        load_model(tmp_path / "ensemble", lock=lock)


def test_a_refitted_ensemble_has_refitted_members_of_the_same_weights(fitted):
    _, _, ensemble, table = fitted
    fewer = table.drop(columns="always_missing").iloc[:200]
    again = refit(ensemble, fewer, seed=0)
    members = {name: refit(member, fewer, seed=0) for name, member in ensemble.members.items()}
    assert again.weights == ensemble.weights
    assert "always_missing" not in again.kinds
    expected = Ensemble(ensemble.weights, members).predict_propensity(table)
    assert np.array_equal(again.predict_propensity(table), expected)
    assert not np.array_equal(expected, ensemble.predict_propensity(table))


def test_weighing_and_saving_load_no_library_of_a_family():
    code = "import sys, stages.ensemble; assert not {'tensorflow', 'xgboost', 'lightgbm'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
