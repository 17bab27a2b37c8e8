"""Sums in which a record counts the less the older it is, in whole numbers alone.

A weight halves with every half-life. Between whole half-lives it falls in a straight line, which is at most 6 % above
the exponential, and after ``HALVINGS`` of them it is 0. Sums of whole numbers are the same in any order and on any
engine; sums of floating-point weights are not.
"""

import narwhals as nw

from purchase.features.registry import Feature, step
from purchase.tables import DAY

SCALE = 1024  # the weight of a record of age 0
HALVINGS = 8


def weighed(n, ages, *, half_life_days):
    """Return the sum of the weights of records, times the half-life in seconds: a whole number.

    Lines that flatten with age make a curve that nowhere lies below any of them: what is on one of them is on the
    highest.

    Parameters
    ----------
    n, ages : Expr
        Number of records, and the sum of their ages in seconds, all between the same two whole half-lives.
    """
    half_life = half_life_days * DAY
    lines = [(SCALE >> k) * (n * ((k + 1) * half_life) - ages) for k in range(1, HALVINGS)]
    return nw.max_horizontal(*lines, n * 0)


def decayed(name, half_life_days, weights, meaning, *, unit, scale=SCALE, **more):
    """Yield the sum of the records' ``weights`` (Expr, whole) over ``scale``, and the step towards it."""
    made = f"{name}_halved_{half_life_days}d"
    yield step(f"scaled_{made}", weights.sum().cast(nw.Int64), absent=0)
    yield Feature(
        made,
        f"{meaning}, each counted half for every {half_life_days} days since, within the lookback",
        unit,
        value=nw.col(f"scaled_{made}") / scale,
        group="decay",
        **more,
    )
