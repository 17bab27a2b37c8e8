"""Find the days between which a shop's records lie, so that broken clocks can be told from them."""

import datetime
import zoneinfo
from collections import Counter
from dataclasses import dataclass

from purchase.tables import DAY

# The column by which a row of each table is dated; sign-ups may lie long before the first record.
TIMES = {"events": "event_at", "orders": "ordered_at", "sessions": "started_at"}
# A gap with more of a table's rows than this behind it is a pause of the shop.
MOST_STRAYS = 0.01


@dataclass(frozen=True)
class Bounds:
    """Times outside ``[start, end)`` are broken clocks (None: no bound); ``last`` ends the last day with records."""

    start: int | None = None
    end: int | None = None
    last: int | None = None


def find_bounds(days, *, dates, time_zone, max_gap_days):
    """Return the Bounds of a shop's records: the YAML's dates, or where a long gap cuts off almost nothing.

    Parameters
    ----------
    days : dict of str to Counter
        For each table, its rows by the day of their time (counted from 1970-01-01 UTC).
    dates : Dates
        As the YAML gives them; they go before what the gaps say.
    time_zone : str
        In which ``dates`` begin.
    max_gap_days : int
        Days with no row of any table that make a gap.
    """
    known = sorted(set().union(*days.values()))
    last_day = _last_before_strays(known, days, max_gap_days)
    mirrored = {table: Counter({-day: n_rows for day, n_rows in counts.items()}) for table, counts in days.items()}
    first_day = _last_before_strays([-day for day in reversed(known)], mirrored, max_gap_days)
    start = _midnight(dates.start, time_zone) if dates.start else None
    end = _midnight(dates.end, time_zone) if dates.end else None
    if start is None and first_day is not None:
        start = -first_day * DAY
    if end is None and last_day is not None:
        end = (last_day + 1) * DAY
    return Bounds(start, end, last=end if end is not None or not known else (known[-1] + 1) * DAY)


def _last_before_strays(known, days, max_gap_days):
    """Return the day before the first gap with at most MOST_STRAYS of each table's rows behind it, or None."""
    most = {table: MOST_STRAYS * counts.total() for table, counts in days.items()}
    behind, found = Counter(), None
    for before, after in zip(known[-2::-1], known[::-1], strict=False):
        behind.update({table: counts[after] for table, counts in days.items()})
        if any(behind[table] > most[table] for table in days):
            break
        if after - before > max_gap_days:
            found = before
    return found


def _midnight(day, time_zone):
    zone = zoneinfo.ZoneInfo(time_zone)
    return int(datetime.datetime.fromisoformat(day).replace(tzinfo=zone).timestamp())
