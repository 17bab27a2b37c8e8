"""The season of the horizon: its month, and the days of sales in and before it."""

import datetime

import narwhals as nw

from purchase.features import clock
from purchase.features.registry import Block, Feature, grouped
from purchase.tables import DAY

COL = nw.col
THURSDAY = 3


def sale_days(year):
    """Return the days of a year on which shops of most of the world hold sales, in order.

    Valentine's Day, Singles' Day (11-11), Black Friday (the day after the fourth Thursday of November), Cyber Monday
    (three days later), 18 December (about the last day to order for Christmas) and 26 December.
    """
    first = datetime.date(year, 11, 1)
    thanksgiving = first + datetime.timedelta(days=(THURSDAY - first.weekday()) % 7 + 21)
    fixed = [datetime.date(year, month, day) for month, day in ((2, 14), (11, 11), (12, 18), (12, 26))]
    return sorted([*fixed, *(thanksgiving + datetime.timedelta(days=days) for days in (1, 4))])


def season_block(*, first_at, last_at, horizon_days):
    """Describe when the horizon begins, or the session, by the shop's own clock.

    ``first_at`` and ``last_at`` are the first and the last cutoff, in seconds; None where rows have no times.
    """
    month = clock.rest(COL("months"), 12) + 1
    features = [Feature("month", "month of the cutoff, 1 to 12", "month", value=month)]
    if first_at is not None:
        features += grouped(_sales(_midnights(first_at, last_at), horizon_days), "sale_days")
    return Block("split", None, features, "season")


def _midnights(first_at, last_at):
    """Return the wall clock's seconds at which the sale days about the cutoffs begin, a year beyond the last."""
    first, last = (datetime.datetime.fromtimestamp(at, datetime.UTC).year for at in (first_at, last_at))
    days = [day for year in range(first - 1, last + 2) for day in sale_days(year)]
    return [(day - datetime.date(1970, 1, 1)).days * DAY for day in days]


def _sales(midnights, horizon_days):
    today = COL("wall") // DAY * DAY
    ahead = nw.lit(midnights[-1])  # a year beyond the last cutoff
    for at in reversed(midnights[:-1]):
        ahead = nw.when(today <= at).then(nw.lit(at)).otherwise(ahead)
    inside = ((today <= at) & (at < today + horizon_days * DAY) for at in midnights)
    return [
        Feature(
            "days_to_sale", "days to the next sale day of the retail calendar", "days", value=(ahead - today) / DAY
        ),
        Feature(
            "n_sale_days_ahead",
            f"sale days of the retail calendar in the {horizon_days} days from the cutoff on",
            "days",
            value=sum(day.cast(nw.Int64) for day in inside),
        ),
    ]
