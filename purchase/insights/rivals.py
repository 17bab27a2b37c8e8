"""What simple rules and the classic model would have forecast at a cutoff, by what was known then."""

import numpy as np

from purchase.insights.gamma_gamma import fit_gamma_gamma
from purchase.insights.rolling import model_at, repeat_buying
from purchase.insights.value import spent
from purchase.tables import DAY

LAST, LAST_YEAR, CLASSIC = "last horizon", "same days last year", "BG/NBD"
YEAR = 364  # days, of whole weeks, so that the days of the week are the same


def rivals(origin, orders, bg_nbd, k, *, horizon_days, lookback_days):
    """Return {rule: {"orders": expected buyers, "revenue_cents": what they are expected to spend}}.

    As large a share as a horizon before, each spending as its buyers did; the buyers of the same days a year before
    (seasonal naive, which counts those who came within these days too), where the orders reach back so far; and BG/NBD
    with Gamma-Gamma.

    Parameters
    ----------
    origin : Origin
    k : int
        Place of the horizon among the edges.
    """
    told = {}
    if not np.isnan(origin.last_share):
        again = origin.last_share * len(origin.days)
        _, spending = buyers_of(orders, origin.cutoff - horizon_days * DAY, horizon_days)
        told[LAST] = {"orders": again, "revenue_cents": again * spending}
    if last_year_is_known(orders, origin.cutoff):
        n, spending = buyers_of(orders, origin.cutoff - YEAR * DAY, horizon_days)
        told[LAST_YEAR] = {"orders": float(n), "revenue_cents": n * spending}
    told[CLASSIC] = {"orders": origin.baseline[:, k].sum()}
    model, days = model_at(bg_nbd, origin.cutoff), {"lookback_days": lookback_days, "horizon_days": horizon_days}
    if model is not None:
        revenue = classic_revenue(origin.rows, orders, model, origin.baseline[:, k], **days)
        told[CLASSIC]["revenue_cents"] = revenue
    return told


def last_year_is_known(orders, cutoff):
    """Return whether the orders reach back to a year before the cutoff."""
    return len(orders) > 0 and bool(orders["ordered_at"].min() <= cutoff - YEAR * DAY)


def buyers_of(orders, since, n_days):
    """Return how many customers ordered within ``n_days`` of ``since``, and what each spent, mean, in cents."""
    inside = orders[orders["ordered_at"].between(since, since + n_days * DAY, inclusive="left")]
    n = inside["customer_id"].nunique()
    return n, float(inside["revenue_cents"].sum() / n) if n else 0.0


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
