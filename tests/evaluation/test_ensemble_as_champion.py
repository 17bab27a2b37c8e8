"""An ensemble as champion goes the whole way that any other model goes."""

import numpy as np
import pandas as pd
import pytest

from purchase import files
from purchase.evaluation.contest import choose_on_validation, judge_on_test
from purchase.insights.drivers import driver_part
from purchase.insights.words import Words
from purchase.models.ensemble import Ensemble
from purchase.models.folds import make_folds
from purchase.models.last_events import told_features
from purchase.models.training import fit_model
from purchase.params import read_params
from purchase.predict import scored
from purchase.shops import read_shop
from tests.conftest import ROOT
from tests.models.feature_tables import customer_table, quick_settings

FAMILIES = {"train/lightgbm": "lightgbm", "tune/logistic_regression": "logistic_regression"}


@pytest.fixture(scope="module")
def parts():
    table = customer_table(n_customers=200, n_cutoffs=6)
    cutoffs = sorted(table["cutoff"].unique())
    found = {"train": table["cutoff"] < cutoffs[4], "validation": table["cutoff"] == cutoffs[4]}
    found |= {"test": table["cutoff"] == cutoffs[5]}
    return {part: table[rows].reset_index(drop=True) for part, rows in found.items()}


@pytest.fixture(scope="module")
def ensemble(parts):
    folds = make_folds(parts["train"], n_folds=2, horizon_days=30, seed=0)
    common = {"folds": folds, "calibration": "sigmoid", "seed": 0, "n_threads": 1}
    members = {
        name: fit_model(parts["train"], quick_settings(family), family=family, **common)[0]
        for name, family in FAMILIES.items()
    }
    return Ensemble({"train/lightgbm": 0.4, "tune/logistic_regression": 0.6}, members)


@pytest.fixture(scope="module")
def dictionary(ensemble):
    names, kinds = list(ensemble.kinds), list(ensemble.kinds.values())
    return pd.DataFrame({"name": names, "meaning": names, "unit": "", "type": kinds, "known_at": "cutoff"})


@pytest.fixture(scope="module")
def params():
    params = read_params(ROOT / "params.yaml")
    few = params.evaluate.model_copy(update={"n_bootstrap": 20, "n_importance_repeats": 1})
    return params.model_copy(update={"evaluate": few})


def test_it_is_chosen_judged_and_refitted_for_the_learning_curve_and_the_other_protocols(
    ensemble, parts, dictionary, params
):
    train, validation = parts["train"], parts["validation"]
    chosen = choose_on_validation({"ensemble": ensemble}, train, validation, params.evaluate, seed=0)
    assert chosen.champion is ensemble
    assert chosen.curve["n_rows"].is_monotonic_increasing
    assert chosen.curve["log_loss"].iloc[0] > chosen.curve["log_loss"].iloc[-1]
    assert set(chosen.importance["feature"].head(2)) == {"recency_days", "country"}
    judged = judge_on_test(chosen, parts, dictionary, params, task="customer")
    assert judged.report["champion"] == "ensemble"
    assert list(judged.tables["protocols"]["protocol"]) == ["out of time", "by customer", "at random"]
    assert np.array_equal(judged.predictions["propensity"], ensemble.predict_propensity(parts["test"]))


def test_new_rows_are_scored_by_it_with_reasons(ensemble, parts, dictionary, tmp_path, monkeypatch):
    shop = read_shop("simulated", folder=ROOT / "shops")
    monkeypatch.chdir(tmp_path)
    files.write_frame(parts["train"], files.FEATURES / "train.parquet")
    files.write_frame(pd.DataFrame({"feature": ["recency_days", "country"]}), files.PLOTS / "importance.csv")
    table = scored(ensemble, parts["test"], dictionary, shop)
    assert table["propensity"].is_monotonic_decreasing
    assert table["reason_1"].str.match("(raised|lowered) by (recency_days|country): .+").all()


def test_what_it_goes_by_has_importance_and_shapes(ensemble, parts, dictionary):
    words, names = Words(dictionary, currency="EUR"), told_features(parts["test"])
    asked = {"n_top": 3, "n_repeats": 1, "n_bootstrap": 20, "interval": 0.9, "seed": 0}
    tables = driver_part(ensemble.predict_propensity, parts["test"], names, words, **asked).tables
    assert tables["drivers"].loc[0, "feature"] in ("recency_days", "country")
    assert tables["shapes"]["mean_propensity"].between(0, 1).all()
