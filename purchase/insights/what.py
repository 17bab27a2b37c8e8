"""What customers buy next: a ranking of products, scored out of time against popularity, buying again and seen last."""

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import bootstrap_sums, percentile_interval
from purchase.insights.candidates import KEYS, candidates, goods_at
from purchase.insights.parts import N_DECIMALS, NotAvailable, Part
from purchase.insights.ranking import category_scores, fit_ranker, hits_at, in_order, predict, summed_by_category
from purchase.tables import DAY

N_CUTOFFS = 4  # the last before the test cutoff, from whose buyers the ranker learns
LEAST_BUYERS = 30  # of the training cutoffs
CHUNK_CUSTOMERS = 10_000  # ranked at a time; each time, all events are read
MOST_TARGETS = 50_000  # customers who are told products, the likeliest
N_TOLD, N_CATEGORIES_TOLD = 5, 3
AT = {"products": (5, 10), "categories": (1, 3)}
RANKER, POPULAR, AGAIN, SEEN = "ranker", "popularity", "buy again", "seen last"


class Shelf:
    """What is known of products and customers at any cutoff.

    Parameters
    ----------
    lines : DataFrame with customer_id, ordered_at, product_id, category and unit_price_cents
    seen : callable
        (cutoff, customers) -> customer_id, product_id, category, price_cents, n_views, n_carts, last_at.
    """

    def __init__(self, lines, seen, *, horizon_days, lookback_days):
        self.lines, self.seen = lines, seen
        self.days = {"horizon_days": horizon_days, "lookback_days": lookback_days}

    def candidates(self, customers, cutoff):
        seen = self.seen(cutoff, customers)
        goods = goods_at(self.lines, seen, cutoff=cutoff, **self.days)
        return candidates(customers, self.lines, seen, goods, cutoff=cutoff)

    def bought(self, cutoff):
        """Return customer and product of what is bought in the horizon, and whether the customer bought it before."""
        lines = self.lines.dropna(subset=KEYS)
        inside = lines["ordered_at"].between(cutoff, cutoff + self.days["horizon_days"] * DAY, inclusive="left")
        later = lines.loc[inside, [*KEYS, "category"]].drop_duplicates(KEYS)
        before = lines.loc[lines["ordered_at"] < cutoff, KEYS].drop_duplicates().assign(again=True)
        later = later.merge(before, on=KEYS, how="left")
        return later.assign(again=later["again"].notna()).sort_values(KEYS, ignore_index=True)


def what_part(shelf, rows, cutoffs, targets, *, seed, n_threads, n_bootstrap, interval):
    """Learn from the buyers of the cutoffs before the last, score on those of the last, and tell the targets.

    Parameters
    ----------
    shelf : Shelf
    rows : DataFrame with customer_id and cutoff
        Customers at every cutoff.
    cutoffs : list of int
        The last is the test cutoff.
    targets : array of customer ids
        Whom the shop wants to contact, the likeliest first.

    Returns
    -------
    Part
        Table ``next_items``: what, of_what ("all", "again" or "new"), ranking, k, n_customers, recall and map with
        their intervals, and by how much the ranker's is ahead.
    DataFrame with next_categories, next_products_again and next_products_new, indexed by customer

    Raises
    ------
    NotAvailable
        If the orders name no products, or too few customers bought any.
    """
    if shelf.lines["product_id"].isna().all():
        raise NotAvailable("the shop's orders name no products")
    *earlier, last = cutoffs
    buyers = {cutoff: _buyers(shelf, rows, cutoff) for cutoff in [*earlier[-N_CUTOFFS:], last]}
    n_buyers = sum(len(buyers[cutoff]) for cutoff in earlier[-N_CUTOFFS:])
    tables = {cutoff: _of_buyers(shelf, found, cutoff) for cutoff, found in buyers.items() if len(found)}
    test, learned = tables.pop(last, None), n_buyers >= LEAST_BUYERS
    ranker = fit_ranker(list(tables.values()), seed=seed, n_threads=n_threads) if learned else None
    if ranker is None or test is None:
        raise NotAvailable(f"{n_buyers} customers bought in the horizons of the cutoffs before, {LEAST_BUYERS} needed")
    truth = shelf.bought(last)
    truth = truth[truth["customer_id"].isin(test["customer_id"])]
    found = _scores(test, truth, predict(ranker, test), n_bootstrap=n_bootstrap, interval=interval, seed=seed)
    told = _told_all(shelf, ranker, targets[:MOST_TARGETS], last)
    numbers = {
        "n_buyers_learned_from": n_buyers,
        "n_buyers": int(test["customer_id"].nunique()),
        "n_told": min(len(targets), MOST_TARGETS),
        "share_of_bought_among_candidates": float(truth.merge(test, on=KEYS).shape[0] / len(truth)),
    }
    if truth["category"].isna().all():
        numbers["categories"] = "not available: the shop's orders name no categories"
    return Part(numbers, {"next_items": found.round(N_DECIMALS)}), told


def _told_all(shelf, ranker, targets, cutoff):
    chunks = [targets[i : i + CHUNK_CUSTOMERS] for i in range(0, len(targets), CHUNK_CUSTOMERS)]
    told = [_told(shelf, ranker, chunk, cutoff) for chunk in chunks]
    return pd.concat(told) if told else pd.DataFrame(index=pd.Index([], name="customer_id"))


def _buyers(shelf, rows, cutoff):
    """Return those of ``rows`` who buy in the cutoff's horizon."""
    found = shelf.bought(cutoff)["customer_id"]
    return np.sort(found[found.isin(rows.loc[rows["cutoff"] == cutoff, "customer_id"])].unique())


def _of_buyers(shelf, buyers, cutoff):
    """Return the candidates of customers who buy in the cutoff's horizon, and which of them they buy."""
    bought, table = shelf.bought(cutoff), shelf.candidates(buyers, cutoff)
    hits = table[KEYS].merge(bought.assign(bought=True)[[*KEYS, "bought"]], on=KEYS, how="left")
    return table.assign(bought=hits["bought"].notna().to_numpy())


def rankings(table, scores):
    """Return {ranking: score of each candidate}, the ranker's and those of the simple rules; popularity breaks ties."""
    popular = table["n_sold"] / (1 + table["n_sold"].max())  # below 1
    last = np.floor(1000 / (1 + table["days_since_seen"].fillna(np.inf)))
    return {RANKER: scores, POPULAR: popular, AGAIN: table["n_bought"] + popular, SEEN: last + popular}


def _scores(table, truth, scores, **resampling):
    rows = []
    for of_what in ("all", "again", "new"):
        wanted = truth if of_what == "all" else truth[truth["again"] == (of_what == "again")]
        member = (table["n_bought"] > 0) == (of_what == "again") if of_what != "all" else table["n_bought"] >= 0
        if len(wanted):
            lists = {
                name: in_order(table[member], score[member])
                for name, score in rankings(table, scores).items()
                if of_what != "new" or name != AGAIN
            }
            rows += _compare(lists, wanted[KEYS], "products", of_what, **resampling)
    known = truth.dropna(subset=["category"])[["customer_id", "category"]].drop_duplicates()
    if len(known):
        lists = {}
        for name, score in rankings(table, scores).items():
            told = category_scores(table, score) if name == RANKER else summed_by_category(table, score)
            lists[name] = in_order(told, told["score"], item="category")
        rows += _compare(lists, known, "categories", "all", **resampling)
    return pd.DataFrame(rows)


def _compare(lists, wanted, what, of_what, *, n_bootstrap, interval, seed):
    """Return a row a ranking and length of its list."""
    rows = []
    for k in AT[what]:
        found = {name: hits_at(ranked, wanted, k).to_numpy() for name, ranked in lists.items()}
        values = np.column_stack([*found.values(), *(found[RANKER] - other for other in found.values())])
        n = len(values)
        sums = bootstrap_sums(values.T, np.arange(n), n_bootstrap=n_bootstrap, seed=seed)
        low, high = percentile_interval(sums / n, interval=interval)
        for i, name in enumerate(found):
            row = {"what": what, "of_what": of_what, "ranking": name, "k": k, "n_customers": n}
            ends = {"recall": 2 * i, "map": 2 * i + 1}
            ends |= {f"{metric}_ahead": 2 * len(found) + at for metric, at in ends.items()}
            for metric, at in ends.items():
                row |= {metric: values[:, at].mean(), f"{metric}_low": low[at], f"{metric}_high": high[at]}
            rows.append(row)
    return rows


def _told(shelf, ranker, customers, cutoff):
    """Return what each customer is told: the likeliest categories, products to buy again, and new ones."""
    customers = np.asarray(customers)
    table = shelf.candidates(customers, cutoff)
    scores = predict(ranker, table) if len(table) else np.zeros(0)
    again, known = table["n_bought"] > 0, table["category"].notna()
    categories = category_scores(table[known], scores[known])
    told = {
        "next_categories": _joined(in_order(categories, categories["score"], item="category"), N_CATEGORIES_TOLD),
        "next_products_again": _joined(in_order(table[again], scores[again]), N_TOLD),
        "next_products_new": _joined(in_order(table[~again], scores[~again]), N_TOLD),
    }
    return pd.DataFrame(told, index=pd.Index(customers, name="customer_id"))


def _joined(ranked, n):
    item = ranked.columns[1]
    return ranked[ranked["rank"] < n].groupby("customer_id")[item].agg("; ".join)
