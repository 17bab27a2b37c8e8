"""Hour, weekday, month and year of instants by a shop's own clock, in whole numbers alone.

Engines differ in how they turn seconds into dates; none differs in whole numbers. Python's calendar says when the clock
changes and when months begin, and an expression counts how many of those instants have passed.
"""

import datetime
import zoneinfo

import narwhals as nw

from purchase.tables import DAY

HOUR = 3600


def wall_seconds(at, *, time_zone, first_at, last_at):
    """Return the wall clock's seconds since 1970-01-01 at instants of ``[first_at, last_at]``.

    Parameters
    ----------
    at : Expr
        Seconds since 1970-01-01 UTC.
    time_zone : str
        Such as "Europe/London".
    """
    zone = zoneinfo.ZoneInfo(time_zone)
    changes = list(_offset_changes(zone, first_at, last_at))
    return at + _offset(zone, first_at) + sum(_passed(at, instant) * change for instant, change in changes)


def months(wall, *, first_at, last_at):
    """Return the months since January of year 0 (year * 12 + month - 1) at wall-clock seconds.

    The instants in UTC, ``first_at`` and ``last_at``, lie within a day of the wall clock's.
    """
    day = datetime.datetime.fromtimestamp(first_at - DAY, datetime.UTC).date().replace(day=1)
    first, begins = day.year * 12 + day.month - 1, []
    while (at := _midnight(day)) <= last_at + DAY:
        begins.append(at)
        day = (day + datetime.timedelta(days=31)).replace(day=1)
    return nw.lit(first, dtype=nw.Int64) + sum(_passed(wall, at) for at in begins[1:])


def hour(wall):
    return rest(wall // HOUR, 24)


def weekday(wall):
    """0 is Monday: 1970-01-01 was a Thursday."""
    return rest(wall // DAY + 3, 7)


def rest(whole, divisor):
    """Return what a division of whole numbers leaves over; pandas has no % for columns with missing values."""
    return whole - whole // divisor * divisor


def _passed(at, instant):
    return (at >= instant).cast(nw.Int64)


def _midnight(day):
    return int(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp())


def _offset(zone, at):
    return int(datetime.datetime.fromtimestamp(at, zone).utcoffset().total_seconds())


def _offset_changes(zone, first_at, last_at):
    """Yield (instant, change of the offset from UTC in seconds); clocks change on a full quarter of an hour."""
    for day in range(first_at - first_at % DAY, last_at + 1, DAY):
        if _offset(zone, day) != _offset(zone, day + DAY):
            for at in range(day, day + DAY, 900):
                change = _offset(zone, at + 900) - _offset(zone, at)
                if change and first_at < at + 900:
                    yield at + 900, change
