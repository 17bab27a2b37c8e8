"""Find sessions in the events, those of bots among them, and the orders that were placed in them."""

import narwhals as nw

from purchase.tables import EMAIL_TYPES, with_missing

STANDARD = {
    "session_id": nw.String,
    "customer_id": nw.String,
    "started_at": nw.Int64,
    "ended_at": nw.Int64,
    "n_events": nw.Int64,
    "device": nw.String,
    "traffic_source": nw.String,
    "first_ordered_at": nw.Int64,
    "ordered": nw.Boolean,
}


def sessionise(events, *, session_gap_minutes):
    """Give every event but e-mails a session.

    The shop's own session id stays as it is. Events of a customer without one are in one session until a pause longer
    than ``session_gap_minutes`` between arrivals (so that what comes late joins no session that was told apart before);
    its id is ``gap:<customer>@<start>``. An event with neither customer nor session id
    is a session of its own, ``event:<row>``, since nothing says which others are of the same person.
    """
    email = nw.col("event_type").is_in(EMAIL_TYPES)
    given, customer = ~nw.col("session_id").is_null(), ~nw.col("customer_id").is_null()
    columns = events.collect_schema().names()
    alone = nw.concat_str(nw.lit("event:"), nw.col("row").cast(nw.String))
    return nw.concat(
        [
            events.filter(email).with_columns(session_id=nw.lit(None, dtype=nw.String)),
            events.filter(~email & given),
            _by_gap(events.filter(~email & ~given & customer), session_gap_minutes).select(columns),
            events.filter(~email & ~given & ~customer).with_columns(session_id=alone),
        ]
    )


def _by_gap(events, session_gap_minutes):
    in_time = {"order_by": ["known_at", "row"]}
    arrived = events.with_columns(known_at=known_at())
    pause = nw.col("known_at") - nw.col("known_at").shift(1).over("customer_id", **in_time)
    begins = pause.is_null() | (pause > session_gap_minutes * 60)
    starts = arrived.with_columns(start=nw.when(begins).then(nw.col("known_at")).otherwise(nw.lit(0)))
    starts = starts.with_columns(start=nw.col("start").cum_max().over("customer_id", **in_time))
    name = [nw.lit("gap:"), nw.col("customer_id"), nw.lit("@"), nw.col("start").cast(nw.String)]
    return starts.with_columns(session_id=nw.concat_str(*name))


def find_bots(events, *, bot_events_per_minute, bot_min_events):
    """Find the sessions of bots, and from when on each is known to be one.

    A session is proved a bot's by the event, in order of arrival, by which it has had ``bot_min_events`` or more,
    faster than ``bot_events_per_minute``. Before that the shop could not know it, and features of that time must not.
    A session that names no customer is a bot's from its first event on: no customer's features see it, and it is no
    row of the session task.

    Parameters
    ----------
    events : LazyFrame
        With their sessions.

    Returns
    -------
    LazyFrame
        ``session_id`` and ``bot_from`` (seconds): events known from then on are the bot's.
    """
    in_time = {"order_by": ["known_at", "row"]}
    acts = events.filter(~nw.col("session_id").is_null()).select(
        "row", "session_id", "customer_id", "event_at", known_at=known_at()
    )
    long = acts.group_by("session_id").agg(n=nw.len()).filter(nw.col("n") >= bot_min_events)
    acts = acts.join(long.select("session_id"), on="session_id", how="semi")
    ends = {"latest": nw.col("event_at").cum_max(), "earliest": nw.col("event_at").cum_min()}
    so_far = {name: end.over("session_id", **in_time) for name, end in ends.items()}
    acts = acts.with_columns(n=nw.col("row").cum_count().over("session_id", **in_time), **so_far)
    fast = nw.col("n") * 60 > bot_events_per_minute * (nw.col("latest") - nw.col("earliest"))
    acts = acts.with_columns(proof_at=nw.when(fast & (nw.col("n") >= bot_min_events)).then(nw.col("known_at")))
    sessions = acts.group_by("session_id").agg(
        proved_at=nw.col("proof_at").min(), began_at=nw.col("known_at").min(), n_named=nw.col("customer_id").count()
    )
    bot_from = nw.when(nw.col("n_named") == 0).then(nw.col("began_at")).otherwise(nw.col("proved_at"))
    return sessions.filter(~nw.col("proved_at").is_null()).select("session_id", bot_from=bot_from)


def known_at():
    """When the shop had a record of an event: when it arrived, where that is said and later than the event."""
    return nw.max_horizontal("event_at", "arrived_at")


def sessions_of_events(events):
    """Return a row a session: who, when, how many events, and its first event's device and traffic source.

    The first event is the first to arrive: one that comes late moves no session's start. ``customer_id`` is the first
    one that the session names. Device and traffic source are missing where the first event has none: a value that a
    later event brings was not known when the session began.
    """
    first = {"order_by": ["known_at", "row"]}
    browsing = events.filter(~nw.col("session_id").is_null()).with_columns(known_at=known_at())
    sessions = browsing.group_by("session_id").agg(
        started_at=nw.col("event_at").first(**first),
        ended_at=nw.col("event_at").max(),
        n_events=nw.len().cast(nw.Int64),
        device=nw.col("device").first(**first),
        traffic_source=nw.col("traffic_source").first(**first),
        first_purchase_at=nw.when(nw.col("event_type") == "purchase").then(nw.col("event_at")).min(),
    )
    named = browsing.filter(~nw.col("customer_id").is_null())
    return sessions.join(
        named.group_by("session_id").agg(customer_id=nw.col("customer_id").first(**first)), on="session_id", how="left"
    )


def sessions_of_shop(sessions):
    """Return the shop's own table of sessions with the columns that ``sessions_of_events`` gives, missing."""
    have = sessions.collect_schema().names()
    lacking = {name: kind for name, kind in STANDARD.items() if name not in have}
    return with_missing(sessions.drop("row"), lacking | {"first_purchase_at": nw.Int64})


def link_orders(orders, events, sessions, *, session_gap_minutes):
    """Add to each order the session that it was placed in, or missing.

    That is the session of the purchase event which names the order; else the customer's latest session that began by
    then and had not ended ``session_gap_minutes`` before.
    """
    purchases = events.filter(
        (nw.col("event_type") == "purchase") & ~nw.col("order_id").is_null() & ~nw.col("session_id").is_null()
    )
    by_event = purchases.group_by("order_id").agg(by_event=nw.col("session_id").first(order_by=["event_at", "row"]))
    spans = sessions.select("customer_id", "started_at", "ended_at", by_time="session_id").filter(
        ~nw.col("customer_id").is_null()
    )
    near = orders.join(spans, on="customer_id").filter(
        (nw.col("started_at") <= nw.col("ordered_at"))
        & (nw.col("ordered_at") <= nw.max_horizontal("started_at", "ended_at") + int(session_gap_minutes * 60))
    )
    by_time = near.group_by("order_id").agg(by_time=nw.col("by_time").last(order_by=["started_at", "by_time"]))
    linked = orders.join(by_event, on="order_id", how="left").join(by_time, on="order_id", how="left")
    return linked.with_columns(session_id=nw.coalesce("by_event", "by_time")).drop("by_event", "by_time")


def with_outcome(sessions, orders):
    """Add ``first_ordered_at`` and ``ordered``: from purchase events, linked orders, and the shop's own flag."""
    linked = orders.filter(~nw.col("session_id").is_null())
    first = linked.group_by("session_id").agg(first_order_at=nw.col("ordered_at").min())
    found = nw.min_horizontal("first_purchase_at", "first_order_at")
    flag = [nw.col("ordered")] if "ordered" in sessions.collect_schema().names() else []
    joined = sessions.join(first, on="session_id", how="left").with_columns(first_ordered_at=found)
    joined = joined.with_columns(ordered=nw.coalesce(*flag, ~nw.col("first_ordered_at").is_null()))
    extras = [name for name in sessions.collect_schema().names() if name not in (*STANDARD, "first_purchase_at")]
    return joined.select(*STANDARD, *extras)
