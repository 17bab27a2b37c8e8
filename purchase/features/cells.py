"""What all cutoffs see alike, summed up once: a customer's records of a cell of time.

Cells are as long as can be, a day at most, so that every cutoff, and every whole number of days before one, is where a
cell ends. A row thus sees all of a cell or nothing, in any window, and counts and sums of cells are those of records.
Cutoffs at one time of the day make cells of a day; those of sessions, at any second, cells of a second.
"""

import math
from typing import NamedTuple

import narwhals as nw

from purchase.features.clock import rest
from purchase.tables import DAY

COL = nw.col


class Grid(NamedTuple):
    """Where cells begin: at ``first_at`` and every ``seconds`` before and after it."""

    seconds: int
    first_at: int

    def begin(self, at):
        """Return the first instant, in seconds, of the cell that holds ``at``."""
        return (at - self.first_at) // self.seconds * self.seconds + self.first_at


def grid_of(rows, *, first_at):
    """Return the grid for the cutoffs of ``rows``; ``first_at``, in seconds, is the first; None: rows have no times."""
    if first_at is None:
        return Grid(DAY, 0)
    times = rows.filter(~COL("cutoff").is_null()).select(time=rest(COL("cutoff"), DAY) - first_at % DAY).unique()
    seconds = math.gcd(DAY, *(time for (time,) in times.collect().rows()))
    return Grid(seconds, first_at % seconds)


def by_cell(records, *keys, at, grid, **sums):
    """Sum up each customer's records by cell and ``keys``.

    Parameters
    ----------
    records : LazyFrame
        A clean table with ``customer_id``; those that nobody is known to have made are left out.
    at : str
        The column of ``records`` that says when each happened, in seconds.
    grid : Grid
        For the cutoffs of the rows that will see the cells.
    **sums : Expr
        Aggregates over the records of a cell.

    Returns
    -------
    LazyFrame
        ``customer_id``, ``keys``, ``sums`` and ``at``, the time of a cell's last record. For ``past`` they are records
        like others. What arrived after its cell had ended is summed up apart, by the cell of its arrival;
        ``arrived_at`` is where that begins and, of all else, where its own cell does.
    """
    cell, by = grid.begin(COL(at)), ["customer_id", "cell", *keys]
    cells = records.filter(~COL("customer_id").is_null()).with_columns(cell=cell)
    if "arrived_at" in records.collect_schema().names():
        arrival, by = grid.begin(COL("arrived_at")), [*by, "arrived_at"]
        cells = cells.with_columns(arrived_at=nw.when(arrival > cell).then(arrival).otherwise(cell))
    return cells.group_by(*by).agg(**{at: COL(at).max()}, **sums).drop("cell")
