"""Last events beside the features: joined by row, prepared as codes and numbers, padding in front."""

import numpy as np
import pandas as pd
import pytest

from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.event_preparation import FIRST, N_COLUMNS, N_NUMBERS, OTHER, PADDING, EventPreparation
from purchase.models.last_events import LAST_EVENTS, no_events, told_features, with_last_events
from purchase.tables import TableError
from tests.models.event_tables import LENGTH, arrays_of, event, with_events
from tests.models.feature_tables import customer_table

TABLE = customer_table(10)
EVENTS = [[event("view")] * (row % (LENGTH + 1)) for row in range(len(TABLE))]


def prepared(table, events, *, n_events=LENGTH, fitted=None, length=LENGTH):
    """Return types, categories (n_rows, n_events) and numbers (n_rows, n_events, N_NUMBERS), and what was fitted."""
    table = with_events(table, events, length=length)
    frame = feature_frame(table, feature_kinds(table))
    fitted = fitted or EventPreparation(n_events).fit(frame)
    block = fitted.transform(frame)[:, -N_COLUMNS * n_events :]
    types, categories, numbers = np.split(block, [n_events, 2 * n_events], axis=1)
    return types, categories, numbers.reshape(len(table), n_events, N_NUMBERS), fitted


def test_events_are_joined_by_row_whatever_the_order_of_either():
    arrays = arrays_of(TABLE["row_id"], EVENTS)
    mixed = arrays.take(np.random.default_rng(0).permutation(len(TABLE)))
    joined = with_last_events(TABLE.iloc[::-1], mixed, place="arrays.parquet")
    n_found = [sum(kind is not None for kind in row["event_type"]) for row in joined[LAST_EVENTS]]
    assert n_found == [len(row) for row in EVENTS][::-1]


def test_a_row_without_arrays_is_named_with_its_file():
    with pytest.raises(TableError, match=r"arrays\.parquet has no row_id '0@1700000000' \(1 of the 40 rows"):
        with_last_events(TABLE, arrays_of(TABLE["row_id"], EVENTS).slice(1), place="arrays.parquet")


def test_events_are_a_feature_to_models_and_none_to_people():
    table = with_events(TABLE, EVENTS)
    assert feature_kinds(table) == feature_kinds(TABLE) | {LAST_EVENTS: "sequence"}
    assert told_features(table) == list(feature_kinds(TABLE))
    with pytest.raises(TableError, match=r"'last_events' held the events of each row in training, and holds float64"):
        feature_frame(table.assign(last_events=1.0), feature_kinds(table))


def test_rows_keep_their_events_through_what_evaluation_does_to_tables():
    table = with_events(TABLE, EVENTS)
    stacked = pd.concat([table[table["group"] > 3], table.iloc[:5]], ignore_index=True).sample(frac=1, random_state=0)
    shuffled = stacked.assign(last_events=table[LAST_EVENTS].take(range(len(stacked))).array)
    n_events = [sum(kind is not None for kind in row["event_type"]) for row in shuffled[LAST_EVENTS]]
    assert n_events == [len(row) for row in EVENTS[: len(stacked)]]
    assert feature_kinds(shuffled)[LAST_EVENTS] == "sequence"


def test_codes_number_the_frequent_words_and_leave_0_to_padding():
    kinds = ["view"] * 60 + ["cart"] * 19 + [None]  # a word that 19 events have is rare
    events = [
        [event(kind, category) for kind, category in ((kinds[2 * row], "b"), ("view", None))] for row in range(40)
    ]
    types, categories, _, _ = prepared(TABLE, events)
    assert (types[:, :2] == PADDING).all()
    assert (categories[:, :2] == PADDING).all()
    assert (types[:30, 2:] == FIRST).all()
    assert (categories[:30, 2:] == [FIRST, OTHER]).all()
    assert (types[30:39, 2] == OTHER).all()


def test_words_that_training_did_not_see_are_other_ones():
    *_, fitted = prepared(TABLE, [[event("view", "a")]] * 40)
    types, categories, _, _ = prepared(TABLE, [[event("wishlist", "z")]] * 40, fitted=fitted)
    assert (types[:, -1] == OTHER).all()
    assert (categories[:, -1] == OTHER).all()


def test_numbers_are_standardised_logarithms_and_the_age_adds_up_the_gaps():
    events = [[event(gap_seconds=30, price_cents=None), event(gap_seconds=row + 1)] for row in range(40)]
    _, _, numbers, fitted = prepared(TABLE, events)
    expected = np.log1p([31 + row for row in range(40)])
    assert np.allclose(numbers[:, 2, 2] * fitted.deviation_[2] + fitted.mean_[2], expected)
    assert (numbers[:, :2] == 0).all()
    assert (numbers[:, 2, 0] == 0).all()  # no price: the mean


def test_arrays_of_another_length_give_the_same_codes_and_numbers():
    *expected, fitted = prepared(TABLE, EVENTS)
    for length in (LENGTH + 3, LENGTH + 1):
        found = prepared(TABLE, EVENTS, fitted=fitted, length=length)[:3]
        assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
    types, *_ = prepared(TABLE, EVENTS, fitted=fitted, length=2)
    assert np.array_equal(types[:, -2:], expected[0][:, -2:])
    assert (types[:, :-2] == PADDING).all()


def test_nothing_is_learnt_of_the_rows_that_are_only_scored():
    *alone, fitted = prepared(TABLE, EVENTS)
    strange = [[event("checkout", "z", 10**9, 10**7)] * LENGTH] * 39 + [EVENTS[-1]]
    beside = prepared(TABLE, strange, fitted=fitted)
    assert all(np.array_equal(one[-1], other[-1]) for one, other in zip(alone, beside, strict=False))


def test_why_there_can_be_no_sequence_model_is_told():
    assert no_events(with_events(TABLE, EVENTS)) is None
    assert no_events(with_events(TABLE, [[]] * 40)) == "no training row has an event"
    assert no_events(TABLE) == "featurize.sequence_length is null, so no row has its events"
