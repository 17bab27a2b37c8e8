"""Products that a customer may buy next, each described by what was known at the cutoff.

Candidates are what the customer bought or looked at lately, what sells best, and what sells best in the categories that
the customer likes; the ranker only puts these in order, so that memory is bounded by customers at a time.
"""

import numpy as np
import pandas as pd

from purchase.tables import DAY

MOST_OWN = 40  # products that a customer bought or saw, the latest
N_POPULAR = 30  # best sellers of the shop
N_CATEGORIES, N_IN_CATEGORY = 2, 15  # best sellers of the categories that a customer likes
KEYS = ["customer_id", "product_id"]
FEATURES = [
    *("n_views", "n_carts", "days_since_seen", "n_bought", "days_since_bought"),
    *("n_sold_lately", "n_sold", "share_of_views", "share_of_purchases", "price_cents", "price_to_own"),
]
_A_CART, _A_PURCHASE = 5, 10  # views that a cart or a purchase counts as, in what a customer likes


def goods_at(lines, seen, *, cutoff, horizon_days, lookback_days):
    """Return the products known at a cutoff: category, price, and how many lines were sold.

    Parameters
    ----------
    lines : DataFrame with ordered_at, product_id, category and unit_price_cents
        Of all customers, guests too.
    seen : DataFrame with product_id, category and price_cents
        What customers looked at before the cutoff.

    Returns
    -------
    DataFrame with product_id, category, price_cents, n_sold_lately (in a horizon) and n_sold (in the lookback)
        The best seller first; equals in the order of their id.
    """
    past = lines[lines["ordered_at"] < cutoff].rename(columns={"unit_price_cents": "price_cents"})
    known = pd.concat([past, seen])[["product_id", "category", "price_cents"]]
    goods = known.groupby("product_id").agg(category=("category", "max"), price_cents=("price_cents", "median"))
    for name, days in (("n_sold_lately", horizon_days), ("n_sold", lookback_days)):
        sold = past.loc[past["ordered_at"] >= cutoff - days * DAY, "product_id"].value_counts()
        goods[name] = sold.reindex(goods.index).fillna(0).astype("int64")
    return goods.reset_index().sort_values(["n_sold", "product_id"], ascending=[False, True], ignore_index=True)


def candidates(customers, lines, seen, goods, *, cutoff):
    """Return the candidates of some customers with ``FEATURES``, ordered by ``KEYS``.

    Parameters
    ----------
    customers : Series or array of customer ids
    lines : DataFrame with customer_id, ordered_at and product_id
    seen : DataFrame with customer_id, product_id, n_views, n_carts and last_at
        In the lookback.
    goods : DataFrame
        From ``goods_at``.

    Returns
    -------
    DataFrame with ``KEYS``, category and ``FEATURES``
        A product that was never seen, or never bought, lacks the days since.
    """
    own = _own(customers, lines, seen, cutoff=cutoff).merge(goods[["product_id", "category", "price_cents"]])
    tastes = _tastes(own)
    everyone = pd.DataFrame({"customer_id": np.unique(customers)})
    liked = tastes.sort_values(["customer_id", "liking", "category"], ascending=[True, False, True], kind="stable")
    liked = liked[liked.groupby("customer_id").cumcount() < N_CATEGORIES]
    best = goods[goods.groupby("category").cumcount() < N_IN_CATEGORY]
    pairs = [
        own.sort_values(["customer_id", "last_at", "product_id"], ascending=[True, False, True]),
        everyone.merge(goods.head(N_POPULAR), how="cross"),
        liked.merge(best, on="category"),
    ]
    pairs[0] = pairs[0][pairs[0].groupby("customer_id").cumcount() < MOST_OWN]
    table = pd.concat([part[KEYS] for part in pairs]).drop_duplicates().sort_values(KEYS, ignore_index=True)
    table = table.merge(own.drop(columns=["category", "price_cents"]), on=KEYS, how="left").merge(goods)
    table = table.merge(tastes.drop(columns="liking"), on=["customer_id", "category"], how="left")
    table = table.merge(own.groupby("customer_id")["price_cents"].mean().rename("own_price").reset_index(), how="left")
    table["price_to_own"] = table["price_cents"] / table["own_price"].where(table["own_price"] > 0)
    counts = ["n_views", "n_carts", "n_bought", "share_of_views", "share_of_purchases"]
    table[counts] = table[counts].fillna(0)
    return table.sort_values(KEYS, ignore_index=True)[[*KEYS, "category", *FEATURES]]


def _own(customers, lines, seen, *, cutoff):
    """Return what each customer bought before the cutoff or saw."""
    past = lines[(lines["ordered_at"] < cutoff) & lines["customer_id"].isin(customers)]
    bought = past.groupby(KEYS).agg(n_bought=("ordered_at", "size"), bought_at=("ordered_at", "max")).reset_index()
    looked = seen.loc[seen["customer_id"].isin(customers), [*KEYS, "n_views", "n_carts", "last_at"]]
    own = bought.merge(looked.rename(columns={"last_at": "seen_at"}), on=KEYS, how="outer")
    own[["n_bought", "n_views", "n_carts"]] = own[["n_bought", "n_views", "n_carts"]].fillna(0)
    days = {f"days_since_{what}": (cutoff - own[f"{what}_at"]) / DAY for what in ("bought", "seen")}
    return own.assign(last_at=own[["bought_at", "seen_at"]].max(axis=1), **days).drop(columns=["bought_at", "seen_at"])


def _tastes(own):
    """Return each customer's liking of each category, and its share of their views and of their purchases."""
    sums = own.groupby(["customer_id", "category"])[["n_views", "n_carts", "n_bought"]].sum().reset_index()
    total = sums.groupby("customer_id")[["n_views", "n_bought"]].transform("sum")
    sums["share_of_views"] = sums["n_views"] / total["n_views"].where(total["n_views"] > 0)
    sums["share_of_purchases"] = sums["n_bought"] / total["n_bought"].where(total["n_bought"] > 0)
    sums["liking"] = sums["n_views"] + _A_CART * sums["n_carts"] + _A_PURCHASE * sums["n_bought"]
    return sums.drop(columns=["n_views", "n_carts", "n_bought"])
