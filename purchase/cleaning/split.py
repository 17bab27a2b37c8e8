"""Say which customers at which cutoffs train, validate and test."""

import datetime

import narwhals as nw

from purchase.cleaning.sessions import known_at
from purchase.tables import DAY, TableError

PARTS = ("train", "validation", "test")
SPLIT = ("row_id", "customer_id", "session_id", "cutoff", "group", "part")


def plan_cutoffs(*, first_at, end_at, horizon_days, lookback_days, n_train):
    """Choose the cutoffs of the customer task, each a horizon before the next.

    Parameters
    ----------
    first_at, end_at : int
        First record, and the first instant that the records do not cover, in seconds.
    horizon_days, lookback_days, n_train : int
        A training cutoff needs a third of the lookback behind it; there are at most ``n_train`` of them.

    Returns
    -------
    dict of list of int
        Cutoffs of ``train`` (earliest first), ``validation`` and ``test``, in seconds.

    Raises
    ------
    TableError
        If fewer than two training cutoffs fit, since folds in time order need two.
    """
    horizon, history = horizon_days * DAY, lookback_days * DAY / 3
    test = end_at - horizon
    validation = test - horizon
    candidates = [validation - k * horizon for k in range(n_train, 0, -1)]
    train = [cutoff for cutoff in candidates if cutoff - first_at >= history]
    if len(train) < 2:
        n_days, needed = (end_at - first_at) / DAY, 4 * horizon_days + lookback_days / 3
        raise TableError(
            f"The records cover {n_days:.0f} days, enough for {len(train)} training cutoffs; two need {needed:.0f}: "
            f"4 horizons of {horizon_days} days (2 of training, validation, test) and a third of the lookback of "
            f"{lookback_days} days. Lower cutoffs.horizon_days or cutoffs.lookback_days, set cutoffs.n_train to 2 or "
            "more, or bring a longer export."
        )
    return {"train": train, "validation": [validation], "test": [test]}


def span_of_records(events, orders):
    """Return the first and the last instant (int, seconds) of events and orders.

    Raises
    ------
    TableError
        If there is neither an event nor an order.
    """
    times = nw.concat([events.select(at="event_at"), orders.select(at="ordered_at")])
    first, last = times.select(first=nw.col("at").min(), last=nw.col("at").max()).collect().row(0)
    if first is None:
        raise TableError(
            "No event and no order is left to learn from. See metrics/prepare.json for where the "
            "rows went; the customer task needs tables.orders, or tables.events with purchases."
        )
    return int(first), int(last)


def split_customers(customers, events, orders, cutoffs, *, lookback_days):
    """Make a row of every customer with a record (sign-up, event, order) known in ``[cutoff - lookback_days, cutoff)``.

    Parameters
    ----------
    customers, events, orders : LazyFrame
        Clean tables.
    cutoffs : dict of list of int
        As ``plan_cutoffs`` gives them.

    Returns
    -------
    LazyFrame with the columns of ``SPLIT``; ``session_id`` is missing and ``group`` numbers the customers
    """
    records = nw.concat(
        [
            customers.select("customer_id", at="signed_up_at"),
            events.select("customer_id", at=known_at()),
            orders.select("customer_id", at=nw.max_horizontal("ordered_at", "arrived_at")),
        ]
    ).filter(~nw.col("customer_id").is_null())
    rows = [
        _active(records, cutoff, lookback_days).with_columns(part=nw.lit(part))
        for part, instants in cutoffs.items()
        for cutoff in instants
    ]
    numbered = nw.concat(rows).with_columns(
        group=nw.col("customer_id").rank("dense").cast(nw.Int64), session_id=nw.lit(None, dtype=nw.String)
    )
    return numbered.select(*SPLIT)


def _active(records, cutoff, lookback_days):
    day = datetime.datetime.fromtimestamp(cutoff, datetime.UTC).date().isoformat()
    inside = (nw.col("at") >= cutoff - lookback_days * DAY) & (nw.col("at") < cutoff)
    return (
        records.filter(inside)
        .select("customer_id")
        .unique()
        .with_columns(
            row_id=nw.concat_str(nw.col("customer_id"), nw.lit(f"@{day}")), cutoff=nw.lit(cutoff, dtype=nw.Int64)
        )
    )


def count_parts(split):
    """Return the number of rows of each part, and raise TableError if one has none."""
    counts = split.group_by("part").agg(n=nw.len()).collect("pyarrow").to_pandas().set_index("part")["n"]
    for part in PARTS:
        if part not in counts.index:
            raise TableError(
                f"The {part} part has no rows ({counts.sum()} rows in all). For the customer task no customer has a "
                "record within the lookback of its cutoff: raise cutoffs.lookback_days; for the session task change "
                "preprocess.test_share and preprocess.validation_share, or bring more sessions."
            )
    return {part: int(counts[part]) for part in PARTS}
