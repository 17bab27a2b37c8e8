"""Gradient boosting by LightGBM, saved as its text format."""

import numpy as np
from lightgbm import Booster, LGBMClassifier, early_stopping
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from purchase.models.balance import BALANCE, balanced
from purchase.models.monotone import native_constraints
from purchase.models.pipelines import load_preparation, save_preparation
from purchase.models.preparation import NativeCategories
from purchase.models.seeds import boosters_of, joined, model_files, over_seeds, saved_files
from purchase.models.selection import COLUMNS, column_steps, to_features

MODEL = "model.txt"
ROUNDS = "n_estimators"
PATIENCE = 50  # trees


class SavedBooster(ClassifierMixin, BaseEstimator):
    """A booster read from its file, with the method that the fitted classifier had."""

    def __init__(self, booster, n_threads):
        self.booster = booster
        self.n_threads = n_threads

    def fit(self, X, y=None):
        """Leave it as it was saved; scikit-learn takes nothing without this method for an estimator."""
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict_proba(self, X):
        probability = self.booster.predict(X, num_threads=self.n_threads)
        return np.column_stack([1 - probability, probability])


class MonotoneClassifier(LGBMClassifier):
    """Takes ``monotone_constraints`` by the features' own names, where LightGBM takes one a column."""

    def fit(self, X, y, **others):
        if isinstance(self.monotone_constraints, dict):
            signs = native_constraints(X, self.monotone_constraints)
            self.set_params(monotone_constraints=[signs.get(name, 0) for name in X.columns])
        return super().fit(X, y, **others)


def build(settings, *, seed, n_threads):
    booster, monotone = LGBMClassifier, {}
    if settings.monotone:
        booster, monotone = MonotoneClassifier, {"monotone_constraints": settings.monotone}
    model = booster(
        **settings.model_dump(exclude=COLUMNS | BALANCE | {"monotone", "n_seeds"}),
        **monotone,
        subsample_freq=1,  # a new sample a tree; 0 would ignore ``subsample``
        deterministic=True,
        force_row_wise=True,  # else LightGBM times both ways and takes the faster
        n_jobs=n_threads,
        random_state=seed,
        verbose=-1,
    )
    return Pipeline(
        [
            *column_steps(settings, seed=seed),
            ("prepare", NativeCategories()),
            ("model", over_seeds(balanced(model, settings), settings.n_seeds)),
        ]
    )


def fit_watched(pipeline, frame, label, *, watched):
    """Fit until the log loss of the watched rows, (frame, label), has not fallen for PATIENCE trees."""
    prepared = pipeline[:-1].fit_transform(frame, label)
    others, other_label = watched
    pipeline[-1].fit(
        prepared,
        label,
        eval_X=pipeline[:-1].transform(others),
        eval_y=other_label,
        callbacks=[early_stopping(PATIENCE, verbose=False)],
    )
    return pipeline


def n_rounds(pipeline):
    """Return the number of trees at which ``fit_watched`` stopped."""
    return np.mean([booster.best_iteration_ for booster in boosters_of(pipeline[-1])])


def contributions(pipeline, frame):
    """Return the SHAP values of TreeSHAP (Lundberg et al. 2020), as LightGBM has them, of a model that was loaded."""
    rows, saved = pipeline[:-1].transform(frame), boosters_of(pipeline[-1])
    shap = np.mean([one.booster.predict(rows, pred_contrib=True, num_threads=one.n_threads) for one in saved], axis=0)
    return to_features(pipeline, shap[:, :-1], frame)  # the last column is the mean


def save(pipeline, folder):
    save_preparation(pipeline, folder)
    boosters = boosters_of(pipeline[-1])
    for booster, file in zip(boosters, model_files(folder, MODEL, len(boosters)), strict=True):
        booster.booster_.save_model(file)


def load(folder, *, n_threads):
    boosters = [SavedBooster(Booster(model_file=file), n_threads) for file in saved_files(folder, MODEL)]
    return Pipeline([*load_preparation(folder).steps, ("model", joined(boosters))])
