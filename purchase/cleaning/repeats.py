"""Find the records that a shop has twice. Of events, which may be many, only those that may be repeats are sorted."""

import narwhals as nw

from purchase.cleaning.sessions import known_at

# What is the same for two records of one action; their times may differ by a moment.
SAME_ACTION = ("customer_id", "session_id", "event_type", "product_id", "campaign_id", "order_id")


def is_repeat(table):
    """Return an expression that is true for a row that is the same as one before it in every column but ``row``."""
    columns = [name for name in table.collect_schema().names() if name != "row"]
    return nw.col("row") != nw.col("row").min().over(*columns)


def exact_repeats(events):
    """Return the events that are the same as one before them in every column but ``row``.

    Parameters
    ----------
    events : LazyFrame
        Of the contract's columns.

    Returns
    -------
    LazyFrame of ``row``
    """
    return _sharing(events, at=nw.col("event_at")).filter(is_repeat(events)).select("row")


def near_repeats(events, *, seconds, settle):
    """Return the events that are the same action as the one that arrived before, a moment apart.

    Events are held against each other in slots of time, twice: two that are so close share a slot of one or the other.
    Events with neither customer nor session are never repeats, since they may be of different people.

    Parameters
    ----------
    events : LazyFrame
        With their sessions.
    seconds : float
        The longest moment.
    settle : callable
        As ``clean`` takes it: each of the two is computed by itself, for both at once would need the memory of both.

    Returns
    -------
    LazyFrame of ``row``
    """
    whose = ~nw.col("customer_id").is_null() | ~nw.col("session_id").is_null()
    acts = events.filter(whose).select("row", "event_at", *SAME_ACTION, known_at=known_at())
    half = int(seconds) + 1
    return nw.concat([settle(_near_in_slots(acts, seconds, half, offset)) for offset in (0, half)]).unique()


def _near_in_slots(acts, seconds, half, offset):
    slots = acts.with_columns(slot=(nw.col("event_at") + offset) // (2 * half))
    alike = _sharing(slots, at=nw.col("slot"))
    # By arrival: a record that comes late is the repeat, and takes nothing from what was known before it.
    previous = nw.col("event_at").shift(1).over(*SAME_ACTION, "slot", order_by=["known_at", "row"])
    return alike.filter((nw.col("event_at") - previous).abs() <= seconds).select("row")


def _sharing(events, *, at):
    """Return the events that share a time, a person and a product with another."""
    whose = {"person__": nw.coalesce("customer_id", "session_id").fill_null(""), "at__": at}
    keyed = events.with_columns(**whose, product__=nw.col("product_id").fill_null(""))
    keys = ["at__", "person__", "product__"]
    shared = keyed.group_by(*keys).agg(n__=nw.len()).filter(nw.col("n__") > 1)
    return keyed.join(shared.select(*keys), on=keys, how="semi").drop(*keys)
