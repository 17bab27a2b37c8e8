"""The features of a session at its scoring moment."""

import pyarrow as pa
import pytest

from purchase.shops import Extra
from tests.features.small_shop import T, event, features_of, order

ROW = {"row_id": "s1", "session_id": "s1", "customer_id": "ann"}


def seen(at, kind="view", **more):
    """Return an event of session s1, so many seconds after its start at T."""
    return {"event_at": T + at, "event_type": kind, "customer_id": "ann", "session_id": "s1"} | more


def session(**more):
    return {"session_id": "s1", "customer_id": "ann", "started_at": T, "ended_at": T + 600, "n_events": 4} | more


SHOP = {
    "events": [
        seen(0, product_id="a", price_cents=100),
        seen(10, product_id="b", price_cents=300),
        seen(30, "add_to_cart", product_id="b", price_cents=300),
        seen(600, "checkout"),
        event(3, session_id="s0", product_id="b"),
        *(event(99, kind, customer="bob") for kind in ("search", "checkout")),
    ],
    "orders": [order(3), order(0), order(-1)],
    "sessions": [session(device="mobile", traffic_source="search"), session(session_id="s0", customer_id=None)],
}


def found_in(shop=SHOP, *, cutoff=T, moment="session_start", **changed):
    rows = [ROW | {"cutoff": cutoff}]
    found, entries = features_of(shop, rows, task="session", scoring_moment=moment, **changed)
    return found["s1"], entries


def test_at_its_start_a_session_knows_its_customers_past_and_how_it_came():
    found, entries = found_in()
    assert (found["n_orders_90d"], found["n_view_7d"], found["n_sessions_90d"]) == (1, 1, 1)
    assert (found["device"], found["traffic_source"], found["anonymous"]) == ("mobile", "search", False)
    assert (found["hour"], found["weekday"], found["weekend"], found["month"]) == (0, 4, False, 10)  # Friday 2024-10-04
    assert {entry["known_at"] for entry in entries} == {"session_start"}
    assert not [name for name in found if name.endswith("so_far")]


def test_after_its_first_events_a_session_has_shown_them_and_nothing_later():
    found, entries = found_in(cutoff=T + 31, moment="during_session")
    assert (found["n_view_so_far"], found["n_add_to_cart_so_far"], found["n_checkout_so_far"]) == (2, 1, 0)
    assert (found["seconds_so_far"], found["seconds_per_event_so_far"]) == (30, 15)
    assert (found["n_products_so_far"], found["cart_cents_so_far"]) == (2, 300)
    assert found["last_type_so_far"] == "add_to_cart"
    assert (found["longest_pause_so_far"], found["last_pause_so_far"]) == (20, 20)
    assert found["n_products_seen_before"] == 1  # b, three days ago
    assert found["n_view_7d"] == 1  # the history ends where the session begins
    late = {entry["name"] for entry in entries if entry["known_at"] == "during_session"}
    assert late == {name for name in found if name.endswith(("so_far", "seen_before"))}


def test_views_again_in_the_session_are_counted_and_the_time_after_a_view_is_its_mean():
    views = [seen(0, product_id="a"), seen(10, product_id="b"), seen(40, product_id="a"), seen(45, "search")]
    views += [seen(60, product_id="a"), seen(62, "add_to_cart", product_id="b"), seen(70, product_id="b")]
    old = event(3, session_id="s0", product_id="a")  # is of another session
    shop = SHOP | {"events": [*views, old, *SHOP["events"][-2:]]}
    found, _ = found_in(shop, cutoff=T + 70, moment="during_session")
    assert found["n_views_again_so_far"] == 2  # a, twice
    assert found["seconds_after_view_so_far"] == (10 + 30 + 5 + 2) / 4
    first, _ = found_in(shop, cutoff=T + 1, moment="during_session")
    assert (first["n_views_again_so_far"], first["seconds_after_view_so_far"]) == (0, None)


def test_what_a_session_does_after_its_cutoff_changes_nothing():
    fewer = {"cutoff": T + 31, "moment": "during_session"}
    changed = SHOP | {"events": [*SHOP["events"][:3], *SHOP["events"][4:], seen(31, "search", price_cents=9)]}
    changed["sessions"] = [
        session(device="mobile", traffic_source="search", ended_at=T + 31, n_events=9),
        SHOP["sessions"][1],
    ]
    assert found_in(changed, **fewer) == found_in(**fewer)


@pytest.mark.parametrize("moment", ["session_start", "during_session"])
def test_whether_the_session_orders_changes_no_feature(moment):
    bought = SHOP | {
        "sessions": [session(device="mobile", traffic_source="search", first_ordered_at=T + 99, ordered=True)]
    }
    bought["orders"] = [
        *SHOP["orders"],
        {"order_id": "new", "customer_id": "ann", "ordered_at": T + 99, "session_id": "s1"},
    ]
    bought["events"] = [*SHOP["events"], seen(99, "purchase", order_id="new")]
    where = {"cutoff": T if moment == "session_start" else T + 31, "moment": moment}
    without = SHOP | {"sessions": SHOP["sessions"][:1]}
    assert found_in(bought, **where) == found_in(without, **where)


def test_the_history_of_an_anonymous_session_is_missing_and_not_zero():
    rows = [{"row_id": "s0", "session_id": "s0", "customer_id": None, "cutoff": T}]
    found, _ = features_of(SHOP, rows, task="session")
    assert found["s0"]["anonymous"] is True
    assert found["s0"]["n_orders_90d"] is found["s0"]["n_view_7d"] is found["s0"]["n_in_open_cart"] is None


def test_hours_are_those_of_the_shops_own_clock_also_after_it_changes():
    for at, hour in ((1_711_846_799, 1), (1_711_846_800, 3)):  # 01:00 UTC on 2024-03-31 is when clocks go from 2 to 3
        shop = {"sessions": [session(started_at=at), session(session_id="s0", started_at=1_709_251_200)]}
        rows = [ROW | {"cutoff": at}, {"row_id": "s0", "session_id": "s0", "cutoff": 1_709_251_200}]
        found, _ = features_of(shop, rows, task="session", time_zone="Europe/Berlin")
        assert found["s1"]["hour"] == hour
        assert (found["s0"]["hour"], found["s0"]["month"]) == (1, 3)


EXTRAS = {
    "info_pages": Extra(column="I", type="number", meaning="pages of information", known_at="during_session"),
    "info_seconds": Extra(column="D", type="number", meaning="time on them", unit="seconds", known_at="session_end"),
    "bounce_rate": Extra(column="B", type="number", meaning="bounce rate"),
    "exit_rate": Extra(column="E", type="number", meaning="exit rate"),
    "region": Extra(column="R", type="category", meaning="region", known_at="session_start"),
    "returning": Extra(column="V", type="boolean", meaning="been here before", known_at="session_start"),
}
KINDS = dict.fromkeys(("info_pages", "info_seconds", "bounce_rate", "exit_rate"), pa.float64())
KINDS |= {"region": pa.string(), "returning": pa.bool_()}
TOLD = {
    "info_pages": 4.0,
    "info_seconds": 20.0,
    "bounce_rate": 0.25,
    "exit_rate": 0.75,
    "region": "north",
    "returning": True,
}


def told(moment, **changed):
    shop = {"sessions": [{"session_id": "s1", "ordered": True} | TOLD | changed, {"session_id": "s2"} | TOLD]}
    rows = [{"row_id": "s1", "session_id": "s1"}]
    extras = {"customers": {}, "sessions": EXTRAS}
    found, entries = features_of(
        shop, rows, more={"sessions": KINDS}, task="session", scoring_moment=moment, extras=extras
    )
    return found["s1"], entries


def test_a_table_of_sessions_gives_time_per_page_totals_and_differences():
    found, _ = told("session_end")
    assert (found["info_seconds_per_page"], found["total_pages"], found["total_seconds"]) == (5, 4, 20)
    assert found["exit_minus_bounce"] == 0.5
    assert found["info_page_share"] == 1
    assert told("session_end", info_pages=0.0)[0]["info_seconds_per_page"] is None


@pytest.mark.parametrize(
    ("moment", "names"),
    [("session_start", {"region", "returning"}), ("during_session", {"region", "returning", "info_pages"})],
)
def test_what_is_known_later_than_the_scoring_moment_cannot_enter_nor_what_is_made_of_it(moment, names):
    found, entries = told(moment)
    assert set(found) == names == {entry["name"] for entry in entries}


def test_a_yes_or_no_that_is_missing_somewhere_is_a_number():
    found, entries = told("session_start", returning=None)
    assert found["returning"] is None
    assert {entry["name"]: entry["type"] for entry in entries} == {"region": "category", "returning": "number"}
    found, entries = told("session_start")
    assert found["returning"] is True


def test_history_before_a_session_is_within_the_lookback():
    shop = SHOP | {"orders": [order(90), order(90.001)]}
    assert found_in(shop)[0]["n_orders_90d"] == 1
