"""When in the day and the week a customer is active, by the shop's own clock."""

import narwhals as nw

from purchase.features import clock
from purchase.features.past import past
from purchase.features.registry import Block, number_of, share, step
from purchase.tables import DAY, EMAIL_TYPES

COL = nw.col
PARTS = {"night": 0, "morning": 6, "evening": 18}  # hour at which each begins, six long; the rest is the afternoon


def browsing_habit_block(rows, events, *, lookback_days, **when):
    """Describe when the customer is on the site; ``when`` holds ``time_zone``, ``first_at`` and ``last_at``."""
    browsing = events.filter(~COL("event_type").is_in(EMAIL_TYPES))
    records = past(rows, browsing, at="event_at", lookback_days=lookback_days)
    return _habits("events", records, "event_at", "events", lookback_days, when)


def order_habit_block(orders, *, lookback_days, **when):
    """Describe when the customer orders, by the orders that each row may see."""
    return _habits("orders", orders, "ordered_at", "orders", lookback_days, when)


def _habits(table, records, at, plural, lookback_days, when):
    """Count records by part of the day and at weekends, on the clock of cutoffs in ``[first_at, last_at]``."""
    span = {"first_at": when["first_at"] - lookback_days * DAY, "last_at": when["last_at"]}
    wall = clock.wall_seconds(COL(at), time_zone=when["time_zone"], **span)
    records = records.with_columns(hour=clock.hour(wall), weekday=clock.weekday(wall))
    n, conditions = f"n_{plural}_timed", {"weekend": COL("weekday") >= 5}
    conditions |= {part: (COL("hour") >= hour) & (COL("hour") < hour + 6) for part, hour in PARTS.items()}
    features = [step(n, nw.len().cast(nw.Int64))]
    for part, condition in conditions.items():
        hours = "on Saturday or Sunday" if part == "weekend" else f"in the six hours from {PARTS[part]} o'clock"
        features += [
            step(f"n_{part}_{plural}", number_of(condition)),
            share(f"{part}_{plural}_share", COL(f"n_{part}_{plural}"), COL(n), f"share of {plural} {hours}"),
        ]
    return Block(table, records, features, "habits")
