"""Say for every row of a table why it is dropped: the first reason that fits, or missing for a row that stays."""

import string

import narwhals as nw

from purchase.cleaning.repeats import is_repeat
from purchase.cleaning.sessions import known_at
from purchase.tables import MOST_CENTS

LOWER = {  # what engines turn into different small letters
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}": "i",
    "\N{GREEK CAPITAL LETTER SIGMA}": "\N{GREEK SMALL LETTER SIGMA}",
}
BEFORE_ALL_TIME = -(2**62)  # seconds
CATEGORIES = ("gender", "country", "acquisition_channel", "loyalty_tier", "category", "device", "traffic_source")


def normalise(table, *, categories=CATEGORIES):
    """Trim and lower-case the categories that a table has; one of blanks alone is missing. Ids stay as they are."""
    tidy = {name: _tidy(nw.col(name)) for name in table.collect_schema().names() if name in categories}
    return table.with_columns("row", **{name: nw.when(text != "").then(text) for name, text in tidy.items()})


def _tidy(text):
    """Trim and lower-case, alike on every engine."""
    text = text.str.strip_chars(string.whitespace)  # by default, some take blanks of other scripts too
    for capital, small in LOWER.items():
        text = text.str.replace_all(capital, small, literal=True)
    return text.str.to_lowercase()


def mark_customers(customers):
    """Mark exact duplicates, accounts of the shop's own staff, and further rows of a customer.

    The row that was known first stays, and the first of those: what a customer states later takes nothing from it.
    """
    known = customers.with_columns(known_at=nw.max_horizontal("signed_up_at", "updated_at").fill_null(BEFORE_ALL_TIME))
    earlier = nw.col("row").shift(1).over("customer_id", order_by=["known_at", "row"])
    return _mark(
        known,
        duplicate=is_repeat(customers),
        test_account=nw.col("is_test").max().over("customer_id"),
        duplicate_customer_id=~earlier.is_null(),
    ).drop("known_at")


def mark_events(events, test_ids, repeats):
    """Mark exact duplicates and events of test accounts.

    Parameters
    ----------
    events, test_ids, repeats : LazyFrame
        ``test_ids`` holds ``customer_id`` of test accounts; ``repeats``, ``row`` of each event that repeats another.
    """
    flagged = _flagged(_with_test(events, test_ids), "duplicate", repeats)
    return _mark(flagged, duplicate=nw.col("duplicate"), test_account=nw.col("of_test")).drop("duplicate", "of_test")


def mark_actions(events, bots, repeats):
    """Mark events of bots, and near duplicates: the same action again a moment later.

    Bots come first, since a bot may well be one that repeats itself.

    Parameters
    ----------
    events : LazyFrame
        Events with their sessions.
    bots : LazyFrame
        As ``sessions.find_bots`` returns it.
    repeats : LazyFrame
        ``row`` of each event that repeats another.
    """
    flagged = _flagged(events.join(bots, on="session_id", how="left"), "again", repeats)
    return _mark(flagged, bot=known_at() >= nw.col("bot_from"), near_duplicate=nw.col("again")).drop(
        "bot_from", "again"
    )


def mark_orders(orders, test_ids):
    """Mark lines that are exact duplicates, of test accounts, or of a price that no line of an order has."""
    return _mark(
        _with_test(orders, test_ids),
        duplicate=is_repeat(orders),
        test_account=nw.col("of_test"),
        impossible_total=nw.col("quantity") * nw.col("unit_price_cents") > MOST_CENTS,
    ).drop("of_test")


def mark_sessions(sessions, test_ids):
    """Mark exact duplicates, sessions of test accounts, and further rows of a session (the first row stays)."""
    return _mark(
        _with_test(sessions, test_ids),
        duplicate=is_repeat(sessions),
        test_account=nw.col("of_test"),
        duplicate_session_id=nw.col("row") != nw.col("row").min().over("session_id"),
    ).drop("of_test")


def kept(marked):
    """Return the rows without a reason to drop them."""
    return marked.filter(nw.col("reason").is_null()).drop("reason")


def dropped(marked, *, table):
    """Return ``table``, ``row`` and ``reason`` of the rows that are dropped."""
    return marked.filter(~nw.col("reason").is_null()).select(nw.lit(table).alias("table"), "row", "reason")


def account(marked):
    """Return how many rows of a marked table were read, kept and dropped, and why, as a dict of whole numbers."""
    counts = marked.group_by("reason").agg(n=nw.len()).sort("reason").collect("pyarrow").to_pandas()
    by_reason = {reason: int(n) for reason, n in counts.dropna().itertuples(index=False)}
    n_read, n_dropped = int(counts["n"].sum()), sum(by_reason.values())
    return {"read": n_read, "kept": n_read - n_dropped, "dropped": {"total": n_dropped, "by_reason": by_reason}}


def _flagged(table, name, listed, *, on="row"):
    """Add the flag ``name``: whether ``listed`` holds the row's value of the column ``on``."""
    flagged = table.join(listed.with_columns(**{name: nw.lit(True)}), on=on, how="left")
    return flagged.with_columns(nw.col(name).fill_null(False))


def _with_test(table, test_ids):
    return _flagged(table, "of_test", test_ids, on="customer_id")


def _mark(table, **reasons):
    """Add ``reason``: the name of the first of ``reasons`` (boolean expressions) that is true, or missing."""
    flags = table.with_columns(**{f"is_{name}__": flag for name, flag in reasons.items()})
    reason = nw.lit(None, dtype=nw.String)
    for name in reversed(reasons):
        reason = nw.when(nw.col(f"is_{name}__")).then(nw.lit(name)).otherwise(reason)
    return flags.with_columns(reason=reason).drop(*(f"is_{name}__" for name in reasons))
