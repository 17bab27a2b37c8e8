"""Customers by recency, frequency and money, under the names that marketers use, with what to do about each."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from purchase.insights.parts import N_DECIMALS, Part
from purchase.tables import DAY

NO_ORDER = "No order yet"
# By recency (rows, 1 the longest ago) and by frequency and money (columns, 1 the least): the usual grid of eleven
# segments. Hughes (1994), Strategic Database Marketing, has the scores; the names are those of Putler's and others'.
GRID = (
    ("Lost", "Lost", "At risk", "Cannot lose them", "Cannot lose them"),
    ("Hibernating", "Hibernating", "At risk", "At risk", "At risk"),
    ("About to sleep", "About to sleep", "Need attention", "Loyal customers", "Loyal customers"),
    ("Promising", "Potential loyalists", "Potential loyalists", "Loyal customers", "Champions"),
    ("New customers", "Potential loyalists", "Potential loyalists", "Champions", "Champions"),
)
ACTIONS = {
    "Champions": "Reward them and ask for reviews; show new products first, no discount needed.",
    "Loyal customers": "Offer more of what goes with their last orders; invite to the loyalty programme.",
    "Potential loyalists": "Bring about the next order soon: recommend by their last one.",
    "New customers": "Welcome them and help with the first order; propose a second within weeks.",
    "Promising": "Stay in mind with low-cost messages; a small incentive for the second order.",
    "Need attention": "A limited offer on the categories they bought.",
    "About to sleep": "Remind them of what they viewed; a popular product at a good price.",
    "At risk": "A personal message with a reason to come back, before the habit is gone.",
    "Cannot lose them": "Win back by hand: call or write, ask what went wrong.",
    "Hibernating": "Only low-cost messages; include them in seasonal campaigns.",
    "Lost": "No paid contact; one last message, then leave them be.",
    NO_ORDER: "Help with the first order; contact only those of high propensity.",
}
N_SCORES = 5


def rfm(orders, rows):
    """Describe each row's customer by all of their orders before the cutoff.

    Parameters
    ----------
    orders : DataFrame with customer_id, ordered_at and revenue_cents
    rows : DataFrame with customer_id and cutoff

    Returns
    -------
    DataFrame with days_since_order (NaN: no order), n_orders, revenue_cents and segment, with the index of ``rows``
        Without prices the money is 0 throughout, and frequency alone counts.
    """
    keys = ["customer_id", "cutoff"]
    joined = rows[keys].merge(orders[["customer_id", "ordered_at", "revenue_cents"]], on="customer_id")
    past = joined[joined["ordered_at"] < joined["cutoff"]].groupby(keys)
    sums = past.agg(last=("ordered_at", "max"), n_orders=("ordered_at", "size"), revenue_cents=("revenue_cents", "sum"))
    found = sums.reindex(pd.MultiIndex.from_frame(rows[keys])).set_index(rows.index)
    days = (rows["cutoff"] - found["last"]) / DAY
    table = found[["n_orders", "revenue_cents"]].fillna(0).astype("int64").assign(days_since_order=days)
    return table.assign(segment=_segments(table))


def _segments(table):
    bought = table[table["n_orders"] > 0]
    recency = _scores(-bought["days_since_order"])
    amount = _scores(bought["n_orders"].rank(pct=True) + bought["revenue_cents"].rank(pct=True))
    names = pd.Series(NO_ORDER, index=table.index, dtype=object)
    names[bought.index] = np.array(GRID, dtype=object)[recency - 1, amount - 1]
    return names


def _scores(values):
    """Return 1 (lowest fifth) to 5 (highest) by rank; equals share a score."""
    return np.ceil(values.rank(pct=True) * N_SCORES).clip(1, N_SCORES).astype(int).to_numpy()


def segment_part(table, scored, *, interval):
    """Describe the segments: size, value, propensity, what happened, one recommended action.

    Parameters
    ----------
    table : DataFrame
        From ``rfm``, of test rows.
    scored : DataFrame with label and propensity
        The same rows.

    Returns
    -------
    Part
        Table ``segments``, in the order of the mean propensity.
    """
    rows = table.assign(label=scored["label"], propensity=scored["propensity"])
    found = rows.groupby("segment").agg(
        n_customers=("label", "size"),
        n_orders_before=("n_orders", "sum"),
        revenue_before_cents=("revenue_cents", "sum"),
        median_days_since_order=("days_since_order", "median"),
        mean_propensity=("propensity", "mean"),
        n_ordered=("label", "sum"),
    )
    found["share_of_customers"] = found["n_customers"] / len(rows)
    found["share_ordered"] = found["n_ordered"] / found["n_customers"]
    found["low"], found["high"] = share_intervals(found["n_ordered"], found["n_customers"], interval=interval)
    found["action"] = found.index.map(ACTIONS)
    found = found.sort_values(["mean_propensity", "n_customers"], ascending=False, kind="stable").reset_index()
    return Part({"n_segments": len(found)}, {"segments": found.round(N_DECIMALS)})


def share_intervals(counts, sizes, *, interval):
    """Return (lows, highs), Wilson's interval of each share."""
    found = [
        binomtest(int(k), int(n)).proportion_ci(interval, method="wilson") for k, n in zip(counts, sizes, strict=True)
    ]
    return [ci.low for ci in found], [ci.high for ci in found]
