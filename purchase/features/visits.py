"""A customer's sessions: how many, how long and deep, how far apart, and what the last one held."""

import narwhals as nw

from purchase.features.cells import by_cell
from purchase.features.events import is_a, used
from purchase.features.past import past, within
from purchase.features.registry import Block, Feature, count, grouped, needing, number_of, ratio, share, step
from purchase.tables import DAY

COL = nw.col


def session_block(rows, events, *, spans_days, grid):
    """Describe the sessions of which a row has seen events; a session still running counts as far as it has come."""
    lookback = spans_days[-1]
    cells = by_cell(
        events.filter(~COL("session_id").is_null()),
        "session_id",
        at="event_at",
        grid=grid,
        began_at=COL("event_at").min(),
        n_events=nw.len().cast(nw.Int64),
        n_views=number_of(is_a("view")),
        with_cart=is_a("add_to_cart").any(),
        with_checkout=is_a("checkout").any(),
    )
    sessions = (
        past(rows, cells, at="event_at", lookback_days=lookback)
        .group_by("row_id", "session_id")
        .agg(
            age=COL("age").min(),
            oldest=(COL("cutoff") - COL("began_at")).max(),
            n_events=COL("n_events").sum().cast(nw.Int64),
            n_views=COL("n_views").sum().cast(nw.Int64),
            with_cart=COL("with_cart").any(),
            with_checkout=COL("with_checkout").any(),
        )
    )
    reach = COL("with_cart").cast(nw.Int64) + COL("with_checkout").cast(nw.Int64)
    sessions = sessions.with_columns(length=COL("oldest") - COL("age"), reach=reach)
    features = [
        count(f"n_sessions_{days}d", within(days), f"sessions in the last {days} days", unit="sessions")
        for days in spans_days
    ]
    features += [*_depth(lookback), *grouped([*_last(), *_pace(lookback)], "visits")]
    return Block("events", sessions, needing(features, "events.session_id"), "sessions")


def _depth(lookback):
    n_sessions, cart = COL(f"n_sessions_{lookback}d"), used("add_to_cart")
    per_session = "orders over sessions in the lookback"
    return [
        step("seconds", (COL("oldest") - COL("age")).sum().cast(nw.Int64)),
        step("n_session_events", COL("n_events").sum().cast(nw.Int64)),
        step("n_with_cart", number_of(COL("with_cart"))),
        step("n_of_one_event", number_of(COL("n_events") == 1)),
        ratio("mean_session_minutes", COL("seconds") / 60, n_sessions, "length of a session, mean", unit="minutes"),
        ratio("events_per_session", COL("n_session_events"), n_sessions, "events in a session, mean", unit="events"),
        share("cart_session_share", COL("n_with_cart"), n_sessions, "share of sessions with a cart", needs=cart),
        share("one_event_session_share", COL("n_of_one_event"), n_sessions, "share of sessions of a single event"),
        ratio("orders_per_session", COL(f"n_orders_{lookback}d"), n_sessions, per_session, needs=("orders",)),
    ]


def _last():
    """Describe the last session: its reach says whether the customer was about to order."""
    latest = {"order_by": ["age", "session_id"]}
    reach = "0: the last session reached no cart, 1: the cart, 2: the checkout"
    return [
        step("last_length", COL("length").first(**latest)),
        Feature("last_session_minutes", "length of the last session", "minutes", value=COL("last_length") / 60),
        Feature(
            "last_session_views",
            "views in the last session",
            "events",
            aggregate=COL("n_views").first(**latest),
            kinds=("view",),
        ),
        Feature(
            "last_session_reach",
            reach,
            "0 to 2",
            aggregate=COL("reach").first(**latest),
            kinds=("add_to_cart", "checkout"),
        ),
    ]


def _pace(lookback):
    n_gaps, last = COL(f"n_sessions_{lookback}d") - 1, COL("last_session_age")
    span = COL("first_session_age") - last
    gap = "mean time between the starts of sessions; missing: fewer than two"
    overdue = "time since the last session began over the mean time between sessions"
    return [
        step("first_session_age", COL("oldest").max()),
        step("last_session_age", COL("oldest").min()),
        ratio("mean_visit_gap_days", span / DAY, n_gaps, gap, unit="days"),
        ratio("visit_overdue_ratio", last * n_gaps, span, overdue),
    ]
