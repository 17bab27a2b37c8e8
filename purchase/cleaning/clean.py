"""Clean a shop's tables: drop, tidy and join, with a reason for every row that goes."""

import dataclasses

import narwhals as nw

from purchase.cleaning import marks, orders, repeats, sessions

# What each clean table is sorted by when it is written: rows that agree in all of it are the same in every column.
SORT_BY = {
    "customers": ("customer_id",),
    "events": ("customer_id", "event_at", "row"),
    "orders": ("order_id",),
    "order_lines": orders.LINES,
    "returns": orders.RETURNS,
    "sessions": ("session_id",),
    "dropped": ("table", "row"),
}


@dataclasses.dataclass(frozen=True)
class Cleaned:
    """Clean tables by name, ``dropped`` among them, and the account of each table that was read."""

    tables: dict
    accounts: dict


def clean(tables, *, settle, extra_categories=(), **settings):
    """Clean the four tables of a shop.

    Parameters
    ----------
    tables : dict of LazyFrame
        ``customers``, ``events``, ``orders`` and ``sessions`` after their contracts; any may have no rows.
    settle : callable
        Takes a lazy frame and returns it computed, so that what is used several times is computed once.
    extra_categories : sequence of str
        The shop's extra columns that are categories.
    **settings
        ``near_duplicate_seconds``, ``session_gap_minutes``, ``bot_events_per_minute`` and ``bot_min_events``.

    Returns
    -------
    Cleaned
        Of every table, rows read = rows kept + rows dropped.
    """
    marked = _marked(tables, settle, (*marks.CATEGORIES, *extra_categories), settings)
    customers, events, lines, given = (
        marks.kept(marked[name]) for name in ("customers", "events", "orders", "sessions")
    )
    clean_lines, returns = orders.order_lines(lines), settle(orders.returns_of_lines(lines))
    has_given = _n_rows(given) > 0
    found = settle(sessions.sessions_of_shop(given) if has_given else sessions.sessions_of_events(events))
    placed = settle(
        sessions.link_orders(
            orders.orders_of_lines(clean_lines), events, found, session_gap_minutes=settings["session_gap_minutes"]
        )
    )
    everyone = orders.all_customers(customers, _test_ids(tables["customers"]), events, lines, found)
    accounts = {name: marks.account(table) for name, table in marked.items()}
    accounts["customers"]["added"] = _n_rows(everyone) - accounts["customers"]["kept"]
    return Cleaned(
        {
            "customers": everyone,
            "events": events,
            "orders": placed,
            "order_lines": clean_lines.select(*orders.LINES),
            "returns": returns,
            "sessions": sessions.with_outcome(found, placed),
            "dropped": nw.concat([marks.dropped(table, table=name) for name, table in marked.items()]),
        },
        accounts,
    )


def _marked(tables, settle, categories, settings):
    """Return the tables with sessions found and ``reason`` marked."""
    tidy = {name: marks.normalise(table, categories=categories) for name, table in tables.items()}
    test_ids = settle(_test_ids(tables["customers"]))
    # Only what was found is settled on the way, and not the events themselves: they may be many.
    near = {"seconds": settings["near_duplicate_seconds"]}
    suspects = repeats.suspects(tidy["events"], settle=settle, **near)
    first = marks.mark_events(tidy["events"], test_ids, settle(repeats.exact_repeats(suspects)))
    found = sessions.sessionise(marks.kept(first), session_gap_minutes=settings["session_gap_minutes"])
    knobs = {name: settings[name] for name in ("bot_events_per_minute", "bot_min_events")}
    bots = settle(sessions.find_bots(found, **knobs))
    again = settle(repeats.near_repeats(found, suspects, **near))
    gone = first.filter(~nw.col("reason").is_null())
    rest = marks.mark_actions(found, bots, again)
    events = nw.concat([gone, rest.select(*gone.collect_schema().names())])
    return {
        "customers": settle(marks.mark_customers(tidy["customers"])),
        "events": settle(events),
        "orders": settle(marks.mark_orders(tidy["orders"], test_ids)),
        "sessions": settle(marks.mark_sessions(tidy["sessions"], test_ids)),
    }


def _test_ids(customers):
    return customers.filter(nw.col("is_test")).select("customer_id").unique()


def _n_rows(table):
    return int(table.select(nw.len()).collect().item())
