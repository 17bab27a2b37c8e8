"""Customers by what they do: k-means on the ranks of a few habits, with how steady the clusters are.

References
----------
Hubert and Arabie (1985), "Comparing partitions", Journal of Classification 2, for the adjusted Rand index.

Hennig (2007), "Cluster-wise assessment of cluster stability", Computational Statistics & Data Analysis 52, for judging
clusters by resampling.
"""

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import QuantileTransformer
from threadpoolctl import threadpool_limits

from purchase.insights.parts import N_DECIMALS, NotAvailable, Part
from purchase.insights.segments import share_intervals

# Habits, each by the first feature of these that the shop has; a shop keeps some of them.
HABITS = {
    "recent visits": ("days_since_event",),
    "views": ("n_view_halved_30d", "n_view_90d"),
    "carts": ("n_add_to_cart_180d", "n_add_to_cart_90d"),
    "orders": ("n_orders_180d", "n_orders_90d"),
    "recent orders": ("days_since_order",),
    "spending": ("revenue_cents_per_order",),
    "discounts": ("discount_share",),
    "e-mail reading": ("email_open_rate",),
    "mobile visits": ("mobile_share",),
}
REVERSED = ("recent visits", "recent orders")  # a longer time since is less of it
SHARES = ("spending", "discounts", "e-mail reading", "mobile visits")  # missing: not known, and so in the middle
ORDERING = ("recent orders", "spending", "discounts")  # known of buyers alone: of no use where most never ordered
LEAST_BUYERS = 0.5  # share of the rows that ordered, for ``ORDERING`` to count
N_CLUSTERS = range(3, 8)  # tried; the most of these that are steady are taken
STEADY = 0.9  # mean adjusted Rand index from which clusters count as steady
N_RESAMPLES = 10
N_INIT = 4
MOST_ROWS = 20_000  # clustered; all others go to the nearest centre
LEAST_HABITS, LEAST_ROWS = 3, 100
N_TOLD = 2  # habits that are said to set a cluster apart
APART = 0.1  # of the ranks, below which a habit does not set a cluster apart
# What to do, by the habit that sets the cluster apart most, and whether it has more of it than others do.
ACTIONS = {
    ("orders", True): "Keep them: early access and what goes with their last orders, no discount needed.",
    ("recent orders", True): "Ask for a review and propose what goes with the last order.",
    ("spending", True): "Give them the best service: a contact of their own, new and dear products first.",
    ("carts", True): "Remind them of what is in the cart; make shipping and returns plain at checkout.",
    ("views", True): "Show what they viewed again with reviews and prices; help to choose.",
    ("recent visits", True): "Reach them while they are here: recommendations on the site, a message within days.",
    ("discounts", True): "Announce sales to them, and only to them at a discount.",
    ("e-mail reading", True): "Write to them: they read it. Test what the mail adds against a hold-out.",
    ("mobile visits", True): "Make ordering on the phone short; prefer push messages to long mails.",
    ("mobile visits", False): "Desktop users: fuller pages, comparisons and mails with more than one product.",
    ("e-mail reading", False): "E-mails do not reach them: use the site itself, or fewer and better mails.",
    ("discounts", False): "They pay the full price: no discounts, show what is new.",
}
OTHERWISE = "Low-cost messages only; wait for a sign of interest before spending on them."


def habits_of(features):
    """Return {habit: feature} of those that the features have and that differ between customers."""
    found, bought = {}, features["days_since_order"].notna().mean() if "days_since_order" in features else 0.0
    for habit, names in HABITS.items():
        known = [name for name in names if name in features and features[name].nunique() > 1]
        if known and not (habit in ORDERING and bought < LEAST_BUYERS):
            found[habit] = known[0]
    return found


def cluster_part(features, scored, *, seed, interval):
    """Cluster customers by their habits.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
    scored : DataFrame with label and propensity, and with prices expected_value_cents
        The same rows.

    Returns
    -------
    Part
        Tables ``clusters`` (a row a cluster, the likeliest first) and ``habits`` (cluster, habit, and how far the
        cluster's mean rank lies above all customers', in -0.5 to 0.5).
    array of shape (n_rows,)
        Number of each row's cluster, from 1.

    Raises
    ------
    NotAvailable
        If there are too few customers or habits.
    """
    habits = habits_of(features)
    if len(habits) < LEAST_HABITS or len(features) < LEAST_ROWS:
        raise NotAvailable(
            f"{len(features)} customers and {len(habits)} habits that differ ({', '.join(habits) or 'none'}): clusters "
            f"need {LEAST_ROWS} and {LEAST_HABITS}"
        )
    ranks = _ranks(features, habits, seed=seed)
    steadiness = {k: stability(ranks, k, seed=seed) for k in N_CLUSTERS}
    k = max(steadiness, key=lambda k: (min(np.mean(steadiness[k]), STEADY), k))
    clusters = _number(_fit(ranks, k, seed=seed).predict(ranks), scored["propensity"].to_numpy())
    apart = pd.DataFrame(ranks - ranks.mean(axis=0), columns=list(habits)).groupby(clusters).mean()
    table = _describe(clusters, scored, apart, interval=interval)
    low, high = np.min(steadiness[k]), np.max(steadiness[k])
    numbers = {
        "n_clusters": k,
        "habits": habits,
        "stability": {"mean": float(np.mean(steadiness[k])), "lowest": float(low), "highest": float(high)},
        "stability_by_number": {str(n): float(np.mean(found)) for n, found in steadiness.items()},
    }
    told = apart.rename_axis("cluster").reset_index().melt("cluster", var_name="habit", value_name="apart")
    return Part(numbers, {"clusters": table.round(N_DECIMALS), "habits": told.round(N_DECIMALS)}), clusters


def stability(ranks, k, *, seed):
    """Return the adjusted Rand index between the clusters of all rows and those of each of ``N_RESAMPLES`` halves.

    Every customer is put to the nearest centre of both; 1 is the same clusters, 0 what chance gives.
    """
    rng, sample = np.random.default_rng(seed), _sample(ranks, seed)
    whole = _fit(ranks, k, seed=seed).predict(sample)
    halves = [rng.choice(len(sample), len(sample) // 2, replace=False) for _ in range(N_RESAMPLES)]
    fits = [_fit(sample[half], k, seed=seed + i + 1) for i, half in enumerate(halves)]
    return [adjusted_rand_score(whole, fit.predict(sample)) for fit in fits]


def _ranks(features, habits, *, seed):
    """Return each habit as a rank between 0 and 1, more of it being higher.

    Missing is the least or, of ``SHARES``, the middle.
    """
    columns = []
    for habit, name in habits.items():
        values = features[name].to_numpy(dtype=float, na_value=np.nan)
        values = -values if habit in REVERSED else values
        columns.append(values if habit in SHARES else np.nan_to_num(values, nan=np.nanmin(values) - 1))
    scaler = QuantileTransformer(n_quantiles=min(1000, len(features)), subsample=None, random_state=seed)
    return np.nan_to_num(scaler.fit_transform(np.column_stack(columns)), nan=0.5)


def _sample(ranks, seed):
    if len(ranks) <= MOST_ROWS:
        return ranks
    return ranks[np.sort(np.random.default_rng(seed).choice(len(ranks), MOST_ROWS, replace=False))]


def _fit(ranks, k, *, seed):
    # One thread: with several, the order of the terms of a sum, and so its last bit, would differ.
    with threadpool_limits(1):
        return KMeans(k, n_init=N_INIT, random_state=seed).fit(_sample(ranks, seed))


def _number(clusters, propensity):
    """Number the clusters from 1, the highest mean propensity first."""
    means = pd.Series(propensity).groupby(clusters).mean()
    order = means.sort_values(ascending=False, kind="stable").index
    return pd.Series(np.arange(1, len(order) + 1), index=order).loc[clusters].to_numpy()


def _describe(clusters, scored, apart, *, interval):
    rows = scored.reset_index(drop=True)
    worth = rows["propensity"] * rows["expected_value_cents"] if "expected_value_cents" in rows else np.nan
    found = (
        rows.assign(worth=worth)
        .groupby(clusters)
        .agg(
            n_customers=("label", "size"),
            n_ordered=("label", "sum"),
            mean_propensity=("propensity", "mean"),
            share_ordered=("label", "mean"),
            expected_revenue_cents=("worth", "sum"),
        )
    )
    found["low"], found["high"] = share_intervals(found["n_ordered"], found["n_customers"], interval=interval)
    found["share_of_customers"] = found["n_customers"] / len(rows)
    if "expected_value_cents" in rows:
        found["expected_revenue_cents"] = found["expected_revenue_cents"].round().astype("int64")
    else:
        found = found.drop(columns="expected_revenue_cents")
    strongest = [row.sort_values(ascending=False, key=abs, kind="stable") for _, row in apart.iterrows()]
    found["apart"] = [in_words(row) for row in strongest]
    found["action"] = [action(row) for row in strongest]
    return found.rename_axis("cluster").reset_index()


def in_words(row):
    """Return what sets a cluster apart, "more carts, less discounts"; ``row`` holds the strongest habits first."""
    told = row[row.abs() >= APART].head(N_TOLD)
    return ", ".join(f"{'more' if value > 0 else 'less'} {habit}" for habit, value in told.items()) or "like all others"


def action(row):
    """Return what is recommended, by the strongest habit that an action is known for."""
    apart = [(habit, value > 0) for habit, value in row.items() if abs(value) >= APART]
    return next((ACTIONS[key] for key in apart if key in ACTIONS), OTHERWISE)
