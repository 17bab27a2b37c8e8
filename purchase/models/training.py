"""Fit a family: on each fold for its out-of-fold scores, then on all rows, then its calibrator."""

from dataclasses import dataclass, replace
from functools import singledispatch

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from purchase.models.calibration import choose_calibration, cross_calibrate, fit_calibrator
from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.ensemble import Ensemble
from purchase.models.folds import go_by_time
from purchase.models.registry import family_module, predict
from purchase.models.store import Model

SILENT = tqdm(total=0, disable=True)


@dataclass(frozen=True)
class OutOfFold:
    """What the models of the folds say about the rows that they did not see, in the folds' order.

    Parameters
    ----------
    rows, fold : array of int, shape (n_tested,)
        Each row's position in the training table, and the fold that tested it.
    score, probability : array of float, shape (n_tested,)
    pipelines : list of fitted pipelines, one a fold
    """

    rows: np.ndarray
    fold: np.ndarray
    score: np.ndarray
    probability: np.ndarray
    pipelines: list


def cross_fit(frame, label, pipeline, *, family, folds, watch=False, progress=SILENT, after=None):
    """Fit a family on each fold, and score the rows that the fold tests.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_features)
        As ``feature_frame`` returns it.
    label : array of shape (n_rows,)
    pipeline : unfitted pipeline of the family
    folds : list of (train, test), arrays of row positions
    watch : bool
        Whether a family that can stops when the log loss of the tested rows no longer falls. Their scores are then a
        little better than those of new rows: one number is chosen by them, the same for all.
    progress : tqdm or Deadline
        Advances by one a fit.
    after : callable or None
        Takes the probabilities of the rows that a fold tests, fold after fold; may raise to end it.

    Returns
    -------
    OutOfFold
    """
    progress.total += len(folds)
    fit_watched = getattr(family_module(family), "fit_watched", None) if watch else None
    fitted, tested = [], []
    for train, test in folds:
        rows, fold_label = frame.iloc[train], label[train]
        if fit_watched:
            fitted.append(fit_watched(clone(pipeline), rows, fold_label, watched=(frame.iloc[test], label[test])))
        else:
            fitted.append(clone(pipeline).fit(rows, fold_label))
        tested.append(predict(family, fitted[-1], frame.iloc[test]))
        if after:
            after(tested[-1][1])
        progress.update()
    score, probability = (np.concatenate(parts) for parts in zip(*tested, strict=True))
    rows = np.concatenate([test for _, test in folds])
    fold = np.repeat(np.arange(len(folds)), [len(test) for _, test in folds])
    return OutOfFold(rows, fold, score, probability, fitted)


def fit_model(features, settings, *, family, folds, calibration, seed, n_threads, progress=SILENT):
    """Fit a family with given settings, and score the rows that its folds test.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        Training rows with ``row_id`` and ``label``.
    settings : model of the family's settings (purchase.params)
    folds : list of (train, test), arrays of row positions
    calibration : {"none", "sigmoid", "beta", "pooled", "isotonic", "auto"}
        ``auto``: as ``choose_calibration`` says.
    progress : tqdm
        Advances by one a fit.

    Returns
    -------
    model : Model
        Fitted on all rows; its calibrator, on all out-of-fold rows.
    out_of_fold : DataFrame with row_id, fold, label, score, propensity
        A row for each that some fold tested, by ``row_id``. A fold's propensities come from the other folds'
        calibrator.
    """
    kinds = feature_kinds(features)
    frame, label = feature_frame(features, kinds), features["label"].to_numpy()
    pipeline = family_module(family).build(settings, seed=seed, n_threads=n_threads)
    progress.total += 1
    with threadpool_limits(n_threads):
        tested = cross_fit(frame, label, pipeline, family=family, folds=folds, progress=progress)
        pipeline.fit(frame, label)
        progress.update()
    known = label[tested.rows]
    calibrator, propensity = fit_propensity(
        tested.probability, known, tested.fold, calibration=calibration, by_time=go_by_time(folds, len(frame))
    )
    out_of_fold = pd.DataFrame(
        {
            "row_id": features["row_id"].to_numpy()[tested.rows],
            "fold": tested.fold,
            "label": known,
            "score": tested.score,
            "propensity": propensity,
        }
    )
    model = Model(family, settings, kinds, pipeline, calibrator, n_threads)
    return model, out_of_fold.sort_values("row_id", ignore_index=True)


@singledispatch
def refit(model, features, *, seed):
    """Return the model with its family and settings fitted on other rows, or on fewer features; its calibrator stays.

    Parameters
    ----------
    model : Model or Ensemble
        Of an ensemble, each member is refitted, and its weight stays.
    features : DataFrame
        A feature table. Of its columns, those that the model takes are used.
    """
    kinds = {name: kind for name, kind in feature_kinds(features).items() if name in model.kinds}
    pipeline = family_module(model.family).build(model.settings, seed=seed, n_threads=model.n_threads)
    with threadpool_limits(model.n_threads):
        pipeline.fit(feature_frame(features, kinds), features["label"].to_numpy())
    return replace(model, kinds=kinds, pipeline=pipeline)


@refit.register
def _refit_ensemble(model: Ensemble, features, *, seed):
    members = {name: refit(member, features, seed=seed) for name, member in model.members.items()}
    return replace(model, members=members)


def fit_propensity(probability, label, fold, *, calibration, by_time):
    """Fit the calibrator on out-of-fold rows, and return it with their own propensities by the other folds' ones.

    Parameters
    ----------
    probability, label, fold : array of shape (n_tested,)
    calibration : {"none", "sigmoid", "beta", "pooled", "isotonic", "auto"}
    by_time : bool
        Whether the folds go by time; see ``choose_calibration``.

    Returns
    -------
    calibrator : scikit-learn estimator or None
    propensity : array of shape (n_tested,)
    """
    method = choose_calibration(probability, label, fold, by_time=by_time) if calibration == "auto" else calibration
    propensity = cross_calibrate(probability, label, fold, method=method)
    return fit_calibrator(probability, label, method=method), propensity


def summarize(features, out_of_fold):
    """Return what summary.json in a model's folder says: out-of-fold metrics, and the size of the training table."""
    size = {"n_rows": len(features), "n_features": len(feature_kinds(features))}
    return {"out_of_fold": out_of_fold_metrics(out_of_fold)} | size


def out_of_fold_metrics(out_of_fold):
    """Return {metric: value} on the rows that folds tested."""
    label = out_of_fold["label"]
    return {
        "roc_auc": float(roc_auc_score(label, out_of_fold["score"])),
        "average_precision": float(average_precision_score(label, out_of_fold["score"])),
        "log_loss": float(log_loss(label, out_of_fold["propensity"])),
    }
