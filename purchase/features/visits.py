"""A customer's sessions, and the category that they looked at most."""

import narwhals as nw

from purchase.features.events import is_a
from purchase.features.past import past, within
from purchase.features.registry import Block, Feature, count, needing, number_of, only_if, ratio, step

COL = nw.col


def session_block(rows, events, *, spans_days):
    """Describe the sessions of which a row has seen events; a session still running counts as far as it has come."""
    in_session = events.filter(~COL("session_id").is_null())
    records = past(rows, in_session, at="event_at", lookback_days=spans_days[-1])
    sessions = records.group_by("row_id", "session_id").agg(
        age=COL("age").min(), oldest=COL("age").max(), n_events=nw.len(), with_cart=is_a("add_to_cart").any()
    )
    features = []
    for days in spans_days:
        features.append(
            count(f"n_sessions_{days}d", within(days), f"sessions in the last {days} days", unit="sessions")
        )
    n_sessions = COL(f"n_sessions_{spans_days[-1]}d")
    features += [
        step("seconds", (COL("oldest") - COL("age")).sum().cast(nw.Int64)),
        step("n_session_events", COL("n_events").sum().cast(nw.Int64)),
        step("n_with_cart", number_of(COL("with_cart"))),
        step("n_of_one_event", number_of(COL("n_events") == 1)),
        ratio("mean_session_minutes", COL("seconds") / 60, n_sessions, "length of a session, mean", unit="minutes"),
        ratio("events_per_session", COL("n_session_events"), n_sessions, "events in a session, mean", unit="events"),
        ratio("cart_session_share", COL("n_with_cart"), n_sessions, "share of sessions with a cart"),
        ratio("one_event_session_share", COL("n_of_one_event"), n_sessions, "share of sessions of a single event"),
        ratio(
            "orders_per_session",
            COL(f"n_orders_{spans_days[-1]}d"),
            n_sessions,
            "orders over sessions in the lookback",
            needs=("orders",),
        ),
    ]
    return Block("events", sessions, needing(features, "events.session_id"))


def favourite_block(rows, events, *, lookback_days):
    """Name the category viewed most; of equals the first in the alphabet."""
    viewed = events.filter(is_a("view") & ~COL("category").is_null())
    pairs = past(rows, viewed, at="event_at", lookback_days=lookback_days)
    counts = pairs.group_by("row_id", "category").agg(n=nw.len().cast(nw.Int64))
    counts = counts.with_columns(most=COL("n").max().over("row_id"))
    features = [
        Feature(
            "favourite_category",
            "category viewed most in the lookback",
            aggregate=only_if(COL("n") == COL("most"), COL("category")).min(),
            type="category",
        ),
        step("n_most", COL("n").max()),
        step("n_categorised", COL("n").sum().cast(nw.Int64)),
        ratio(
            "favourite_category_share",
            COL("n_most"),
            COL("n_categorised"),
            "its share of the views",
        ),
    ]
    return Block("events", counts, needing(features, "events.category"))
