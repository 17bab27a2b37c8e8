"""The forecast at past cutoffs, by what was known then: customers who order, by week and in all, and what they spend.

Two intervals. That of chance alone takes the propensities for true. The wider one adds how far forecasts at earlier
cutoffs were off beyond chance, since months differ in ways that no cutoff before has seen.
"""

import numpy as np
import pandas as pd
from scipy.stats import norm

from purchase.insights.gamma_gamma import fit_gamma_gamma
from purchase.insights.parts import N_DECIMALS, NotAvailable, Part
from purchase.insights.rolling import model_at, repeat_buying
from purchase.insights.timing import chance_within
from purchase.insights.value import expected_order_values, spent
from purchase.tables import DAY

OURS, LAST, LAST_YEAR, CLASSIC = "propensities", "last horizon", "last horizon, with last year's change", "BG/NBD"
WEEK = 7
YEAR = 364  # days, of whole weeks
LEAST_HISTORY = 2 * 365  # days before a cutoff, from which last year's change is known


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
        Tables ``backtest`` (cutoff, forecast, expected and happened orders and, with prices, revenue; intervals of
        ours) and ``backtest_weeks``.

    Raises
    ------
    NotAvailable
        If no origin's horizon was learned.
    """
    k = list(edges).index(horizon_days)
    origins = [origin for origin in origins if not np.isnan(origin.chances[:, k]).any()]
    if not origins:
        raise NotAvailable("too few orders lie before the last cutoffs to forecast at any of them")
    z, totals, weeks, misses = norm.ppf(0.5 + interval / 2), [], [], []
    for origin in origins:
        off = np.sqrt(max(0.0, np.mean(misses))) if misses else 0.0
        rows = _weeks(origin, edges, horizon_days, off=off, z=z)
        weeks += rows
        mine = _row(origin.chances[:, k], (origin.days < horizon_days), off=off, z=z)
        told = {OURS: mine} | _others(origin, orders, k, horizon_days)
        spending = _spending(origin, orders, bg_nbd, k, horizon_days, lookback_days, prior_orders)
        totals += [
            {"cutoff": _date(origin.cutoff), "forecast": name, **row, **spending.get(name, {})}
            for name, row in told.items()
        ]
        misses.append(_beyond_chance(mine))
    table, by_week = pd.DataFrame(totals), pd.DataFrame(weeks)
    tables = {"backtest": table.round(N_DECIMALS), "backtest_weeks": by_week.round(N_DECIMALS)}
    return Part(_numbers(table, by_week), tables)


def _row(chances, ordered, *, off, z):
    expected, variance = chances.sum(), (chances * (1 - chances)).sum()
    reach, wide = z * np.sqrt(variance), z * np.sqrt(variance + (off * expected) ** 2)
    return {
        "expected_orders": expected,
        "happened_orders": int(ordered.sum()),
        "low_by_chance": max(0.0, expected - reach),
        "high_by_chance": expected + reach,
        "low": max(0.0, expected - wide),
        "high": expected + wide,
    }


def _beyond_chance(row):
    """Return the squared relative error of a forecast, less what chance explains; below 0 if chance explains more."""
    variance = row["expected_orders"]  # of rare orders, about their number
    return ((row["happened_orders"] - row["expected_orders"]) ** 2 - variance) / row["expected_orders"] ** 2


def _weeks(origin, edges, horizon_days, *, off, z):
    """Return a row a week of the horizon, of customers whose first order in it falls into the week."""
    rows, before = [], np.zeros(len(origin.days))
    for start in range(0, horizon_days, WEEK):
        end = min(start + WEEK, horizon_days)
        until = chance_within(origin.chances, edges, end)
        row = _row(until - before, (origin.days >= start) & (origin.days < end), off=off, z=z)
        first = _date(origin.cutoff + start * DAY)
        rows.append({"cutoff": _date(origin.cutoff), "first_day": first, "n_days": end - start, **row})
        before = until
    return rows


def _others(origin, orders, k, horizon_days):
    """Return what simple rules expect: as many as a horizon before, of the customers known then, and BG/NBD."""
    happened = int((origin.days < horizon_days).sum())
    told = {CLASSIC: origin.baseline[:, k].sum()}
    if not np.isnan(origin.last_share):
        change = last_years_change(orders, origin.cutoff, horizon_days)
        again = origin.last_share * len(origin.days)
        told = ({LAST: again} if np.isnan(change) else {LAST_YEAR: again * change}) | told
    return {name: {"expected_orders": value, "happened_orders": happened} for name, value in told.items()}


def last_years_change(orders, cutoff, horizon_days):
    """Return the buyers of the horizon a year before, over those of the horizon before that; NaN under two years."""
    if len(orders) == 0 or cutoff - orders["ordered_at"].min() < LEAST_HISTORY * DAY:
        return np.nan
    then = cutoff - YEAR * DAY
    spans = [(then, then + horizon_days * DAY), (then - horizon_days * DAY, then)]
    n = [orders.loc[orders["ordered_at"].between(*span, inclusive="left"), "customer_id"].nunique() for span in spans]
    return n[0] / n[1] if n[1] else np.nan


def _spending(origin, orders, bg_nbd, k, horizon_days, lookback_days, prior_orders):
    """Return the expected and the happened revenue of each forecast; nothing without prices."""
    if orders["revenue_cents"].isna().all():
        return {}
    rows = origin.rows
    happened = int(spent(orders, rows, days_after=horizon_days)["revenue_cents"].sum())
    days = {"lookback_days": lookback_days, "horizon_days": horizon_days}
    values = expected_order_values(orders, rows, prior_orders=prior_orders, **days)
    told = {OURS: origin.chances[:, k] @ values}
    model = model_at(bg_nbd, origin.cutoff)
    if model is not None:
        told[CLASSIC] = classic_revenue(rows, orders, model, origin.baseline[:, k], **days)
    return {
        name: {"expected_revenue_cents": round(float(value)), "happened_revenue_cents": happened}
        for name, value in told.items()
    }


def classic_revenue(rows, orders, model, chances, *, lookback_days, horizon_days):
    """Return the revenue that BG/NBD (how many orders) and Gamma-Gamma (how dear) expect of customers at a cutoff.

    Who has not ordered in the lookback orders once with the chance in ``chances``, at anyone's mean order.
    """
    before = spent(orders, rows, days_before=lookback_days)
    if not before["revenue_cents"].any():
        return 0.0
    paid = (before["n_orders"] > 0) & (before["revenue_cents"] > 0)
    n_orders, mean = before["n_orders"].to_numpy(float), np.zeros(len(rows))
    mean[paid] = before.loc[paid, "revenue_cents"] / before.loc[paid, "n_orders"]
    worth = fit_gamma_gamma(n_orders[paid], mean[paid])
    columns = repeat_buying(rows, orders, lookback_days=lookback_days).to_numpy()
    bought = ~np.isnan(columns[:, 0])
    expected = chances.copy()
    expected[bought] = model.expected_orders(*columns[bought].T, horizon_days)
    return float(expected @ worth.mean_order(np.where(paid, n_orders, 0), mean))


def _numbers(table, weeks):
    ours = table[table["forecast"] == OURS]
    numbers = {"n_cutoffs": len(ours), "off_by": {}}
    for name, rows in table.groupby("forecast", sort=False):
        off = {"orders": (rows["expected_orders"] / rows["happened_orders"] - 1).abs().mean(), "n_cutoffs": len(rows)}
        if "expected_revenue_cents" in rows and rows["expected_revenue_cents"].notna().all():
            off["revenue"] = (rows["expected_revenue_cents"] / rows["happened_revenue_cents"] - 1).abs().mean()
        numbers["off_by"][name] = off
    for what, rows in (("horizons", ours), ("weeks", weeks)):
        happened = rows["happened_orders"]
        numbers[f"inside_of_{what}"] = {
            "n": len(rows),
            "by_chance": int(happened.between(rows["low_by_chance"], rows["high_by_chance"]).sum()),
            "with_past_errors": int(happened.between(rows["low"], rows["high"]).sum()),
        }
    return numbers


def _date(at):
    return str(pd.Timestamp(at, unit="s").date())
