"""Features that a family goes without, chosen on the rows of each fit: inside the folds, never on tested rows."""

import numpy as np
import pandas as pd
from scipy.stats import binom
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import RFE, mutual_info_classif

from purchase.models.crosses import Crosses

COLUMNS = {"n_crossed", "crosses", "n_combined", "selection", "n_selected"}  # the settings that are not the model's

N_BINS = 20  # of a number, equally filled, for its mutual information with the label
ASKED_ROWS = 20_000  # enough to tell which features matter
N_ROUNDS = 20  # of shadows
TREES = {"n_estimators": 50, "max_depth": 6}
CHANCE = 0.05  # that any feature no better than its shadows is kept
SHARE_DROPPED = 0.1  # of all features, at each step of the recursion


class Selection(TransformerMixin, BaseEstimator):
    """Keep the columns that tell most about the label.

    Parameters
    ----------
    method : {"mutual_information", "shadow", "recursive"}
        ``mutual_information``: the ``n_selected`` columns that share most with the label, each by itself.
        ``shadow``: those whose importance in a forest beats the best of all columns' shuffled copies in more rounds
        than chance explains (Kursa and Rudnicki 2010, "Feature selection with the Boruta package", section 2); their
        number comes of it. ``recursive``: the ``n_selected`` that are left after the least important ones have been
        dropped again and again (Guyon, Weston, Barnhill and Vapnik 2002, "Gene selection for cancer classification").
    n_selected : int or None
        None, and not ``shadow``: half of the columns.
    random_state : int

    Attributes
    ----------
    chosen_ : list of str
        In the table's order; at least one.
    """

    def __init__(self, method="shadow", n_selected=None, random_state=0):
        self.method = method
        self.n_selected = n_selected
        self.random_state = random_state

    def fit(self, X, y):
        draw, label = np.random.default_rng(self.random_state), np.asarray(y)
        rows = np.arange(len(X))
        if len(rows) > ASKED_ROWS:
            rows = np.sort(draw.choice(rows, ASKED_ROWS, replace=False))
        table, label = X.iloc[rows], label[rows]
        if self.method == "shadow":
            keep = self._beats_shadows(_numbered(table), label, draw)
        else:
            n_selected = min(self.n_selected or max(X.shape[1] // 2, 1), X.shape[1])
            keep = self._best(table, label, n_selected)
        self.chosen_ = [name for name, kept in zip(X.columns, keep, strict=True) if kept]
        return self

    def transform(self, X):
        return X[self.chosen_]

    def _best(self, table, label, n_selected):
        if self.method == "recursive":
            trees = ExtraTreesClassifier(**TREES, random_state=self.random_state)
            numbered = _numbered(table)
            return RFE(trees, n_features_to_select=n_selected, step=SHARE_DROPPED).fit(numbered, label).support_
        shared = mutual_info_classif(_binned(table), label, discrete_features=True, random_state=self.random_state)
        keep = np.zeros(len(shared), dtype=bool)
        keep[np.argsort(-shared, kind="stable")[:n_selected]] = True
        return keep

    def _beats_shadows(self, numbered, label, draw):
        n_columns = numbered.shape[1]
        hits, total = np.zeros(n_columns, dtype=int), np.zeros(n_columns)
        for number in range(N_ROUNDS):
            shadows = draw.permuted(numbered, axis=0)
            trees = ExtraTreesClassifier(**TREES, max_features="sqrt", random_state=self.random_state + number)
            importance = trees.fit(np.hstack([numbered, shadows]), label).feature_importances_
            hits += importance[:n_columns] > importance[n_columns:].max()
            total += importance[:n_columns]
        # By chance a feature beats the best shadow in half of the rounds at most; n_columns features try their luck.
        keep = binom.sf(hits - 1, N_ROUNDS, 0.5) < CHANCE / n_columns
        return keep if keep.any() else np.arange(n_columns) == np.argmax(total)


def column_steps(settings, *, seed):
    """Return the steps that choose columns and then add crosses, as far as a family's settings ask for either."""
    steps = []
    if settings.selection != "none":
        steps.append(("select", Selection(settings.selection, settings.n_selected, random_state=seed)))
    if settings.n_crossed:
        steps.append(("cross", Crosses(settings.n_crossed, settings.crosses, settings.n_combined, random_state=seed)))
    return steps


def to_features(pipeline, contributions, frame):
    """Return what a pipeline's inputs add as what each column of the frame does; nothing for those not chosen."""
    steps = pipeline.named_steps
    chosen = steps["select"].chosen_ if "select" in steps else list(frame.columns)
    if "cross" in steps:
        contributions = steps["cross"].given_back(contributions, chosen)
    whole = np.zeros(frame.shape)
    whole[:, [frame.columns.get_loc(name) for name in chosen]] = contributions
    return whole


def _numbered(table):
    """Numbers as they are, categories as codes by first appearance in sorted order; missing as NaN."""
    return table.apply(lambda column: column if column.dtype.kind == "f" else _codes(column)).to_numpy("float64")


def _codes(column):
    codes = pd.Categorical(column).codes
    return np.where(codes < 0, np.nan, codes)


def _binned(table):
    """Each column as whole numbers from 0: a number's bin, a category's code, and one of their own for missing ones."""
    return table.apply(_bins).to_numpy("int64")


def _bins(column):
    if column.dtype.kind == "f":
        column = pd.qcut(column, N_BINS, labels=False, duplicates="drop")
    return pd.factorize(column, use_na_sentinel=False)[0]
