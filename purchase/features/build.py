"""Put the blocks together: every row's features, and the dictionary that explains them."""

import dataclasses

import narwhals as nw
import pandas as pd

from purchase.features import clock, customers, emails, events, orders, sessions, visits
from purchase.features.filled import find_filled
from purchase.features.registry import entry, usable
from purchase.tables import KEY_COLUMNS, TableError, with_missing

COL = nw.col
OUTCOME = ("customer_id", "ended_at", "n_events", "first_ordered_at", "ordered")  # of a session: not for features
KINDS = {"number": nw.Float64, "category": nw.String, "boolean": nw.Boolean}


def describe(rows, tables, *, task, scoring_moment, windows_days, lookback_days, time_zone, extras):
    """Describe each row by what was known at its cutoff.

    Parameters
    ----------
    rows : LazyFrame
        The split. For the session task, a customer's history ends where the session begins.
    tables : dict of LazyFrame
        The clean tables.
    task : {"customer", "session"}
    scoring_moment : str
        One of ``KNOWN_AT``; features known later are left out.
    windows_days : list of int
        Windows that end at the cutoff; the lookback is one more.
    extras : dict of dict
        ``customers`` and ``sessions``: the shop's extra columns, {name: Extra}.

    Returns
    -------
    LazyFrame
        ``row_id`` and the features.
    DataFrame
        The dictionary: a row a feature, in the order of the columns.
    """
    spans = [*sorted({days for days in windows_days if days < lookback_days}), lookback_days]
    filled = find_filled(tables, rows)
    seen = _until_the_session(rows, tables["sessions"]) if task == "session" else rows
    frame = _with_clock(customers.known_customers(seen, tables["customers"]), filled, time_zone)
    own = _session_blocks(rows, tables, extras) if task == "session" else []
    blocks = [*own, customers.customer_block(extras["customers"]), *_history_blocks(seen, tables, spans)]
    _check_names(blocks, extras, frame)
    chosen = [(block, usable(block, filled=filled, scoring_moment=scoring_moment)) for block in blocks]
    for block, features in chosen:
        frame = _attach(frame, block, features)
    shown = [(block, _without_gaps(f, filled)) for block, features in chosen for f in features if f.meaning]
    _check_once([f.name for _, f in shown])
    values = {f.name: _value(f).cast(KINDS[f.type]) for _, f in shown}
    dictionary = pd.DataFrame([entry(f, block=block, task=task) for block, f in shown])
    return frame.select("row_id", **values), dictionary


def _until_the_session(rows, table):
    """Move each row's cutoff to where its session begins, and join what the table of sessions says."""
    told = [name for name in table.collect_schema().names() if name not in OUTCOME]
    return rows.join(table.select(told), on="session_id", how="left").with_columns(cutoff=COL("started_at"))


def _with_clock(frame, filled, time_zone):
    """Add the wall clock's seconds and months at the cutoff; missing where rows have no times."""
    if "split" not in filled:
        return with_missing(frame, {"wall": nw.Int64, "months": nw.Int64})
    first_at, last_at = frame.select(first=COL("cutoff").min(), last=COL("cutoff").max()).collect().row(0)
    span = {"first_at": int(first_at), "last_at": int(last_at)}
    walled = frame.with_columns(wall=clock.wall_seconds(COL("cutoff"), time_zone=time_zone, **span))
    return walled.with_columns(months=clock.months(COL("wall"), **span))


def _session_blocks(rows, tables, extras):
    """List the blocks about the session itself; what it has shown goes by the row's own cutoff."""
    return [
        sessions.table_block(extras["sessions"]),
        sessions.start_block(),
        sessions.so_far_block(rows, tables["events"]),
        customers.moment_block(),
    ]


def _history_blocks(rows, tables, spans_days):
    """List the blocks about the season and what the customer did before."""
    lookback = spans_days[-1]
    order_block = orders.order_block(rows, tables["orders"], spans_days=spans_days)
    last = order_block.records.group_by("row_id").agg(last_ordered_at=COL("ordered_at").max())
    since = rows.join(last, on="row_id", how="left")
    return [
        customers.season_block(),
        order_block,
        orders.line_block(rows, tables["order_lines"], lookback_days=lookback),
        orders.return_block(rows, tables["returns"], lookback_days=lookback),
        events.event_block(since, tables["events"], spans_days=spans_days),
        visits.session_block(rows, tables["events"], spans_days=spans_days),
        visits.favourite_block(rows, tables["events"], lookback_days=lookback),
        emails.email_block(rows, tables["events"], spans_days=spans_days),
    ]


def _check_names(blocks, extras, frame):
    """Refuse a name with two meanings: a shop's own column, or an aggregate, that is called like another column.

    A join would keep the other column under the name, and it may well hold what is not known yet.
    """
    own = [*extras["customers"], *extras["sessions"]]
    aggregates = [f.name for block in blocks for f in block.features if f.aggregate is not None]
    columns = {*frame.collect_schema().names(), *KEY_COLUMNS} - set(own)
    _check_once([*columns, *(name for name in own if name in KEY_COLUMNS), *own, *aggregates])


def _check_once(names):
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(
            f"{twice[0]!r} is the name of two columns. If it is an extra column in the shop's YAML, give it another "
            "name there (the key under `extra`)."
        )


def _attach(frame, block, features):
    """Join a block's aggregates to the rows. What a known customer lacks is ``absent``."""
    found = {f.name: f.aggregate for f in features if f.aggregate is not None}
    if not found:
        return frame
    joined = frame.join(block.records.group_by("row_id").agg(**found), on="row_id", how="left")
    lacks = [f for f in features if f.absent is not None]
    return joined.with_columns("row_id", **{f.name: _or_absent(f) for f in lacks})


def _or_absent(feature):
    lacks = ~COL("customer_id").is_null() & COL(feature.name).is_null()
    return nw.when(lacks).then(nw.lit(feature.absent)).otherwise(COL(feature.name))


def _value(feature):
    return COL(feature.name) if feature.value is None else feature.value


def _without_gaps(feature, filled):
    """Turn a yes or no that is missing somewhere into a number, 1 or 0, since a flag has no room for it."""
    gaps = feature.as_told and any(f"{need} missing" in filled for need in feature.needs)
    return dataclasses.replace(feature, type="number") if feature.type == "boolean" and gaps else feature
