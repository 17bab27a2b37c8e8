"""Put the blocks together: every row's features, and the dictionary that explains them."""

import dataclasses
from collections.abc import Set

import narwhals as nw
import pandas as pd

from purchase.features import clock, customers
from purchase.features.blocks import Asked, list_blocks
from purchase.features.cells import Grid, grid_of
from purchase.features.filled import find_filled
from purchase.features.registry import entry, usable
from purchase.tables import DAY, KEY_COLUMNS, YES_OR_NO, TableError, with_missing

COL = nw.col
OUTCOME = ("customer_id", "ended_at", "n_events", "first_ordered_at", "ordered")  # of a session: not for features
TEXT = "row_id__"  # a row's own id, while it goes by a number
HAPPENED_AT = {"events": "event_at", "order_lines": "ordered_at", "returns": "returned_at"}
KINDS = {"number": nw.Float64, "category": nw.String, "boolean": nw.Boolean}


@dataclasses.dataclass(frozen=True)
class Survey:
    """What rows are described alike by: what their shop keeps, and from when to when they are."""

    filled: Set[str]  # as find_filled says
    first_at: int | None  # where the first and the last history ends, in seconds; None: rows have no times
    last_at: int | None
    last_scored_at: int | None  # for the session task, later than where the history ends
    grid: Grid


def survey_rows(rows, tables, *, task):
    """Look at all rows of a split, for ``describe`` to describe some of them at a time.

    Parameters
    ----------
    rows : LazyFrame
        The split.
    tables : dict of LazyFrame
        The clean tables.
    task : {"customer", "session"}

    Returns
    -------
    Survey
    """
    seen = _until_the_session(rows, tables["sessions"]) if task == "session" else rows
    times = _span_of_cutoffs(seen)
    grid = grid_of(seen, first_at=times["first_at"])
    last_scored_at = _span_of_cutoffs(rows)["last_at"]
    return Survey(find_filled(tables, rows), **times, last_scored_at=last_scored_at, grid=grid)


def describe(rows, tables, *, scoring_moment, windows_days, lookback_days, engine, leave_out=(), survey=None, **asked):
    """Describe each row by what was known at its cutoff.

    Parameters
    ----------
    rows : LazyFrame
        The split. For the session task, a customer's history ends where the session begins.
    tables : dict of LazyFrame
        The clean tables.
    scoring_moment : str
        One of ``KNOWN_AT``; features known later are left out.
    windows_days : list of int
        Windows that end at the cutoff; the lookback is one more.
    leave_out : sequence of str
        Which of ``FEATURE_GROUPS`` to leave out.
    survey : Survey
        Of the split that ``rows`` are a part of; None: they are all of it.
    engine : Engine
        That the frames are of.
    **asked
        ``task``, ``half_lives_days``, ``horizon_days``, ``time_zone``, ``extras``, ``bg_nbd``: see ``Asked``.

    Returns
    -------
    LazyFrame
        ``row_id`` and the features.
    DataFrame
        The dictionary: a row a feature, in the order of the columns.
    """
    spans = [*sorted({days for days in windows_days if days < lookback_days}), lookback_days]
    survey = survey or survey_rows(rows, tables, task=asked["task"])
    filled, times = survey.filled, {"first_at": survey.first_at, "last_at": survey.last_at}
    rows = engine.settle(_numbered(rows))
    seen = _until_the_session(rows, tables["sessions"]) if asked["task"] == "session" else rows
    tables = _in_sight(tables, survey, lookback_days)
    asked = Asked(spans_days=spans, engine=engine, grid=survey.grid, leave_out=leave_out, **times, **asked)
    frame = _with_clock(customers.known_customers(seen, tables["customers"]), asked)
    blocks = list_blocks(rows, seen, tables, asked)
    _check_names(blocks, asked.extras, frame)
    chosen = [(block, usable(block, filled=filled, scoring_moment=scoring_moment)) for block in blocks]
    for block, features in chosen:
        frame = _attach(frame, block, features)
    shown = [(block, _as_kept(f, filled)) for block, features in chosen for f in features if f.meaning]
    shown = [(block, f) for block, f in shown if (f.group or block.group) not in leave_out]
    _check_once([f.name for _, f in shown])
    values = {f.name: _value(f).cast(KINDS[f.type]) for _, f in shown}
    dictionary = pd.DataFrame([entry(f, block=block, task=asked.task) for block, f in shown])
    return frame.select(row_id=COL(TEXT), **values), dictionary


def asked_by(params, shop):
    """Return what ``describe`` is asked by params.yaml and the shop's YAML; ``bg_nbd`` and ``engine`` go beside it."""
    return {
        "task": shop.task,
        "scoring_moment": shop.scoring_moment,
        "windows_days": params.featurize.windows_days,
        "half_lives_days": params.featurize.half_lives_days,
        "leave_out": params.featurize.leave_out,
        "lookback_days": params.cutoffs.lookback_days,
        "horizon_days": params.cutoffs.horizon_days,
        "time_zone": shop.time_zone,
        "extras": {name: shop.tables[name].extra if name in shop.tables else {} for name in ("customers", "sessions")},
    }


def _numbered(rows):
    """Number the rows in place of their ``row_id``: engines join and group by a number at half the cost."""
    numbered = rows.with_row_index("number__", order_by="row_id").with_columns(COL("row_id").alias(TEXT))
    return numbered.with_columns(row_id=COL("number__").cast(nw.Int64)).drop("number__")


def _in_sight(tables, survey, lookback_days):
    """Leave out records too late or too early for every row before they are joined."""
    if survey.first_at is None:
        return tables
    times = {name: COL(at) for name, at in HAPPENED_AT.items()}
    early, late = survey.first_at - lookback_days * DAY, survey.last_scored_at
    return tables | {name: tables[name].filter(at >= early, at < late) for name, at in times.items()}


def _until_the_session(rows, table):
    """Move each row's cutoff to where its session begins, and join what the table of sessions says."""
    told = [name for name in table.collect_schema().names() if name not in OUTCOME]
    return rows.join(table.select(told), on="session_id", how="left").with_columns(cutoff=COL("started_at"))


def _span_of_cutoffs(rows):
    first_at, last_at = rows.select(first=COL("cutoff").min(), last=COL("cutoff").max()).collect().row(0)
    known = first_at is not None
    return {"first_at": int(first_at) if known else None, "last_at": int(last_at) if known else None}


def _with_clock(frame, asked):
    """Add the wall clock's seconds and months at the cutoff; missing where rows have no times."""
    if asked.first_at is None:
        return with_missing(frame, {"wall": nw.Int64, "months": nw.Int64})
    walled = frame.with_columns(wall=clock.wall_seconds(COL("cutoff"), time_zone=asked.time_zone, **asked.times))
    return walled.with_columns(months=clock.months(COL("wall"), **asked.times))


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


def _as_kept(feature, filled):
    """Fit a feature to what the shop keeps.

    A yes or no that is missing somewhere becomes a number, 1 or 0, since a flag has no room for it; and the meaning of
    a count says so if the shop logs nothing that it could count.
    """
    gaps = feature.as_told and any(f"{need} missing" in filled for need in feature.needs)
    if feature.type == "boolean" and gaps:
        feature = dataclasses.replace(feature, type="number", unit=YES_OR_NO)
    if feature.kinds and not any(f"events.event_type={kind}" in filled for kind in feature.kinds):
        feature = dataclasses.replace(feature, meaning=f"{feature.meaning}; always 0: the shop logs no such events")
    return feature
