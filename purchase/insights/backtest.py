"""The forecast at past cutoffs, by what was known then: customers who order and what they spend, in all, by week and by
segment.

Two intervals. That of chance alone takes the propensities for true. The wider one adds how far forecasts at earlier
cutoffs were off beyond chance, since months differ in ways that no cutoff before has seen.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from purchase.insights.parts import N_DECIMALS, NotAvailable, Part
from purchase.insights.rivals import last_year_is_known, rivals
from purchase.insights.segments import rfm
from purchase.insights.timing import chance_within
from purchase.insights.value import expected_order_values, spent
from purchase.tables import DAY

OURS = "propensities"
WEEK = 7
ORDERS, REVENUE = "orders", "revenue_cents"


@dataclass(frozen=True)
class Measure:
    """What is added up over the customers who order in the horizon.

    Parameters
    ----------
    amounts : array of shape (n_rows,)
        Expected of each row if it orders.
    happened : array of shape (n_rows,)
    noise : float
        Squared coefficient of variation of what a buyer adds.
    off : float
        How far the totals of earlier cutoffs were off beyond chance, relative to what was expected.
    """

    amounts: np.ndarray
    happened: np.ndarray
    noise: float
    off: float


def backtest_part(origins, orders, bg_nbd, *, edges, horizon_days, lookback_days, prior_orders, interval):
    """Forecast at each origin and hold it against what happened.

    Parameters
    ----------
    origins : list of Origin
        Of ``rolling.roll``; all whose horizon was learned are used.
    orders : DataFrame with customer_id, ordered_at and revenue_cents
    bg_nbd : dict of {cutoff: BGNBD}

    Returns
    -------
    Part
        Tables ``backtest`` (a row a cutoff and forecast), ``backtest_weeks`` and ``backtest_segments`` (of ours): the
        expected and the happened orders and, with prices, revenue; both intervals of ours.

    Raises
    ------
    NotAvailable
        If no origin's horizon was learned.
    """
    k = list(edges).index(horizon_days)
    origins = [origin for origin in origins if not np.isnan(origin.chances[:, k]).any()]
    if not origins:
        raise NotAvailable("too few orders lie before the last cutoffs to forecast at any of them")
    days = {"horizon_days": horizon_days, "lookback_days": lookback_days}
    z, misses = norm.ppf(0.5 + interval / 2), {ORDERS: [], REVENUE: []}
    totals, weeks, segments = [], [], []
    for origin in origins:
        measures, at = _measures(origin, orders, misses, prior_orders=prior_orders, **days), _date(origin.cutoff)
        mine = _told(origin.chances[:, k], measures, z=z)
        others = rivals(origin, orders, bg_nbd, k, **days)
        totals.append({"cutoff": at, "forecast": OURS} | mine)
        totals += [{"cutoff": at, "forecast": name} | _beside(mine, told, measures) for name, told in others.items()]
        weeks += [{"cutoff": at} | row for row in _weeks(origin, measures, edges, horizon_days, z=z)]
        segments += [{"cutoff": at} | row for row in _segments(origin, orders, measures, k, z=z)]
        for what, measure in measures.items():
            misses[what].append(_beyond_chance(origin.chances[:, k], measure))
    made = {"backtest": totals, "backtest_weeks": weeks, "backtest_segments": segments}
    tables = {name: _as_table(rows) for name, rows in made.items()}
    return Part(_numbers(tables) | _last_year(origins, orders), tables)


def _measures(origin, orders, misses, *, horizon_days, lookback_days, prior_orders):
    """Return {what: Measure}: the buyers, and what they spend where there are prices."""
    off = {what: np.sqrt(max(0.0, np.mean(squares))) if squares else 0.0 for what, squares in misses.items()}
    ordered, ones = origin.days < horizon_days, np.ones(len(origin.days))
    measures = {ORDERS: Measure(ones, ordered.astype(float), 0.0, off[ORDERS])}
    if orders["revenue_cents"].notna().any():
        rows, days = origin.rows, {"lookback_days": lookback_days, "horizon_days": horizon_days}
        values = expected_order_values(orders, rows, prior_orders=prior_orders, **days)
        happened = spent(orders, rows, days_after=horizon_days)["revenue_cents"].to_numpy(float)
        noise = _variation(orders, origin.cutoff, horizon_days)
        measures[REVENUE] = Measure(values.astype(float), happened, noise, off[REVENUE])
    return measures


def _variation(orders, cutoff, horizon_days):
    """Return the squared coefficient of variation of what the buyers of the horizon before the cutoff spent."""
    before = orders[orders["ordered_at"].between(cutoff - horizon_days * DAY, cutoff, inclusive="left")]
    spending = before.groupby("customer_id")["revenue_cents"].sum()
    return float(spending.var(ddof=0) / spending.mean() ** 2) if len(spending) and spending.mean() > 0 else 0.0


def _told(chances, measures, *, z, rows=slice(None)):
    """Return the expected and the happened sums over ``rows``, with both intervals."""
    told = {}
    for what, measure in measures.items():
        happened = measure.happened[rows].sum()
        expected, variance = _moments(chances[rows], measure, rows)
        reach, wide = z * np.sqrt(variance), z * np.sqrt(variance + (measure.off * expected) ** 2)
        told |= {f"expected_{what}": expected, f"happened_{what}": int(happened)}
        told |= {f"low_{what}": max(0.0, expected - wide), f"high_{what}": expected + wide}
        told |= {f"low_{what}_by_chance": max(0.0, expected - reach), f"high_{what}_by_chance": expected + reach}
    return told


def _moments(chances, measure, rows=slice(None)):
    """Return the mean and the variance of a sum in which each row takes part by its chance."""
    amounts = measure.amounts[rows]
    return chances @ amounts, (chances * (1 + measure.noise) - chances**2) @ amounts**2


def _beyond_chance(chances, measure):
    """Return the squared relative error of a total, less what chance explains; below 0 if chance explains more."""
    expected, variance = _moments(chances, measure)
    return ((measure.happened.sum() - expected) ** 2 - variance) / expected**2


def _beside(mine, told, measures):
    """Return what another rule expects, beside the same that happened."""
    known = [what for what in measures if what in told]
    return {f"expected_{what}": told[what] for what in known} | {
        f"happened_{what}": mine[f"happened_{what}"] for what in known
    }


def _weeks(origin, measures, edges, horizon_days, *, z):
    """Yield a row a week of the horizon, of customers whose first order in it falls into the week."""
    before = np.zeros(len(origin.days))
    for start in range(0, horizon_days, WEEK):
        end = min(start + WEEK, horizon_days)
        until = chance_within(origin.chances, edges, end)
        inside = (origin.days >= start) & (origin.days < end)
        weekly = {
            what: Measure(measure.amounts, measure.happened * inside, measure.noise, measure.off)
            for what, measure in measures.items()
        }
        first = _date(origin.cutoff + start * DAY)
        yield {"first_day": first, "n_days": end - start} | _told(until - before, weekly, z=z)
        before = until


def _segments(origin, orders, measures, k, *, z):
    """Yield a row a segment of the customers as they were at the cutoff."""
    names = rfm(orders, origin.rows)["segment"].to_numpy()
    for name in sorted(set(names)):
        rows = np.flatnonzero(names == name)
        yield {"segment": name, "n_customers": len(rows)} | _told(origin.chances[:, k], measures, z=z, rows=rows)


def _as_table(rows):
    table = pd.DataFrame(rows)
    cents = {name: table[name].round().astype("Int64") for name in table.columns if REVENUE in name}
    return table.assign(**cents).round(N_DECIMALS)


def _numbers(tables):
    ours = tables["backtest"][tables["backtest"]["forecast"] == OURS]
    whats = [what for what in (ORDERS, REVENUE) if f"expected_{what}" in ours]
    numbers = {"n_cutoffs": len(ours), "off_by": {}}
    for name, rows in tables["backtest"].groupby("forecast", sort=False):
        there = ours[ours["cutoff"].isin(rows["cutoff"])]
        numbers["off_by"][name] = {"n_cutoffs": len(rows), **_off_by(rows, whats), "ours_there": _off_by(there, whats)}
    parts = {"horizons": ours, "weeks": tables["backtest_weeks"], "segments": tables["backtest_segments"]}
    for name, rows in parts.items():
        numbers[f"inside_of_{name}"] = {"n": len(rows)} | {what: _inside(rows, what) for what in whats}
    return numbers


def _off_by(rows, whats):
    """Return the mean absolute error of each sum, relative to what happened.

    Without a sum that some forecast has not, or of which nothing happened at some cutoff.
    """
    told = {what: (rows[f"expected_{what}"] / rows[f"happened_{what}"] - 1).abs() for what in whats}
    return {what: float(errors.mean()) for what, errors in told.items() if np.isfinite(errors.astype(float)).all()}


def _inside(rows, what):
    """Count the rows of which what happened lies within each interval."""
    happened, ends = rows[f"happened_{what}"], {"by_chance": "_by_chance", "with_past_errors": ""}
    return {
        name: int(happened.between(rows[f"low_{what}{end}"], rows[f"high_{what}{end}"]).sum())
        for name, end in ends.items()
    }


def _last_year(origins, orders):
    """Return why some cutoffs, or all, have no forecast by the same days a year before; nothing if all have one."""
    n_without = sum(not last_year_is_known(orders, origin.cutoff) for origin in origins)
    if n_without == 0:
        return {}
    first = _date(int(orders["ordered_at"].min()))
    return {
        "no_last_year": f"the orders begin on {first}, less than a year before {n_without} of {len(origins)} cutoffs"
    }


def _date(at):
    return str(pd.Timestamp(at, unit="s").date())
