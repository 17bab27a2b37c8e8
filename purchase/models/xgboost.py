"""Gradient boosting by XGBoost, saved as its binary JSON (.ubj)."""

import numpy as np
from sklearn.pipeline import Pipeline
from xgboost import DMatrix, XGBClassifier

from purchase.models.balance import BALANCE, balanced
from purchase.models.monotone import native_constraints
from purchase.models.pipelines import load_preparation, save_preparation
from purchase.models.preparation import NativeCategories
from purchase.models.seeds import boosters_of, joined, model_files, over_seeds, saved_files
from purchase.models.selection import COLUMNS, column_steps, to_features

MODEL = "model.ubj"

# 64 bins a feature fit as well as 256 here (docs/experiments.md) and take half the time.
MAX_BINS = 64
ROUNDS = "n_estimators"
PATIENCE = 50  # trees


class WatchedClassifier(XGBClassifier):
    """Scores the rows of ``eval_set`` after each tree from a plain DMatrix.

    The quantile matrix, XGBoost's own choice, says the same and takes two to three times the whole fit's time where
    values are missing (https://github.com/dmlc/xgboost/issues/10793).
    """

    def _create_dmatrix(self, ref, **data):
        if ref is None:
            return super()._create_dmatrix(ref, **data)
        return DMatrix(**data, nthread=self.n_jobs)


class MonotoneClassifier(WatchedClassifier):
    """Takes ``monotone_constraints`` by the features' own names."""

    def fit(self, X, y, **others):
        self.set_params(monotone_constraints=native_constraints(X, self.monotone_constraints))
        return super().fit(X, y, **others)


def build(settings, *, seed, n_threads):
    booster, monotone = WatchedClassifier, {}
    if settings.monotone:
        booster, monotone = MonotoneClassifier, {"monotone_constraints": settings.monotone}
    model = booster(
        **settings.model_dump(exclude=COLUMNS | BALANCE | {"monotone", "n_seeds"}),
        **monotone,
        max_bin=MAX_BINS,
        tree_method="hist",
        enable_categorical=True,
        n_jobs=n_threads,
        random_state=seed,
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
    pipeline[-1].set_params(early_stopping_rounds=PATIENCE)
    others, other_label = watched
    pipeline[-1].fit(prepared, label, eval_set=[(pipeline[:-1].transform(others), other_label)], verbose=False)
    return pipeline


def n_rounds(pipeline):
    """Return the number of trees at which ``fit_watched`` stopped."""
    return np.mean([booster.best_iteration + 1 for booster in boosters_of(pipeline[-1])])


def contributions(pipeline, frame):
    """Return the SHAP values of TreeSHAP (Lundberg et al. 2020, Nature Machine Intelligence 2), as XGBoost has them."""
    boosters = boosters_of(pipeline[-1])
    rows = DMatrix(pipeline[:-1].transform(frame), enable_categorical=True, nthread=boosters[0].n_jobs)
    shap = np.mean([booster.get_booster().predict(rows, pred_contribs=True) for booster in boosters], axis=0)
    return to_features(pipeline, shap[:, :-1], frame)  # the last column is the mean


def save(pipeline, folder):
    save_preparation(pipeline, folder)
    boosters = boosters_of(pipeline[-1])
    for booster, file in zip(boosters, model_files(folder, MODEL, len(boosters)), strict=True):
        booster.save_model(file)


def load(folder, *, n_threads):
    boosters = []
    for file in saved_files(folder, MODEL):
        boosters.append(XGBClassifier(n_jobs=n_threads, enable_categorical=True))
        boosters[-1].load_model(file)
    return Pipeline([*load_preparation(folder).steps, ("model", joined(boosters))])
