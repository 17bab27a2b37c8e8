"""The split: by cutoff, by time of sessions, by content."""

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purchase.cleaning.split import plan_cutoffs, split_customers
from purchase.cleaning.split_sessions import score_sessions, split_by_content, split_by_time
from purchase.engines.registry import engine
from purchase.tables import DAY, TableError, end_of_records
from tests.small_tables import lazy, listed, table

T = 20_000 * DAY
SCORED = {"session_id": pa.string(), "customer_id": pa.string()} | dict.fromkeys(
    ("started_at", "ended_at", "cutoff"), pa.int64()
)
SESSION = {"session_id": pa.string(), "customer_id": pa.string()} | dict.fromkeys(
    ("started_at", "ended_at", "n_events", "first_ordered_at"), pa.int64()
)
KNOBS = {"horizon_days": 10, "lookback_days": 30}


@pytest.fixture
def connection():
    with engine(n_threads=1, memory_gb=1) as opened:
        yield opened


def test_cutoffs_lie_a_horizon_apart_and_the_tests_horizon_ends_with_the_records():
    cutoffs = plan_cutoffs(first_at=T, end_at=T + 100 * DAY, n_train=3, **KNOBS)
    days = {part: [(at - T) // DAY for at in instants] for part, instants in cutoffs.items()}
    assert days == {"train": [50, 60, 70], "validation": [80], "test": [90]}


def test_a_training_cutoff_has_a_third_of_the_lookback_behind_it():
    cutoffs = plan_cutoffs(first_at=T, end_at=T + 50 * DAY, n_train=6, **KNOBS)
    assert [(at - T) // DAY for at in cutoffs["train"]] == [10, 20]


def test_too_few_days_for_two_training_cutoffs_is_an_error_that_says_how_many_there_are_and_are_needed():
    with pytest.raises(TableError, match=r"cover 49 days.*1 training cutoffs; two need 50.*horizon_days"):
        plan_cutoffs(first_at=T, end_at=T + 49 * DAY, n_train=6, **KNOBS)


def test_records_end_at_midnight_of_the_shops_own_clock():
    noon = 1_710_072_000  # 2024-03-10 12:00 UTC
    assert end_of_records(noon, end=None, time_zone="UTC") == 1_710_115_200
    assert end_of_records(noon, end=None, time_zone="Europe/Istanbul") == 1_710_115_200 - 3 * 3600
    assert end_of_records(noon, end="2024-03-12", time_zone="UTC") == 1_710_115_200 + DAY


def test_a_row_is_a_customer_with_a_record_in_the_lookback_the_cutoff_itself_excluded(connection):
    customers = table(
        connection, "customers", [{"customer_id": "new", "signed_up_at": T - DAY}, {"customer_id": "old"}]
    )
    events = table(
        connection,
        "events",
        [
            {"customer_id": name, "event_at": at, "event_type": "view"}
            for name, at in (("first", T - 30 * DAY), ("early", T - 30 * DAY - 1), ("last", T - 1), ("late", T))
        ]
        + [{"customer_id": "unheard", "event_at": T - 9, "event_type": "view", "arrived_at": T}],
    )
    orders = table(connection, "orders", [{"customer_id": "buyer", "ordered_at": T - 5, "order_id": "o"}])
    split = split_customers(customers, events, orders, {"test": [T]}, lookback_days=30)
    rows = listed(split, "customer_id", "row_id", "cutoff", "part")
    assert [row[0] for row in rows] == ["buyer", "first", "last", "new"]
    assert rows[0][1:] == ("buyer@2024-10-04", T, "test")


def scored(connection, spans):
    rows = [
        {"session_id": f"s{n}", "customer_id": None, "started_at": T + a, "ended_at": T + b, "cutoff": T + a}
        for n, (a, b) in enumerate(spans)
    ]
    return lazy(connection, rows, SCORED)


def test_sessions_split_by_time_and_those_that_start_together_stay_together(connection):
    spans = [(at, at) for at in (0, 1, 2, 3, 4, 5, 6, 7, 7, 8)]
    split, about = split_by_time(scored(connection, spans), test_share=0.2, validation_share=0.2)
    parts = dict(listed(split, "row_id", "part"))
    assert [parts[f"s{n}"] for n in range(10)] == ["train"] * 6 + ["validation"] * 3 + ["test"]
    assert about == {"validation_from": T + 6, "test_from": T + 8, "left_out_across_a_boundary": 0}


def test_a_session_that_runs_across_a_boundary_is_left_out_and_counted(connection):
    spans = [(at, at) for at in range(8)] + [(1, 6), (6, 9)]  # validation from 5, test from 7
    split, about = split_by_time(scored(connection, spans), test_share=0.1, validation_share=0.3)
    assert about == {"validation_from": T + 5, "test_from": T + 7, "left_out_across_a_boundary": 2}
    assert set(dict(listed(split, "row_id", "part"))) == {f"s{n}" for n in range(8)}


def sessions_and_events(connection):
    def event(session, at, customer=None):
        return {"session_id": session, "event_at": T + at, "event_type": "view", "customer_id": customer}

    events = [event("a", 0), event("a", 5, "ann"), event("a", 9, "bob"), event("b", 0), event("c", 0), event("c", 1)]
    rows = [
        {"session_id": "a", "customer_id": "ann", "started_at": T, "ended_at": T + 9, "n_events": 3},
        {"session_id": "b", "started_at": T, "ended_at": T, "n_events": 1},
        {"session_id": "c", "started_at": T, "ended_at": T + 1, "n_events": 2, "first_ordered_at": T + 1},
    ]
    return lazy(connection, [dict.fromkeys(SESSION) | row for row in rows], SESSION), table(
        connection, "events", events
    )


def test_a_session_at_its_start_is_of_whom_its_first_event_names(connection):
    frame = score_sessions(*sessions_and_events(connection), scoring_moment="session_start", first_k_events=2)
    assert listed(frame, "session_id", "customer_id", "cutoff") == [("a", None, T), ("b", None, T), ("c", None, T)]


def test_a_session_is_scored_just_after_its_kth_event_if_it_has_one_and_has_not_ordered(connection):
    frame = score_sessions(*sessions_and_events(connection), scoring_moment="during_session", first_k_events=2)
    assert listed(frame, "session_id", "customer_id", "cutoff") == [("a", "ann", T + 6)]


def test_a_logs_sessions_cannot_be_scored_at_their_end(connection):
    with pytest.raises(TableError, match="nothing to predict"):
        score_sessions(*sessions_and_events(connection), scoring_moment="session_end", first_k_events=2)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=30, max_size=80), st.integers(0, 3), st.randoms())
def test_sessions_of_equal_content_share_a_part_whatever_the_order_of_rows(content, seed, random):
    ids = [f"s{n}" for n in range(len(content))]
    frame = pd.DataFrame({"session_id": ids, "customer_id": None, "pages": [pages for pages, _ in content]})
    frame["ordered"] = [ordered for _, ordered in content]
    shares = {"test_share": 0.3, "validation_share": 0.3, "seed": seed}
    split = split_by_content(frame, **shares)
    shuffled = frame.sample(frac=1, random_state=random.randint(0, 99))
    pd.testing.assert_frame_equal(split, split_by_content(shuffled, **shares))
    joined = frame.merge(split[["row_id", "group", "part"]], left_on="session_id", right_on="row_id")
    assert (joined.groupby(["pages", "ordered"])["part"].nunique() == 1).all()
    assert (joined.groupby("group")[["pages", "ordered"]].nunique() == 1).all(axis=None)


def test_each_part_has_the_same_share_of_positives():
    frame = pd.DataFrame({"session_id": [f"s{n}" for n in range(1000)], "customer_id": None, "pages": range(1000)})
    frame["ordered"] = frame["pages"] % 10 == 0
    split = split_by_content(frame, test_share=0.2, validation_share=0.2, seed=1)
    found = split.merge(frame, on="session_id").groupby("part")["ordered"].agg(["size", "sum"])
    assert found.to_dict("index") == {
        "test": {"size": 200, "sum": 20},
        "train": {"size": 600, "sum": 60},
        "validation": {"size": 200, "sum": 20},
    }
