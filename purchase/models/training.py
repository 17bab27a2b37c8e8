"""Fit a family: on each fold for its out-of-fold scores, then on all rows, then its calibrator."""

import dataclasses

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from purchase.models.calibration import cross_calibrate, fit_calibrator
from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.registry import family_module, predict
from purchase.models.store import Model

SILENT = tqdm(total=0, disable=True)


def fit_model(features, settings, *, family, folds, calibration, seed, n_threads, progress=SILENT):
    """Fit a family with given settings, and score the rows that its folds test.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        Training rows with ``row_id`` and ``label``.
    settings : model of the family's settings (purchase.params)
    folds : list of (train, test), arrays of row positions
    calibration : {"none", "sigmoid", "isotonic"}
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
    progress.total += len(folds) + 1
    with threadpool_limits(n_threads):
        tested = []
        for train, test in folds:
            fitted = clone(pipeline).fit(frame.iloc[train], label[train])
            tested.append(predict(family, fitted, frame.iloc[test]))
            progress.update()
        pipeline.fit(frame, label)
        progress.update()
    rows = np.concatenate([test for _, test in folds])
    number = np.repeat(np.arange(len(folds)), [len(test) for _, test in folds])
    score, probability = (np.concatenate(parts) for parts in zip(*tested, strict=True))
    calibrator = fit_calibrator(probability, label[rows], method=calibration)
    out_of_fold = pd.DataFrame(
        {
            "row_id": features["row_id"].to_numpy()[rows],
            "fold": number,
            "label": label[rows],
            "score": score,
            "propensity": cross_calibrate(probability, label[rows], number, method=calibration),
        }
    )
    model = Model(family, settings, kinds, pipeline, calibrator, n_threads)
    return model, out_of_fold.sort_values("row_id", ignore_index=True)


def refit(model, features, *, seed):
    """Return the model with its family and settings fitted on other rows, or on fewer features; its calibrator stays.

    Parameters
    ----------
    model : Model
    features : DataFrame
        A feature table.
    """
    kinds = feature_kinds(features)
    pipeline = family_module(model.family).build(model.settings, seed=seed, n_threads=model.n_threads)
    with threadpool_limits(model.n_threads):
        pipeline.fit(feature_frame(features, kinds), features["label"].to_numpy())
    return dataclasses.replace(model, kinds=kinds, pipeline=pipeline)


def summarize(features, out_of_fold):
    """Return what metrics/<stage>/<family>.json says: out-of-fold metrics, and the size of the training table."""
    label = out_of_fold["label"]
    return {
        "out_of_fold": {
            "roc_auc": float(roc_auc_score(label, out_of_fold["score"])),
            "average_precision": float(average_precision_score(label, out_of_fold["score"])),
            "log_loss": float(log_loss(label, out_of_fold["propensity"])),
        },
        "n_rows": len(features),
        "n_features": len(feature_kinds(features)),
    }
