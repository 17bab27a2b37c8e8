"""A network that reads last events, as champion: whatever asks a model asks it the same way."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from purchase import files
from purchase.evaluation.candidates import read_summaries
from purchase.evaluation.contest import choose_on_validation, judge_on_test
from purchase.insights.drivers import driver_part
from purchase.insights.reasons import top_reasons, typical_value
from purchase.insights.words import Words
from purchase.models.folds import make_folds
from purchase.models.last_events import LAST_EVENTS, read_dictionary, read_rows, told_features
from purchase.models.training import fit_model
from purchase.params import read_params
from stages import train_sequence_network
from tests.models.event_tables import SETTINGS, arrays_of, ordered_table
from tests.models.feature_tables import customer_table, quick_settings

NAME, OTHER = "train/sequence_network", "train/logistic_regression"
ASKED = {"n_bootstrap": 50, "n_importance_repeats": 1}


def params():
    whole = read_params()
    return whole.model_copy(update={"evaluate": whole.evaluate.model_copy(update=ASKED)})


@pytest.fixture(scope="module")
def parts():
    """Three parts, in which the order of each row's events alone tells who orders."""
    table = ordered_table(80, n_cutoffs=5)
    place = table["cutoff"].rank(method="dense")
    own = {"train": place <= 3, "validation": place == 4, "test": place == 5}
    return {part: table[rows].reset_index(drop=True) for part, rows in own.items()}


@pytest.fixture(scope="module")
def models(parts):
    folds = make_folds(parts["train"], n_folds=2, horizon_days=30, seed=0)
    common = {"folds": folds, "calibration": "sigmoid", "seed": 0, "n_threads": 2}
    plain = parts["train"].drop(columns=LAST_EVENTS)
    other = fit_model(plain, quick_settings("logistic_regression"), family="logistic_regression", **common)
    return {OTHER: other[0], NAME: fit_model(parts["train"], SETTINGS, family="sequence_network", **common)[0]}


def dictionary_of(table, known_at):
    """Return a dictionary in which all features are known at the session's start, and its events later."""
    names = [*told_features(table), LAST_EVENTS]
    return pd.DataFrame({"name": names, "known_at": ["session_start"] * (len(names) - 1) + [known_at]})


def test_it_wins_where_it_knows_more_and_every_comparison_holds_its_events(parts, models):
    chosen = choose_on_validation(models, parts["train"], parts["validation"], params().evaluate, seed=0)
    assert chosen.choice.champion == NAME
    assert chosen.importance["feature"].iloc[0] == LAST_EVENTS
    assert chosen.curve["log_loss"].iloc[-1] < 0.4
    dictionary = dictionary_of(parts["test"], "during_session")
    protocols = judge_on_test(chosen, parts, dictionary, params(), task="customer").tables["protocols"]
    known = protocols.groupby("features")["roc_auc"]
    assert known.min()["during_session"] > 0.9
    assert known.max()["session_start"] < 0.7  # without its events, it knows nothing


def test_where_another_is_champion_the_events_are_no_feature_of_its(parts, models):
    others = {OTHER: models[OTHER]}
    chosen = choose_on_validation(others, parts["train"], parts["validation"], params().evaluate, seed=0)
    assert set(chosen.importance["feature"]) == set(models[OTHER].kinds)
    dictionary = dictionary_of(parts["test"], "during_session")
    protocols = judge_on_test(chosen, parts, dictionary, params(), task="customer").tables["protocols"]
    assert set(protocols["features"]) == {"session_start"}


def test_its_reasons_and_drivers_are_told_by_the_features_beside_the_events(parts, models):
    model, test, names = models[NAME], parts["test"], told_features(parts["test"])
    words = Words(pd.DataFrame({"name": names, "meaning": names, "unit": "", "type": "number"}), currency="")
    typical = {name: typical_value(test[name]) for name in names}
    reasons = top_reasons(model, test, typical=typical, words=words.reasons)
    assert reasons["reason_1"].str.match("(raised|lowered) by .+").all()
    asked = {"n_top": 3, "n_repeats": 1, "n_bootstrap": 20, "interval": 0.9, "seed": 0}
    tables = driver_part(model.predict_propensity, test, names, words, **asked).tables
    assert LAST_EVENTS not in set(tables["driver_groups"]["feature"])


def write_features(table, arrays):
    files.write_frame(table, files.FEATURES / "train.parquet")
    files.SEQUENCES.mkdir()
    pq.write_table(arrays, files.SEQUENCES / "train.parquet")


def test_rows_without_any_event_give_a_folder_that_says_why_there_is_no_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = customer_table(10)
    write_features(table, arrays_of(table["row_id"], [[]] * len(table)))
    train_sequence_network.main()
    summaries, absent = read_summaries({NAME: files.MODELS / NAME})
    assert (summaries, absent) == ({}, {NAME: "no training row has an event"})


def test_rows_are_read_with_their_events_and_these_are_in_the_dictionary(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = customer_table(10)
    write_features(table, arrays_of(table["row_id"], [[]] * len(table)))
    for folder, names in ((files.FEATURES, ["country"]), (files.SEQUENCES, ["event_type", "price_cents"])):
        about = pd.DataFrame({"name": names, "meaning": "", "unit": "", "known_at": "cutoff"})
        files.write_frame(about, folder / "dictionary.csv")
    assert list(read_rows("train").columns) == [*table.columns, LAST_EVENTS]
    assert list(read_dictionary()["name"]) == ["country", LAST_EVENTS]
    (files.SEQUENCES / "train.parquet").unlink()
    assert np.array_equal(read_rows("train").columns, table.columns)
