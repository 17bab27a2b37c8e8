"""Columns made of two others: what trees, which cut one column at a time, find only by many cuts, and sums never do."""

from itertools import combinations

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import ExtraTreesClassifier

RANK_ROWS = 20_000  # enough to tell which columns matter
RANK_TREES, RANK_DEPTH = 50, 6
LARGEST = 1e30  # the boosters hold numbers in single precision, which ends at 3e38

KINDS = {
    "product": lambda a, b: np.clip(a * b, -LARGEST, LARGEST),
    "difference": lambda a, b: a - b,
    "share": lambda a, b: a / (np.abs(a) + np.abs(b)),  # 0 / 0 is missing
}


class Crosses(TransformerMixin, BaseEstimator):
    """Add products, differences or shares of each pair of the numbers that matter most.

    The product of a count and a mean is a total; the share ``a / (|a| + |b|)`` tells a mean from a total, and has a
    value where a ratio has none. Which numbers matter is asked of shallow, fully random trees (Geurts, Ernst and
    Wehenkel 2006, "Extremely randomized trees"), on the rows of the fit alone.

    Parameters
    ----------
    n_crossed : int
        Numbers that are paired, each with each other; those of two values are left out.
    kinds : list of {"product", "difference", "share"}
    random_state : int

    Attributes
    ----------
    pairs_ : list of (str, str)
    """

    def __init__(self, n_crossed=10, kinds=("product", "share"), random_state=0):
        self.n_crossed = n_crossed
        self.kinds = kinds
        self.random_state = random_state

    def fit(self, X, y):
        numbers = X.select_dtypes("number")
        amounts = [name for name in numbers.columns if numbers[name].nunique() > 2]
        if len(amounts) > self.n_crossed:
            amounts = self._telling(numbers[amounts], np.asarray(y))
        self.pairs_ = list(combinations(amounts, 2))
        return self

    def transform(self, X):
        values = {name: X[name].to_numpy("float64") for pair in self.pairs_ for name in pair}
        with np.errstate(all="ignore"):
            made = {
                f"{kind} of {one}, {other}": KINDS[kind](values[one], values[other])
                for one, other in self.pairs_
                for kind in self.kinds
            }
        return pd.concat([X, pd.DataFrame(made, index=X.index)], axis=1)

    def given_back(self, contributions, columns):
        """Return contributions of shape (n_rows, n_columns): what a cross adds, half to each of its two columns."""
        n_columns, n_kinds = len(columns), len(self.kinds)
        whole, place = contributions[:, :n_columns].copy(), {name: at for at, name in enumerate(columns)}
        for start, pair in zip(range(n_columns, contributions.shape[1], n_kinds), self.pairs_, strict=True):
            for name in pair:
                whole[:, place[name]] += contributions[:, start : start + n_kinds].sum(axis=1) / 2
        return whole

    def _telling(self, amounts, label):
        rows = np.arange(len(label))
        if len(rows) > RANK_ROWS:
            rows = np.sort(np.random.default_rng(self.random_state).choice(rows, RANK_ROWS, replace=False))
        trees = ExtraTreesClassifier(RANK_TREES, max_depth=RANK_DEPTH, random_state=self.random_state)
        importance = trees.fit(amounts.iloc[rows], label[rows]).feature_importances_
        best = np.argsort(-importance, kind="stable")[: self.n_crossed]
        return [amounts.columns[place] for place in np.sort(best)]
