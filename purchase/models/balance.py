"""Positives that count more in a fit, and negatives that are left out of it, for tables with few positives.

Both are done to the rows that a model is fitted on, inside its pipeline: preparation and choice of columns see all rows
of the fold, and the rows that a fold tests or watches, and so those that the calibrator learns from, stay as they are.
The calibrator takes the probabilities back: another share of positives multiplies all odds by one factor (Elkan 2001,
"The foundations of cost-sensitive learning", theorem 2).

There is no over-sampling: a positive of weight k has the loss of k copies, and costs no memory. Rows made up between
two customers (SMOTE) would have categories and counts that no customer has, and are no better where it was measured:
van den Goorbergh, van Smeden, Timmerman and Van Calster (2022), "The harm of class imbalance corrections for risk
prediction models" (JAMIA 29).
"""

import numpy as np
from sklearn.base import clone
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if

from purchase.models.around import Around
from purchase.params.settings import BalanceSettings

BALANCE = set(BalanceSettings.model_fields)  # settings that are not the model's


class Balanced(Around):
    """Fit a classifier on weighted rows, or on a draw of them.

    Parameters
    ----------
    model : scikit-learn classifier with ``random_state``, whose ``fit`` takes ``sample_weight``
    positive_weight : float or "balanced"
        Weight of a positive row; a negative one has 1. ``balanced``: both classes weigh the same, and all rows together
        as much as their number.
    negative_share : float
        Share of the negatives that are drawn, by ``random_state``, at least one; positives all stay. The weight comes
        after the draw.
    as_untouched : bool
        Whether probabilities are taken back by the factor of the odds, so that the log losses of searched settings can
        be compared. Saved models leave that to their calibrator, which learns it from other rows.

    Attributes
    ----------
    model_ : fitted classifier
    odds_factor_ : float
        By how much the weights and the draw multiply a row's odds.
    """

    INNER = "model"

    def __init__(self, model, positive_weight=1.0, negative_share=1.0, as_untouched=False):
        self.model = model
        self.positive_weight = positive_weight
        self.negative_share = negative_share
        self.as_untouched = as_untouched

    @property
    def random_state(self):
        return self.model.random_state

    def fit(self, X, y, **others):
        """Fit on the rows X, labels y of 0 and 1; ``others``, such as watched rows, go to the model's ``fit``."""
        label, weight = np.asarray(y), self.positive_weight
        self.classes_, untouched = np.unique(label), _odds(label)
        if self.negative_share < 1:
            rows = drawn_rows(label, share=self.negative_share, seed=self.random_state)
            X, label = X.iloc[rows] if hasattr(X, "iloc") else X[rows], label[rows]
        if weight != 1:
            others["sample_weight"] = compute_sample_weight(weight if weight == "balanced" else {1: weight}, label)
        self.odds_factor_ = _odds(label, others.get("sample_weight")) / untouched
        self.model_ = clone(self.model).fit(X, label, **others)
        return self

    def predict_proba(self, X):
        probability = self.model_.predict_proba(X)
        if not self.as_untouched:
            return probability
        negative, positive = probability[:, 0] * self.odds_factor_, probability[:, 1]
        return np.column_stack([negative, positive]) / (negative + positive)[:, None]

    @available_if(lambda self: hasattr(self.model, "decision_function"))
    def decision_function(self, X):
        return self.model_.decision_function(X)


def drawn_rows(label, *, share, seed):
    """Return the positions of all positives and of a share of the negatives, at least one, in the table's order."""
    negatives = np.flatnonzero(label == 0)
    n_drawn = max(round(share * len(negatives)), 1)
    drawn = np.random.default_rng(seed).choice(negatives, n_drawn, replace=False)
    return np.sort(np.concatenate([np.flatnonzero(label == 1), drawn]))


def _odds(label, weight=None):
    share = np.average(label, weights=weight)
    return share / (1 - share)


def balanced(model, settings):
    """Return the model, or what weighs or draws the rows that it is fitted on, if a family's settings say so."""
    return Balanced(model, settings.positive_weight, settings.negative_share) if settings.balances else model


def searchable(settings, searched):
    """Return settings whose pipeline weighs or draws, even if they do not, where a search is to set how."""
    return settings.model_copy(update=dict.fromkeys(BALANCE.intersection(searched)))  # None: each trial sets its own


def inside(model):
    """Return the fitted model in what ``balanced`` returned."""
    return model.model_ if isinstance(model, Balanced) else model
