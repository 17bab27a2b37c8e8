"""The network on last events: order tells, padding does not, and its folder holds all of it."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from purchase.models.folds import make_folds
from purchase.models.last_events import LAST_EVENTS
from purchase.models.store import load_model, save_model
from purchase.models.training import fit_model, refit
from tests.models.event_tables import LENGTH, SETTINGS, event, ordered_table, with_events
from tests.models.feature_tables import quick_settings
from tests.models.vouching import lock_for

TABLE = ordered_table()


def fit(table=TABLE, family="sequence_network", settings=SETTINGS):
    folds = make_folds(table, n_folds=2, horizon_days=30, seed=0)
    return fit_model(table, settings, family=family, folds=folds, calibration="sigmoid", seed=0, n_threads=2)


@pytest.fixture(scope="module")
def fitted():
    return fit()


def rescored(model, events, *, length=LENGTH):
    """Return the scores of the first rows of the table, had they had these events."""
    table = TABLE.drop(columns=LAST_EVENTS).head(len(events))
    return model.predict_score(with_events(table, events, length=length))


def test_where_only_the_order_of_events_tells_it_beats_the_network_on_features_alone(fitted):
    _, out_of_fold = fitted
    _, blind = fit(TABLE.drop(columns=LAST_EVENTS), "neural_network", quick_settings("neural_network"))
    auc = {name: roc_auc_score(one["label"], one["score"]) for name, one in (("order", out_of_fold), ("none", blind))}
    assert auc["order"] > 0.95
    assert auc["none"] < 0.65


def test_a_score_depends_on_a_rows_events_and_not_on_the_padding_before_them(fitted):
    model, _ = fitted
    events = [[], [event()], [event(), event("add_to_cart", "toys")], [event("search", None, None, 5)] * LENGTH]
    short = rescored(model, events)
    for length in (LENGTH + 1, LENGTH + 8):
        assert np.array_equal(rescored(model, events, length=length), short)
    wide = SETTINGS.model_copy(update={"n_events": LENGTH + 8})
    wider = fit(settings=wide)[0]
    wider.pipeline[-1].network_.set_weights(model.pipeline[-1].network_.get_weights())
    assert np.allclose(rescored(wider, events, length=LENGTH + 8), short, rtol=1e-12)
    assert len(np.unique(rescored(model, [[event()], [event("add_to_cart")]]))) == 2


def test_rows_without_any_event_and_words_never_seen_get_a_propensity(fitted):
    model, _ = fitted
    strange = with_events(TABLE.drop(columns=LAST_EVENTS).head(2), [[], [event("wishlist", "atlantis", None, 10**8)]])
    propensity = model.predict_propensity(strange)
    assert ((propensity > 0) & (propensity < 1)).all()


def test_two_fits_are_the_same_to_the_byte(fitted, tmp_path):
    model, out_of_fold = fitted
    again, out_of_fold_again = fit()
    pd.testing.assert_frame_equal(out_of_fold, out_of_fold_again, check_exact=True)
    save_model(model, tmp_path / "one")
    save_model(again, tmp_path / "two")
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


def test_a_saved_model_predicts_the_same_when_loaded(fitted, tmp_path):
    model, _ = fitted
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model", lock=lock_for(tmp_path / "model"))
    assert loaded.kinds == model.kinds
    assert loaded.settings == model.settings
    assert np.array_equal(loaded.predict_propensity(TABLE), model.predict_propensity(TABLE))


def test_other_families_pass_the_events_over():
    plain = TABLE.drop(columns=LAST_EVENTS)
    model, _ = fit(plain, "logistic_regression", quick_settings("logistic_regression"))
    assert np.array_equal(model.predict_score(TABLE), model.predict_score(plain))
    assert refit(model, TABLE, seed=0).kinds == model.kinds


def test_it_is_fitted_anew_on_fewer_features_with_and_without_its_events(fitted):
    model, _ = fitted
    fewer = refit(model, TABLE.drop(columns="country"), seed=0)
    assert set(fewer.kinds) == set(model.kinds) - {"country"}
    without = refit(model, TABLE.drop(columns=LAST_EVENTS), seed=0)
    assert LAST_EVENTS not in without.kinds
    assert roc_auc_score(TABLE["label"], without.predict_score(TABLE)) < 0.8
