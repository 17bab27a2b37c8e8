"""Columns made of others: what trees, which cut one column at a time, find only by many cuts, and sums never do."""

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import ExtraTreesClassifier

from purchase.models.preparation import signed_log

RANK_ROWS = 20_000  # enough to tell which columns matter
RANK_TREES, RANK_DEPTH = 50, 6
N_TOGETHER = 3  # numbers in a combination, as in Breiman's section 5
LARGEST = 1e30  # the boosters hold numbers in single precision, which ends at 3e38

KINDS = {
    "product": lambda a, b: np.clip(a * b, -LARGEST, LARGEST),
    "difference": lambda a, b: a - b,
    "share": lambda a, b: a / (np.abs(a) + np.abs(b)),  # 0 / 0 is missing
}


class Crosses(TransformerMixin, BaseEstimator):
    """Add products, differences or shares of each pair of the numbers that matter most, and combinations of three.

    The product of a count and a mean is a total; the share ``a / (|a| + |b|)`` tells a mean from a total, and has a
    value where a ratio has none. A combination is the sum of N_TOGETHER standardised logarithms with random weights, so
    that a tree may cut askew (Breiman 2001, "Random forests", section 5, Forest-RC). Which numbers matter is asked of
    shallow, fully random trees (Geurts, Ernst and Wehenkel 2006, "Extremely randomized trees"), on the rows of the fit
    alone.

    Parameters
    ----------
    n_crossed : int
        Numbers that are paired, each with each other; those of two values are left out.
    kinds : list of {"product", "difference", "share"}
    n_combined : int
        Combinations, each of N_TOGETHER of these numbers; where there are fewer, of all.
    random_state : int

    Attributes
    ----------
    pairs_ : list of (str, str)
    scales_ : dict of str to (float, float)
        Mean and standard deviation of the logarithm of each number that is in a combination.
    combinations_ : list of dict of str to float
        The weights of each combination.
    """

    def __init__(self, n_crossed=10, kinds=("product", "share"), n_combined=0, random_state=0):
        self.n_crossed = n_crossed
        self.kinds = kinds
        self.n_combined = n_combined
        self.random_state = random_state

    def fit(self, X, y):
        numbers = X.select_dtypes("number")
        amounts = [name for name in numbers.columns if numbers[name].nunique() > 2]
        if len(amounts) > self.n_crossed:
            amounts = self._telling(numbers[amounts], np.asarray(y))
        self.pairs_ = list(combinations(amounts, 2))
        self.combinations_ = self._combinations(amounts)
        self.scales_ = {}
        for name in sorted({name for weights in self.combinations_ for name in weights}):
            logs = signed_log(numbers[name])
            self.scales_[name] = (logs.mean(), logs.std() or 1.0)
        return self

    def transform(self, X):
        values = {name: X[name].to_numpy("float64") for pair in self.pairs_ for name in pair}
        with np.errstate(all="ignore"):
            made = {
                f"{kind} of {one}, {other}": KINDS[kind](values[one], values[other])
                for one, other in self.pairs_
                for kind in self.kinds
            }
        scaled = {name: self._scaled(X[name]) for name in self.scales_}
        for number, weights in enumerate(self.combinations_):
            made[f"combination {number}"] = sum(weight * scaled[name] for name, weight in weights.items())
        return pd.concat([X, pd.DataFrame(made, index=X.index)], axis=1)

    def given_back(self, contributions, columns):
        """Return contributions of shape (n_rows, n_columns): what a made column adds, shared among those it is made of.

        A cross's goes half to each of its two columns, a combination's by the size of their weights.
        """
        n_columns, n_kinds = len(columns), len(self.kinds)
        whole, place = contributions[:, :n_columns].copy(), {name: at for at, name in enumerate(columns)}
        made = iter(contributions[:, n_columns:].T)
        for pair in self.pairs_:
            added = sum(next(made) for _ in range(n_kinds))
            for name in pair:
                whole[:, place[name]] += added / 2
        for weights in self.combinations_:
            added, total = next(made), sum(map(abs, weights.values()))
            for name, weight in weights.items():
                whole[:, place[name]] += added * abs(weight) / total
        return whole

    def _combinations(self, amounts):
        draw, together = np.random.default_rng(self.random_state), min(N_TOGETHER, len(amounts))
        if together < 2:
            return []
        chosen = [draw.choice(len(amounts), together, replace=False) for _ in range(self.n_combined)]
        return [
            {amounts[place]: float(weight) for place, weight in zip(places, draw.uniform(-1, 1, together), strict=True)}
            for places in chosen
        ]

    def _scaled(self, column):
        """Standardised logarithms; a missing one is the mean."""
        mean, deviation = self.scales_[column.name]
        return ((signed_log(column) - mean) / deviation).fillna(0.0).to_numpy("float64")

    def _telling(self, amounts, label):
        rows = np.arange(len(label))
        if len(rows) > RANK_ROWS:
            rows = np.sort(np.random.default_rng(self.random_state).choice(rows, RANK_ROWS, replace=False))
        trees = ExtraTreesClassifier(RANK_TREES, max_depth=RANK_DEPTH, random_state=self.random_state)
        importance = trees.fit(amounts.iloc[rows], label[rows]).feature_importances_
        best = np.argsort(-importance, kind="stable")[: self.n_crossed]
        return [amounts.columns[place] for place in np.sort(best)]
