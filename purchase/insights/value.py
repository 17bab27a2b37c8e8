"""What an order is worth: what customers spent in the horizon, and what they may be expected to spend if they order."""

import numpy as np
import pandas as pd

from purchase.insights.parts import NotAvailable
from purchase.tables import DAY


def check_prices(orders):
    """Refuse orders without prices.

    Raises
    ------
    NotAvailable
    """
    if len(orders) == 0 or orders["revenue_cents"].isna().all():
        raise NotAvailable("the shop's records have no orders with prices, so nothing can be said in money")


def spent(orders, rows, *, days_before=0, days_after=0):
    """Add up what each row's customer ordered in ``[cutoff - days_before, cutoff + days_after)``.

    Parameters
    ----------
    orders : DataFrame with customer_id, ordered_at and revenue_cents
        An order whose price is missing counts as an order of 0.
    rows : DataFrame with customer_id and cutoff
        A customer once a cutoff.

    Returns
    -------
    DataFrame with n_orders and revenue_cents, a row for each of ``rows``, in their order and with their index
    """
    keys = ["customer_id", "cutoff"]
    joined = rows[keys].merge(orders[["customer_id", "ordered_at", "revenue_cents"]], on="customer_id")
    since, until = joined["cutoff"] - days_before * DAY, joined["cutoff"] + days_after * DAY
    inside = joined[(joined["ordered_at"] >= since) & (joined["ordered_at"] < until)]
    sums = inside.groupby(keys)["revenue_cents"].agg(n_orders="size", revenue_cents="sum")
    found = sums.reindex(pd.MultiIndex.from_frame(rows[keys])).fillna(0).astype("int64")
    return found.set_index(rows.index)


def expected_order_values(orders, rows, *, lookback_days, horizon_days, prior_orders):
    """Return what each row's customer may be expected to spend in the horizon if they order in it, in cents.

    A customer's mean order in the lookback, drawn towards the shop's as if they had placed ``prior_orders`` mean orders
    besides, times the orders that a buyer placed in the horizon before the cutoff, mean. All rows have one cutoff.

    Returns
    -------
    int array of shape (n_rows,)
    """
    own = spent(orders, rows, days_before=lookback_days)
    before = int(rows["cutoff"].iloc[0])
    past = orders[(orders["ordered_at"] >= before - lookback_days * DAY) & (orders["ordered_at"] < before)]
    if len(past) == 0:
        raise NotAvailable("no order lies in the lookback, so none has a value to learn from")
    mean = past["revenue_cents"].fillna(0).mean()
    recent = past[past["ordered_at"] >= before - horizon_days * DAY]
    orders_a_buyer = max(1.0, len(recent) / max(recent["customer_id"].nunique(), 1))
    drawn = (own["revenue_cents"] + prior_orders * mean) / (own["n_orders"] + prior_orders)
    return np.rint(orders_a_buyer * drawn).astype("int64").to_numpy()


def value_error(values, revenue_cents):
    """Compare expected values with what buyers spent: mean absolute error, and that of the mean value for all.

    Returns
    -------
    dict with n_buyers, mean_spent_cents, mean_expected_cents, error_cents, error_of_mean_cents
    """
    bought = revenue_cents > 0
    if not bought.any():
        return {"n_buyers": 0}
    told, happened = values[bought], revenue_cents[bought]
    return {
        "n_buyers": int(bought.sum()),
        "mean_spent_cents": round(float(happened.mean())),
        "mean_expected_cents": round(float(told.mean())),
        "error_cents": round(float(np.abs(told - happened).mean())),
        "error_of_mean_cents": round(float(np.abs(values.mean() - happened).mean())),
    }
