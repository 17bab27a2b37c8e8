"""How many customers will order in the horizon, and what they will spend: sums of propensities against what happened.

The intervals are of chance alone: each customer orders or not by their propensity. That the propensities are themselves
estimates, and that next month may differ from those before, is not in them; whether what happened lies inside shows it.
What a buyer spends is drawn from how far validation rows' buyers lay from what they were expected to spend.
"""

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import percentile_interval
from purchase.insights.parts import Part

_CHUNK_CELLS = 4_000_000  # chances drawn at a time
TOTAL = "All"


def forecast_part(scored, segments, values, spread, *, n_bootstrap, interval, seed):
    """Forecast the customers who order and their revenue, in total and by segment.

    Parameters
    ----------
    scored : DataFrame with label, propensity and revenue_cents (absent without prices)
    segments : Series of str, or None
        The segment of each row; None where rows are not customers.
    values : array of shape (n_rows,), or None
        What each customer may be expected to spend if they order, in cents; None without prices.

    spread : array
        What buyers spent on validation rows over what they were expected to.

    Returns
    -------
    Part
        Table ``forecast``: segment, expected_orders with low and high, n_ordered, inside (the interval); with prices,
        the same of the revenue.
    """
    names = [TOTAL] if segments is None else [TOTAL, *sorted(segments.unique())]
    member = np.stack([np.ones(len(scored), dtype=bool), *(segments == name for name in names[1:])])
    propensity, label = scored["propensity"].to_numpy(), scored["label"].to_numpy(dtype="int64")
    worth = None if values is None else (values, spread)
    drawn = _draws(propensity, member, worth, n_bootstrap=n_bootstrap, seed=seed)
    table = pd.DataFrame({"segment": names, "n_rows": member.sum(axis=1)})
    table = table.join(_against(member @ propensity, drawn[0], member @ label, "orders", interval=interval))
    if values is not None:
        happened = member @ scored["revenue_cents"].to_numpy()
        told = member @ (propensity * values)
        table = table.join(_against(told, drawn[1], happened, "revenue_cents", interval=interval))
    table = table.sort_values(["n_rows", "segment"], ascending=[False, True], ignore_index=True)
    return Part({"total": table.drop(columns="segment").iloc[0].to_dict()}, {"forecast": table})


def _draws(propensity, member, worth, *, n_bootstrap, seed):
    """Return [orders] or [orders, cents spent], drawn and summed by segment: each (n_segments, n_bootstrap)."""
    rng = np.random.default_rng(seed)
    chunk = max(1, _CHUNK_CELLS // len(propensity))
    orders, spent = [], []
    member = member.astype(float)
    for start in range(0, n_bootstrap, chunk):
        drawn = rng.random((min(chunk, n_bootstrap - start), len(propensity))) < propensity
        orders.append(member @ drawn.T.astype(float))
        if worth is not None:
            values, spread = worth
            sample, row = np.nonzero(drawn)
            cents = np.zeros(drawn.shape)
            cents[sample, row] = values[row] * rng.choice(spread / spread.mean(), size=len(row))
            spent.append(member @ cents.T)
    return [np.concatenate(sums, axis=1) for sums in (orders, spent) if sums]


def _against(told, samples, happened, what, *, interval):
    low, high = percentile_interval(samples, interval=interval)
    digits = 0 if what.endswith("cents") else 1
    columns = {f"expected_{what}": told, "low": low, "high": high, "happened": happened}
    table = pd.DataFrame(
        {
            name if name.startswith("expected") else f"{name}_{what}": np.round(values, digits)
            for name, values in columns.items()
        }
    )
    if digits == 0:
        table = table.astype("int64")
    table[f"inside_{what}"] = (low <= happened) & (happened <= high)
    return table
