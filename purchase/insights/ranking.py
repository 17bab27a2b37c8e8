"""Lists of what comes next, and how good they are: recall and mean average precision at k, customer by customer.

References
----------
Manning, Raghavan and Schütze (2008), Introduction to Information Retrieval, section 8.4, for both. The average
precision at k is divided by the most hits that k places can hold.
"""

import numpy as np
import pandas as pd
from lightgbm import LGBMRanker

from purchase.insights.candidates import FEATURES

SETTINGS = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 12,  # places of the list that count, a little beyond the longest
    "n_estimators": 80,
    "learning_rate": 0.06,
    "num_leaves": 7,
    "min_child_samples": 30,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.8,
    "reg_lambda": 1.0,
    "deterministic": True,
    "force_row_wise": True,  # else LightGBM times both ways and takes the faster
    "verbose": -1,
}


def fit_ranker(tables, *, seed, n_threads):
    """Learn to put candidates in order.

    Parameters
    ----------
    tables : list of DataFrame
        One a cutoff: customer_id, ``FEATURES`` and ``bought``, ordered by customer.

    Returns
    -------
    LGBMRanker, or None if no customer bought a candidate
    """
    informative = [table[table.groupby("customer_id")["bought"].transform("any")] for table in tables]
    rows = pd.concat(informative, ignore_index=True)
    if len(rows) == 0:
        return None
    sizes = np.concatenate([table.groupby("customer_id").size().to_numpy() for table in informative])
    ranker = LGBMRanker(**SETTINGS, random_state=seed, n_jobs=n_threads)
    return ranker.fit(rows[FEATURES].to_numpy(dtype=float), rows["bought"].astype(int), group=sizes)


def predict(ranker, table):
    """Return the score of each candidate."""
    return ranker.predict(table[FEATURES].to_numpy(dtype=float))


def in_order(table, scores, *, item="product_id"):
    """Return customer_id, item and rank (from 0) of each row, the highest score first; equals by their item."""
    rows = pd.DataFrame({"customer_id": table["customer_id"], item: table[item], "score": np.asarray(scores)})
    rows = rows.sort_values(["customer_id", "score", item], ascending=[True, False, True], ignore_index=True)
    return rows.assign(rank=rows.groupby("customer_id").cumcount())


def category_scores(table, scores):
    """Return each customer's categories with a score: the sum of the shares that a softmax gives their products."""
    shares = np.exp(np.asarray(scores) - np.max(scores, initial=0))
    return summed_by_category(table, shares)


def summed_by_category(table, scores):
    """Return customer_id, category and score, the sum of the scores of the category's products."""
    rows = table[["customer_id", "category"]].assign(score=np.asarray(scores))
    return rows.groupby(["customer_id", "category"], as_index=False).sum()


def hits_at(ranked, truth, k):
    """Score ranked lists against what was bought.

    Parameters
    ----------
    ranked : DataFrame with customer_id, an item and rank
    truth : DataFrame with customer_id and the same item, without duplicates

    Returns
    -------
    DataFrame with recall and average_precision, a row a customer of ``truth``, in the order of their ids
    """
    wanted = truth.groupby("customer_id").size()
    hits = ranked[ranked["rank"] < k].merge(truth, on=list(truth.columns)).sort_values(["customer_id", "rank"])
    precision = (hits.groupby("customer_id").cumcount() + 1) / (hits["rank"] + 1)
    found = precision.groupby(hits["customer_id"]).agg(["size", "sum"]).reindex(wanted.index).fillna(0)
    return pd.DataFrame({"recall": found["size"] / wanted, "average_precision": found["sum"] / wanted.clip(upper=k)})
