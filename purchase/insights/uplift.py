"""Who orders because of a promotion: e-mails sent against a randomised hold-out, by propensity.

Every promotion drew by lot which of its recipients got no e-mail. So the difference between the two in the share that
orders is what the e-mail does, for any set of customers that was fixed before: here tenths of the propensity.

References
----------
Radcliffe (2007), "Using control groups to target on predicted lift: building and assessing uplift models", Direct
Marketing Analytics Journal, for the Qini curve and coefficient.

Newcombe (1998), "Interval estimation for the difference
between independent proportions", Statistics in Medicine 17, method 10, for the intervals of differences: where nobody
ordered, resampling would find no doubt at all. It takes the promotions to one customer, a few, as independent.
"""

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import bootstrap_sums, percentile_interval
from purchase.insights.parts import N_DECIMALS, NotAvailable, Part, estimate
from purchase.insights.segments import share_intervals
from purchase.tables import DAY

SENT, HELD_OUT = "email_sent", "email_held_out"
N_BINS = 10
LEAST_HELD_OUT = 100  # rows in all, below which no interval would say anything


def promotions(rows, mails, orders, *, uplift_days, horizon_days):
    """Return the promotions of each row's horizon whose outcome is known.

    Parameters
    ----------
    rows : DataFrame with customer_id, cutoff, group and propensity
        Other columns are kept.
    mails : DataFrame with customer_id, event_at and event_type (SENT or HELD_OUT)
    orders : DataFrame with customer_id and ordered_at

    Returns
    -------
    DataFrame with group, propensity, sent and ordered, and the others; a row a customer and promotion, in order
        Promotions count whose ``uplift_days`` end within the horizon; ``ordered`` is whether an order followed in them.

    Raises
    ------
    NotAvailable
        If fewer than ``LEAST_HELD_OUT`` rows were held out.
    """
    found = rows.merge(mails, on="customer_id")
    last = found["cutoff"] + (horizon_days - uplift_days) * DAY
    found = found[(found["event_at"] >= found["cutoff"]) & (found["event_at"] <= last)]
    n_held_out = int((found["event_type"] == HELD_OUT).sum())
    if n_held_out < LEAST_HELD_OUT:
        raise NotAvailable(
            f"{n_held_out} customers were held out of a promotion at random in the horizons looked at, "
            f"fewer than {LEAST_HELD_OUT}: without a hold-out, nobody can tell who would have ordered anyway"
        )
    found = found.sort_values(["cutoff", "customer_id", "event_at"], kind="stable", ignore_index=True)
    after = found[["customer_id", "event_at"]].reset_index().merge(orders[["customer_id", "ordered_at"]])
    delay = after["ordered_at"] - after["event_at"]
    ordered = after.loc[(delay >= 0) & (delay < uplift_days * DAY), "index"].unique()
    told = found.drop(columns=["customer_id", "cutoff", "event_at", "event_type"])
    return told.assign(sent=found["event_type"] == SENT, ordered=found.index.isin(ordered))


def uplift_part(rows, mails, orders, *, uplift_days, horizon_days, **resampling):
    """Measure what promotions add to the share that orders, by tenths of the propensity.

    Returns
    -------
    Part
        Table ``uplift``: a row a tenth, the likeliest first.
    """
    found = promotions(rows, mails, orders, uplift_days=uplift_days, horizon_days=horizon_days)
    bins = tenths(found["propensity"].to_numpy())
    counts = tenth_counts(found, bins)
    sums = counts.sum(axis=2)
    table = pd.DataFrame({"tenth": np.arange(1, N_BINS + 1)})
    table["mean_propensity"] = found["propensity"].groupby(bins).mean()
    table["n_sent"], table["n_held_out"] = sums[0].astype(int), sums[2].astype(int)
    table["share_sent_ordered"], table["share_held_out_ordered"] = sums[1] / sums[0], sums[3] / sums[2]
    differences = [difference(*tenth, interval=resampling["interval"]) for tenth in sums.T]
    table[["uplift", "low", "high"]] = pd.DataFrame(differences, columns=["uplift", "low", "high"])
    numbers = {"n_sent": int(sums[0].sum()), "n_held_out": int(sums[2].sum()), "uplift_days": uplift_days}
    half = N_BINS // 2
    for name, part in (("overall", sums), ("top_half", sums[:, :half]), ("bottom_half", sums[:, half:])):
        numbers[name] = estimate(*difference(*part.sum(axis=1), interval=resampling["interval"]))
    numbers["qini"] = estimate(*qini_with_interval(counts, found["group"], **resampling))
    return Part(numbers, {"uplift": table.round(N_DECIMALS)})


def difference(sent, sent_ordered, held_out, held_out_ordered, *, interval):
    """Return (value, low, high) of the difference between two shares, by Newcombe's method 10."""
    value = sent_ordered / sent - held_out_ordered / held_out
    (low,), (high,) = share_intervals([sent_ordered], [sent], interval=interval)
    (other_low,), (other_high,) = share_intervals([held_out_ordered], [held_out], interval=interval)
    below = np.hypot(sent_ordered / sent - low, other_high - held_out_ordered / held_out)
    above = np.hypot(high - sent_ordered / sent, held_out_ordered / held_out - other_low)
    return value, value - below, value + above


def qini_with_interval(counts, groups, *, interval, **resampling):
    sums = bootstrap_sums(counts.reshape(-1, counts.shape[2]), groups, **resampling)
    low, high = percentile_interval(qini(sums.reshape(*counts.shape[:2], -1)), interval=interval)
    return qini(counts.sum(axis=2)[:, :, None])[0], low, high


def tenths(propensity):
    """Return each row's tenth from 0, the likeliest."""
    rank = np.empty(len(propensity), dtype=int)
    rank[np.argsort(-propensity, kind="stable")] = np.arange(len(propensity))
    return rank * N_BINS // len(propensity)


def tenth_counts(found, bins):
    """Return which row is sent, sent and ordered, held out, held out and ordered, in which tenth: (4, N_BINS, n)."""
    sent, ordered = found["sent"].to_numpy(), found["ordered"].to_numpy()
    what = np.stack([sent, sent & ordered, ~sent, ~sent & ordered]).astype(float)
    return what[:, None, :] * (bins == np.arange(N_BINS)[:, None])


def qini(counts):
    """Return the Qini coefficient of counts of shape (4, N_BINS, n_samples).

    The Qini curve holds, after each tenth, the orders that the e-mails added so far as a share of all who were sent
    one; the coefficient is the area between it and the straight line to its end, which random targeting gives.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        sent, sent_ordered, held, held_ordered = np.cumsum(counts, axis=1)
        curve = (sent_ordered - held_ordered * sent / held) / sent[-1]
    steps = np.arange(1, N_BINS + 1)[:, None] / N_BINS
    return (curve - curve[-1] * steps).sum(axis=0) / N_BINS  # trapezoids between ends of 0
