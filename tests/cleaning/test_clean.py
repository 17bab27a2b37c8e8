"""Cleaning: what goes, what stays, what belongs together."""

import pytest

from purchase.cleaning.clean import clean
from purchase.engines.registry import engine
from tests.small_tables import listed, table

MINUTE = 60
T = 1_700_000_000
SETTINGS = {
    "session_gap_minutes": 30,
    "near_duplicate_seconds": 2,
    "bot_events_per_minute": 30,
    "bot_min_events": 5,
}


@pytest.fixture
def connection():
    with engine(n_threads=1, memory_gb=1) as opened:
        yield opened


def cleaned(connection, *, customers=(), events=(), orders=(), sessions=(), **changed):
    rows = {"customers": customers, "events": events, "orders": orders, "sessions": sessions}
    tables = {name: table(connection, name, given) for name, given in rows.items()}
    return clean(tables, settle=connection.settle, **(SETTINGS | changed))


def view(at, customer="ann", **more):
    return {"event_at": T + at, "event_type": "view", "customer_id": customer, "product_id": "p1"} | more


def line(at, order="o1", customer="ann", product="p1", **more):
    return {"order_id": order, "customer_id": customer, "ordered_at": T + at, "product_id": product} | more


def reasons(result, name):
    return {row: reason for which, row, reason in listed(result.tables["dropped"]) if which == name}


def test_an_event_equal_in_all_but_its_row_is_dropped_as_a_duplicate_and_the_first_stays(connection):
    result = cleaned(connection, events=[view(0), view(900), view(0)])
    assert reasons(result, "events") == {3: "duplicate"}


def test_the_same_action_within_two_seconds_is_a_near_duplicate_and_after_three_it_is_not(connection):
    result = cleaned(connection, events=[view(0), view(2), view(10), view(13), view(14, product_id="p2")])
    assert reasons(result, "events") == {2: "near_duplicate"}


def test_events_of_nobody_in_no_session_are_never_near_duplicates(connection):
    assert reasons(cleaned(connection, events=[view(0, None), view(1, None)]), "events") == {}


def test_a_test_account_goes_with_its_events_and_orders(connection):
    result = cleaned(
        connection,
        customers=[{"customer_id": "qa", "is_test": True}, {"customer_id": "ann"}],
        events=[view(0, "qa"), view(0)],
        orders=[line(0, customer="qa"), line(0, order="o2")],
    )
    assert [reasons(result, name) for name in ("customers", "events", "orders")] == [{1: "test_account"}] * 3
    assert listed(result.tables["customers"], "customer_id") == [("ann",)]


def visit(session, *, seconds, n, customer=None):
    """Return so many views of a session, of a product each, so many seconds apart."""
    return [view(seconds * k, customer, session_id=session, product_id=f"p{k}") for k in range(n)]


def test_a_bot_is_a_session_too_fast_over_enough_events(connection):
    fast = visit("bot", seconds=2, n=5)  # 5 events in 8 s: 37 a minute
    few = visit("few", seconds=2, n=4)  # as fast, but under bot_min_events
    slow = visit("slow", seconds=3, n=5)  # 5 events in 12 s: 25 a minute
    result = cleaned(connection, events=fast + few + slow)
    assert reasons(result, "events") == dict.fromkeys(range(1, 6), "bot")


def test_a_session_that_names_a_customer_is_a_bots_from_its_proof_on_also_when_it_slows_down(connection):
    late = view(900, session_id="bot", product_id="p9")
    result = cleaned(connection, events=[*visit("bot", seconds=2, n=6, customer="ann"), late])
    assert reasons(result, "events") == {5: "bot", 6: "bot", 7: "bot"}


def test_a_bot_is_proved_by_what_has_arrived(connection):
    fast = visit("bot", seconds=2, n=6, customer="ann")
    fast[0]["arrived_at"] = T + 900
    assert reasons(cleaned(connection, events=fast), "events") == {1: "bot", 6: "bot"}


def test_a_bot_that_repeats_itself_is_a_bot_and_not_a_set_of_near_duplicates(connection):
    result = cleaned(connection, events=[view(n, None, session_id="bot") for n in range(6)])
    assert set(reasons(result, "events").values()) == {"bot"}
    assert len(reasons(result, "events")) == 6


def test_a_session_begins_with_the_first_event_that_arrives(connection):
    late = view(0, session_id="s", device="phone", arrived_at=T + 900)
    result = cleaned(connection, events=[late, view(60, session_id="s", device="desktop")])
    assert listed(result.tables["sessions"], "started_at", "n_events", "device") == [(T + 60, 2, "desktop")]


def test_near_duplicates_are_found_wherever_two_seconds_lie(connection):
    pairs = [view(100 * n + n + gap, product_id=f"p{n}") for n in range(12) for gap in (0, 2)]
    assert reasons(cleaned(connection, events=pairs), "events") == dict.fromkeys(range(2, 25, 2), "near_duplicate")


def test_further_rows_of_a_customer_are_dropped_and_the_one_known_first_stays(connection):
    customers = [{"customer_id": "ann", "gender": gender} for gender in ("male", "female", "other")]
    customers[0] |= {"signed_up_at": T, "updated_at": T + 9}
    customers[1] |= {"signed_up_at": T}
    customers[2] |= {"signed_up_at": T}
    result = cleaned(connection, customers=customers)
    assert reasons(result, "customers") == {1: "duplicate_customer_id", 3: "duplicate_customer_id"}
    assert listed(result.tables["customers"], "gender") == [("female",)]


def test_a_customer_known_only_by_orders_or_events_is_added_without_attributes(connection):
    result = cleaned(
        connection, customers=[{"customer_id": "ann"}], events=[view(0, "bob")], orders=[line(0, customer="eve")]
    )
    assert listed(result.tables["customers"], "customer_id", "gender") == [("ann", None), ("bob", None), ("eve", None)]
    assert result.accounts["customers"]["added"] == 2


def test_every_row_read_is_kept_or_dropped(connection):
    events = [view(0), view(0), view(1), view(5, None), *(view(n, "bot", product_id=f"p{n}") for n in range(9))]
    result = cleaned(connection, events=events, orders=[line(0), line(0), line(9, is_return=True)])
    for name, n_rows in (("events", 13), ("orders", 3)):
        account = result.accounts[name]
        assert account["read"] == n_rows == account["kept"] + account["dropped"]["total"]
        assert (
            sum(account["dropped"]["by_reason"].values()) == account["dropped"]["total"] == len(reasons(result, name))
        )
    assert len(listed(result.tables["events"])) == result.accounts["events"]["kept"]
    n_lines = len(listed(result.tables["order_lines"])) + len(listed(result.tables["returns"]))
    assert n_lines == result.accounts["orders"]["kept"] == 2


def test_categories_are_trimmed_and_lower_cased_and_ids_are_not(connection):
    result = cleaned(connection, events=[view(0, "Ann ", category=" Shoes", device="  ", product_id="P1 ")])
    assert listed(result.tables["events"], "customer_id", "product_id", "category", "device") == [
        ("Ann ", "P1 ", "shoes", None)
    ]


def test_a_pause_longer_than_the_gap_begins_a_new_session_and_one_as_long_does_not(connection):
    result = cleaned(connection, events=[view(0), view(30 * MINUTE), view(60 * MINUTE + 1)])
    sessions = listed(result.tables["sessions"], "session_id", "started_at", "ended_at", "n_events")
    second = T + 3601
    assert sessions == [(f"gap:ann@{T}", T, T + 1800, 2), (f"gap:ann@{second}", second, second, 1)]


def test_the_shops_session_ids_stay_and_an_event_of_nobody_is_a_session_of_its_own(connection):
    result = cleaned(connection, events=[view(0, session_id="s1"), view(9000, None, session_id="s1"), view(0, None)])
    assert listed(result.tables["sessions"], "session_id", "n_events") == [("event:3", 1), ("s1", 2)]


def test_an_email_is_in_no_session(connection):
    result = cleaned(connection, events=[view(0, event_type="email_sent", session_id="s1")])
    assert listed(result.tables["events"], "session_id") == [(None,)]
    assert listed(result.tables["sessions"]) == []


def test_a_session_takes_device_and_source_from_its_first_event_alone(connection):
    result = cleaned(connection, events=[view(5, device="mobile"), view(0, traffic_source="search")])
    assert listed(result.tables["sessions"], "device", "traffic_source") == [(None, "search")]


def test_an_order_adds_up_its_lines(connection):
    lines = [
        line(0, quantity=2, unit_price_cents=500, discount_cents=100, coupon="c"),
        line(0, product="p2", unit_price_cents=300),
        line(0, order="o2", product="p3"),
    ]
    result = cleaned(connection, orders=lines)
    columns = ("order_id", "n_lines", "n_items", "revenue_cents", "discount_cents", "has_coupon")
    assert listed(result.tables["orders"], *columns) == [("o1", 2, 3, 1200, 100, True), ("o2", 1, 1, None, 0, False)]


def test_a_return_goes_to_the_order_it_names_else_to_the_latest_that_fits(connection):
    lines = [
        line(0, "o1", quantity=5),
        line(100, "o2", quantity=3),
        line(200, "o3", quantity=1),  # too few pieces for the second return
        line(300, "o1", quantity=1, is_return=True),
        line(300, "c1", quantity=2, is_return=True),
        line(50, "c2", quantity=2, is_return=True),
        line(300, "c3", quantity=9, is_return=True),
        line(300, "c4", customer=None, quantity=4, is_return=True),
    ]
    result = cleaned(connection, orders=lines)
    found = listed(result.tables["returns"], "quantity", "returned_at", "order_id")
    at = T + 300
    assert found == [(1, at, "o1"), (2, T + 50, "o1"), (2, at, "o2"), (4, at, None), (9, at, None)]


def test_an_order_is_linked_by_its_purchase_event_else_by_customer_and_time(connection):
    bought = view(10, session_id="s1", event_type="purchase", order_id="o1")
    orders = [line(99_999, "o1"), line(20 * MINUTE, "o2", "bob"), line(31 * MINUTE, "o3", "bob"), line(-1, "o4", "bob")]
    result = cleaned(connection, events=[bought, view(0, "bob")], orders=orders)
    linked = listed(result.tables["orders"], "order_id", "session_id")
    assert linked == [("o1", "s1"), ("o2", f"gap:bob@{T}"), ("o3", None), ("o4", None)]
    assert listed(result.tables["sessions"], "session_id", "first_ordered_at", "ordered") == [
        (f"gap:bob@{T}", T + 1200, True),
        ("s1", T + 10, True),
    ]


def test_a_table_of_sessions_keeps_its_own_outcome_and_the_first_row_of_an_id(connection):
    rows = [
        {"session_id": "a", "ordered": True},
        {"session_id": "a", "ordered": False},
        {"session_id": "b", "ordered": False},
    ]
    result = cleaned(connection, sessions=rows)
    assert listed(result.tables["sessions"], "session_id", "ordered") == [("a", True), ("b", False)]
    assert reasons(result, "sessions") == {2: "duplicate_session_id"}


def test_what_arrives_late_joins_no_two_sessions_that_were_told_apart_before(connection):
    times = [{"at": 0}, {"at": 20 * MINUTE, "arrived_at": T + 90 * MINUTE}, {"at": 40 * MINUTE}]
    result = cleaned(
        connection, events=[view(more.pop("at"), product_id=str(n), **more) for n, more in enumerate(times)]
    )
    sessions = dict(listed(result.tables["events"], "product_id", "session_id"))
    assert len(set(sessions.values())) == 3
    at_once = cleaned(connection, events=[view(at * MINUTE, product_id=str(at)) for at in (0, 20, 40)])
    assert len({session for (session,) in listed(at_once.tables["events"], "session_id")}) == 1


def test_of_two_near_duplicates_the_one_that_arrives_later_goes(connection):
    result = cleaned(connection, events=[view(0, arrived_at=T + 500), view(1)])
    assert reasons(result, "events") == {1: "near_duplicate"}


def test_an_order_is_known_from_the_first_line_known_on_and_lines_and_returns_keep_their_arrivals(connection):
    lines = [line(0, arrived_at=T + 50), line(5), line(9, is_return=True, arrived_at=T + 70)]
    tables = cleaned(connection, orders=lines).tables
    assert listed(tables["orders"], "ordered_at", "arrived_at") == [(T, T + 5)]
    assert listed(tables["order_lines"], "arrived_at") == [(None,), (T + 50,)]
    assert listed(tables["returns"], "arrived_at") == [(T + 70,)]
