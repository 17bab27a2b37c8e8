"""Sums in which a record counts the less the older it is, in whole numbers alone.

A weight halves with every half-life. Between whole half-lives it falls in a straight line, which is at most 6 % above
the exponential, and after ``HALVINGS`` of them it is 0. Sums of whole numbers are the same in any order and on any
engine; sums of floating-point weights are not.
"""

import narwhals as nw

from purchase.features.registry import Feature, only_if, step
from purchase.tables import DAY

SCALE = 1024  # the weight of a record of age 0
HALVINGS = 8


def with_weights(records, half_lives_days):
    """Add ``weight_<days>d``, whole, for each half-life to records with ``age`` (seconds)."""
    weights = {f"weight_{days}d": _weight(nw.col("age"), days * DAY) for days in half_lives_days}
    return records.with_columns("age", **weights)


def _weight(age, half_life):
    """Return the straight line between whole half-lives that an age lies on; most ages lie on one of the first."""
    heights = [SCALE >> k for k in range(HALVINGS)] + [0]
    weight = nw.lit(0)
    for k in reversed(range(HALVINGS)):
        slope = heights[k] - heights[k + 1]
        line = (heights[k + 1] * half_life + slope * ((k + 1) * half_life - age)) // half_life
        weight = nw.when(age < (k + 1) * half_life).then(line).otherwise(weight)
    return weight


def decayed(name, half_lives_days, condition, meaning, *, unit, amount=None, **more):
    """Yield, for each half-life, the count (or the sum of ``amount``) of records for which ``condition`` holds."""
    for days in half_lives_days:
        made, weight = f"{name}_halved_{days}d", nw.col(f"weight_{days}d")
        summed = only_if(condition, weight if amount is None else weight * amount).sum().cast(nw.Int64)
        yield step(f"scaled_{made}", summed, absent=0)
        yield Feature(
            made,
            f"{meaning}, each counted half for every {days} days since, within the lookback",
            unit,
            value=nw.col(f"scaled_{made}") / SCALE,
            group="decay",
            **more,
        )
