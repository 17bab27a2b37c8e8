"""Find the records that a shop has twice. Of events, which may be many, only those that may be repeats are sorted."""

import narwhals as nw

from purchase.cleaning.sessions import known_at

# What is the same for two records of one action; their times may differ by a moment.
SAME_ACTION = ("customer_id", "session_id", "event_type", "product_id", "campaign_id", "order_id")


def is_repeat(table):
    """Return an expression that is true for a row that is the same as one before it in every column but ``row``."""
    columns = [name for name in table.collect_schema().names() if name != "row"]
    return nw.col("row") != nw.col("row").min().over(*columns)


def suspects(events, *, seconds, settle):
    """Return the events that may repeat another: those of one person and product at most ``seconds`` apart.

    Parameters
    ----------
    events : LazyFrame
        Of the contract's columns.
    seconds : float
    settle : callable
        As ``clean`` takes it: each of the slots is computed by itself, for both at once would need the memory of both.

    Returns
    -------
    LazyFrame of the columns of ``events``
    """
    rows = [settle(_sharing_slots(events, slot)) for slot in _slots(seconds)]
    return settle(events.join(nw.concat(rows).unique(), on="row", how="semi"))


def exact_repeats(suspects):
    """Return ``row`` of the events that are the same as one before them in every column but ``row``."""
    return suspects.filter(is_repeat(suspects)).select("row")


def near_repeats(events, suspects, *, seconds):
    """Return ``row`` of the events that are the same action as the one that arrived before, a moment apart.

    Events with neither customer nor session are never repeats, since they may be of different people.

    Parameters
    ----------
    events : LazyFrame
        With their sessions.
    suspects : LazyFrame
        As the function of that name returns them.
    seconds : float
        The longest moment.
    """
    whose = ~nw.col("customer_id").is_null() | ~nw.col("session_id").is_null()
    acts = events.filter(whose).join(suspects.select("row"), on="row", how="semi")
    acts = acts.select("row", "event_at", *SAME_ACTION, known_at=known_at())
    return nw.concat([_near_in_slots(acts, seconds, slot) for slot in _slots(seconds)]).unique()


def _slots(seconds):
    """Return two ways to cut time: events at most ``seconds`` apart share a slot of one or the other."""
    half = int(seconds) + 1
    return [(nw.col("event_at") + offset) // (2 * half) for offset in (0, half)]


def _near_in_slots(acts, seconds, slot):
    # By arrival: a record that comes late is the repeat, and takes nothing from what was known before it.
    in_slots = acts.with_columns(slot=slot)
    previous = nw.col("event_at").shift(1).over(*SAME_ACTION, "slot", order_by=["known_at", "row"])
    return in_slots.filter((nw.col("event_at") - previous).abs() <= seconds).select("row")


def _sharing_slots(events, slot):
    """Return ``row`` of the events that share a slot, a person and a product with another."""
    person = nw.coalesce("customer_id", "session_id").fill_null("")
    keyed = events.select("row", slot=slot, person=person, product=nw.col("product_id").fill_null(""))
    keys = ["slot", "person", "product"]
    shared = keyed.group_by(*keys).agg(n=nw.len()).filter(nw.col("n") > 1)
    return keyed.join(shared.select(*keys), on=keys, how="semi").select("row")
