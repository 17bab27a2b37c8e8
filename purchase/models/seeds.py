"""A booster fitted with several seeds, whose log-odds are averaged: less hangs on which rows and columns it draws."""

import numpy as np
from scipy.special import expit, logit
from sklearn.base import clone

from purchase.models.around import Around
from purchase.models.balance import inside

LEAST = 1e-9  # probability; the boosters' single precision ends at about 1e-8 from 1


class SeedMean(Around):
    """The mean log-odds of one booster under seeds ``random_state``, ``random_state + 1``, ...

    Log-odds rather than probabilities, so that the mean of the boosters' SHAP values explains it.

    Parameters
    ----------
    booster : scikit-learn classifier with ``random_state``
    n_seeds : int

    Attributes
    ----------
    boosters_ : list of fitted classifiers
    """

    INNER = "booster"

    def __init__(self, booster, n_seeds):
        self.booster = booster
        self.n_seeds = n_seeds

    def fit(self, X, y, **others):
        """Fit; ``others`` go to each booster's ``fit``."""
        seed = self.booster.random_state
        self.boosters_ = [
            clone(self.booster).set_params(random_state=seed + number).fit(X, y, **others)
            for number in range(self.n_seeds)
        ]
        self.classes_ = np.unique(y)
        return self

    def __sklearn_is_fitted__(self):
        return hasattr(self, "boosters_")

    def predict_proba(self, X):
        each = [booster.predict_proba(X)[:, 1].astype("float64") for booster in self.boosters_]
        probability = expit(np.mean(logit(np.clip(each, LEAST, 1 - LEAST)), axis=0))
        return np.column_stack([1 - probability, probability])


def over_seeds(booster, n_seeds):
    """Return the booster, or for several seeds their mean."""
    return booster if n_seeds == 1 else SeedMean(booster, n_seeds)


def boosters_of(model):
    """Return the fitted boosters of what ``over_seeds`` returned."""
    return [inside(booster) for booster in getattr(model, "boosters_", [model])]


def joined(boosters):
    """Return what predicts by boosters that were loaded."""
    if len(boosters) == 1:
        return boosters[0]
    model = SeedMean(boosters[0], len(boosters))
    model.boosters_, model.classes_ = boosters, np.array([0, 1])
    return model


def model_files(folder, name, n_boosters):
    """Return the file of each booster: ``name``, and for more than one its stem numbered."""
    file = folder / name
    return [file] if n_boosters == 1 else [file.with_stem(f"{file.stem}_{number}") for number in range(n_boosters)]


def saved_files(folder, name):
    """Return the files that ``model_files`` named, in their order."""
    file = folder / name
    if file.exists():
        return [file]
    return model_files(folder, name, len(list(folder.glob(f"{file.stem}_*{file.suffix}"))))
