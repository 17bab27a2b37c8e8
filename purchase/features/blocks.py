"""List the blocks of features that a task has: about the session, the customer, and what the customer did before."""

import dataclasses
from collections.abc import Sequence
from typing import Literal

import narwhals as nw

from purchase.engines.base import Engine
from purchase.features import (
    customers,
    emails,
    events,
    habits,
    loyalty,
    orders,
    season,
    sessions,
    taste,
    trends,
    visits,
)
from purchase.features.cells import Grid

COL = nw.col


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is to be described, and over which times."""

    task: Literal["customer", "session"]
    spans_days: list[int]  # windows that end at the cutoff, shortest first; the last one is the lookback
    half_lives_days: list[int]
    horizon_days: int
    time_zone: str
    first_at: int | None  # first and last cutoff, in seconds; None: rows have no times
    last_at: int | None
    grid: Grid  # for the cutoffs at which the history ends
    extras: dict[str, dict]  # the shop's extra columns, {table: {name: Extra}}
    bg_nbd: dict  # {cutoff: model}, fitted on training rows (purchase/features/loyalty.py); customer task only
    engine: Engine  # that the frames are of
    leave_out: Sequence[str] = ()  # groups of features

    @property
    def lookback(self):
        return {"lookback_days": self.spans_days[-1]}

    @property
    def windows(self):
        return {"spans_days": self.spans_days}

    @property
    def loyalty(self):
        return {"models": self.bg_nbd, "horizon_days": self.horizon_days, "lazy": self.engine.lazy}

    @property
    def times(self):
        return {"first_at": self.first_at, "last_at": self.last_at}


def list_blocks(rows, seen, tables, asked):
    """Return the blocks of a task.

    Parameters
    ----------
    rows : LazyFrame
        The split, with the moments at which rows are scored.
    seen : LazyFrame
        The same with the moments at which the history ends; for the session task, where the session begins.
    tables : dict of LazyFrame
        The clean tables.
    """
    blocks = _session_blocks(rows, seen, tables, asked) if asked.task == "session" else []
    blocks.append(customers.customer_block(asked.extras["customers"]))
    blocks.append(season.season_block(horizon_days=asked.horizon_days, **asked.times))
    placed = asked.engine.settle(orders.past_orders(seen, tables["order_lines"], **asked.lookback))
    blocks += _order_blocks(seen, placed, tables, asked)
    blocks += _event_blocks(seen, placed, tables, asked)
    blocks.append(trends.trend_block(asked.spans_days))
    if asked.first_at is not None and "habits" not in asked.leave_out:  # of which no other block makes any use
        when = {"time_zone": asked.time_zone} | asked.times | asked.lookback
        blocks.append(habits.browsing_habit_block(seen, tables["events"], **when))
        blocks.append(habits.order_habit_block(placed, **when))
    return blocks


def _session_blocks(rows, seen, tables, asked):
    return [
        sessions.table_block(asked.extras["sessions"]),
        sessions.start_block(),
        sessions.so_far_block(rows, tables["events"]),
        sessions.seen_before_block(rows, seen, tables["events"], **asked.lookback),
        customers.moment_block(),
    ]


def _order_blocks(rows, placed, tables, asked):
    blocks = [
        orders.order_block(placed, half_lives_days=asked.half_lives_days, **asked.windows),
        orders.line_block(rows, tables["order_lines"], **asked.lookback),
        orders.return_block(rows, tables["returns"], **asked.lookback),
    ]
    if asked.task == "customer":  # the sessions of a shop have as many cutoffs, and no horizon
        blocks.append(loyalty.loyalty_block(rows, placed, **asked.loyalty))
    return blocks


def _event_blocks(rows, placed, tables, asked):
    table, grid = tables["events"], {"grid": asked.grid}
    half_lives, seen = {"half_lives_days": asked.half_lives_days}, orders.last_order(rows, placed)
    cells = asked.engine.settle(events.browsing_cells(table, **grid))
    return [
        events.event_block(rows, cells, **half_lives, **asked.windows),
        events.cart_block(seen, table, **asked.lookback),
        events.day_block(rows, cells, **asked.windows),
        visits.session_block(rows, table, **grid, **asked.windows),
        taste.category_block(rows, table, **grid, **asked.lookback),
        taste.product_block(rows, table, **asked.windows),
        emails.email_block(rows, table, **grid, **asked.windows),
        emails.reaction_block(rows, table, placed, **asked.lookback),
    ]
