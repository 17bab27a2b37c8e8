"""The last events of a row as arrays: which, in which order, and that nothing later is among them."""

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from purchase.engines.registry import engine
from purchase.features.sequences import ARRAYS, last_events, sequence_dictionary, write_arrays
from purchase.tables import DAY
from tests.features.small_shop import SPLIT, T, at_cutoff, clean_tables, event
from tests.features.test_only_the_past import NAMED, SLOW
from tests.features.test_point_in_time import EVENTS, SEEN, numbered, parts
from tests.small_tables import lazy

LENGTH = 3


def acted(seconds, kind="view", **more):
    """Return an event so many seconds before T."""
    return event(0, kind, **more) | {"event_at": T - seconds}


FOUR = [acted(DAY, "view", category="a", price_cents=5), acted(60, "add_to_cart"), acted(30), acted(10, "checkout")]


def arrays_of(events, rows, folder, *, task="customer", sessions=(), length=LENGTH, n_threads=1):
    """Return {row_id: {array: list}}, as written and read again."""
    with engine(n_threads=n_threads, memory_gb=1) as running:
        tables = clean_tables(running, {"events": events, "sessions": list(sessions)})
        split = lazy(running, [dict.fromkeys(SPLIT) | row for row in rows], SPLIT)
        frame = last_events(split, tables, task=task, length=length, lookback_days=90)
        write_arrays(running, [frame], folder / "arrays.parquet", length=length)
    return {row.pop("row_id"): row for row in pq.read_table(folder / "arrays.parquet").to_pylist()}


def test_the_latest_event_is_last_and_the_gaps_lead_to_the_cutoff(tmp_path):
    (found,) = arrays_of(FOUR, [at_cutoff()], tmp_path).values()
    assert found["event_type"] == ["add_to_cart", "view", "checkout"]
    assert found["gap_seconds"] == [30, 20, 10]


def test_fewer_events_are_padded_in_front(tmp_path):
    ann, bob = arrays_of(FOUR[:1], [at_cutoff(), at_cutoff("bob")], tmp_path).values()
    assert ann == {
        "event_type": [None, None, "view"],
        "category": [None, None, "a"],
        "price_cents": [None, None, 5],
        "gap_seconds": [None, None, DAY],
    }
    assert bob == dict.fromkeys(ARRAYS, [None] * LENGTH)


@pytest.mark.parametrize(
    "later",
    [
        acted(0),
        acted(-1),
        acted(5) | {"arrived_at": T},
        acted(91 * DAY),
        acted(5, "email_held_out"),
        acted(5) | {"customer_id": "bob"},
    ],
)
def test_what_is_too_late_too_old_never_sent_or_anothers_is_not_among_them(later, tmp_path):
    assert arrays_of([*FOUR, later], [at_cutoff()], tmp_path) == arrays_of(FOUR, [at_cutoff()], tmp_path)


def test_a_session_sees_its_customers_events_before_it_and_then_its_own(tmp_path):
    rows = [{"row_id": "s1", "session_id": "s1", "customer_id": "ann", "cutoff": T + 30}]
    sessions = [{"session_id": "s1", "customer_id": "ann", "started_at": T}]
    own = [acted(-at, kind, session_id="s1") for at, kind in ((0, "search"), (20, "add_to_cart"), (30, "checkout"))]
    elsewhere = [acted(-10, "wishlist", session_id="s2")]
    (found,) = arrays_of([*FOUR, *own, *elsewhere], rows, tmp_path, task="session", sessions=sessions).values()
    assert found["event_type"] == ["checkout", "search", "add_to_cart"]
    assert found["gap_seconds"] == [10, 20, 10]


def test_the_dictionary_says_of_each_array_when_it_is_known():
    assert list(sequence_dictionary(task="customer", scoring_moment="session_start")["known_at"].unique()) == ["cutoff"]
    moments = {
        moment: sequence_dictionary(task="session", scoring_moment=moment)["known_at"].iloc[0]
        for moment in ("session_start", "session_end")
    }
    assert moments == {"session_start": "session_start", "session_end": "during_session"}


@SLOW
@given(st.lists(EVENTS, max_size=30), st.lists(EVENTS, max_size=30), st.randoms())
def test_events_that_happen_or_arrive_at_or_after_the_cutoff_change_no_array(tmp_path_factory, acts, others, random):
    def known(events, start):
        shop = numbered({"customers": [{}] * 4, "events": events, "orders": []}, start)
        return [part["events"] for part in parts({"events": shop["events"]}, T)]

    (early, late), (_, news) = known(acts, 1), known(others, 1001)
    rows, folder = [at_cutoff(name) for name in NAMED], tmp_path_factory.mktemp("arrays")
    changed = random.sample([*early, *news], len(early) + len(news))
    assert arrays_of(changed, rows, folder, n_threads=2) == arrays_of([*early, *late], rows, folder)


@SLOW
@given(st.lists(SEEN, max_size=20), st.lists(SEEN, max_size=20), st.sampled_from([T + 25, T + 30, T + 31]))
def test_what_a_running_session_does_from_its_moment_on_changes_no_array(tmp_path_factory, acts, others, moment):
    def known(events, start):
        shop = numbered({"customers": [{}] * 4, "events": events, "orders": []}, start)
        return [
            part["events"] for part in parts({"events": [{"customer_id": "ann"} | e for e in shop["events"]]}, moment)
        ]

    (early, late), (_, news) = known(acts, 1), known(others, 1001)
    asked = {"task": "session", "sessions": [{"session_id": "s1", "customer_id": "ann", "started_at": T}]}
    rows = [{"row_id": "s1", "session_id": "s1", "customer_id": "ann", "cutoff": moment}]
    folder = tmp_path_factory.mktemp("arrays")
    assert arrays_of([*news, *early], rows, folder, **asked) == arrays_of([*early, *late], rows, folder, **asked)
