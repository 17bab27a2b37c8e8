"""What a choice of features does to a family's scores, and how alike the choices of the folds are."""

import time

import numpy as np
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.registry import family_module
from purchase.models.training import SILENT, cross_fit


def selection_effect(features, settings, *, family, folds, seed, n_threads, progress=SILENT):
    """Return what choosing features does, out of fold: with and without it, the same fits on the same folds.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        Training rows with ``label``.
    settings : model of the family's settings (purchase.params)
        Its ``selection`` is not ``none``.
    folds : list of (train, test), arrays of row positions

    Returns
    -------
    effect : dict
        ``with`` and ``without``, each with roc_auc, average_precision and log_loss of raw probabilities;
        ``n_features``, of each fold's choice; ``stability`` of the choices; ``chosen_in_all_folds``.
    seconds : dict
        Of the fits and predictions ``with`` and ``without``; no two runs share them.
    """
    frame, label = feature_frame(features, feature_kinds(features)), features["label"].to_numpy()
    effect, seconds = {}, {}
    for name, method in (("with", settings.selection), ("without", "none")):
        one, started = settings.model_copy(update={"selection": method}), time.perf_counter()
        pipeline = family_module(family).build(one, seed=seed, n_threads=n_threads)
        with threadpool_limits(n_threads):
            tested = cross_fit(frame, label, pipeline, family=family, folds=folds, progress=progress)
        seconds[name], known = time.perf_counter() - started, label[tested.rows]
        effect[name] = {
            "roc_auc": float(roc_auc_score(known, tested.probability)),
            "average_precision": float(average_precision_score(known, tested.probability)),
            "log_loss": float(log_loss(known, tested.probability)),
        }
        if name == "with":
            chosen = [set(pipeline["select"].chosen_) for pipeline in tested.pipelines]
    effect["n_features"] = [len(names) for names in chosen]
    effect["stability"] = stability([[name in names for name in frame.columns] for names in chosen])
    effect["chosen_in_all_folds"] = [name for name in frame.columns if all(name in names for names in chosen)]
    return effect, seconds


def stability(chosen):
    """Return how alike choices are: 1 if all are the same, 0 on average if they were drawn at random.

    Parameters
    ----------
    chosen : array of bool, shape (n_choices, n_features)
        At least two choices.

    Returns
    -------
    float or None
        None if every choice holds all features or none: there was nothing to choose.

    References
    ----------
    Nogueira, Sechidis and Brown (2018), "On the stability of feature selection algorithms" (JMLR 18), definition 4.
    """
    chosen = np.asarray(chosen, dtype=float)
    share = chosen.mean()
    if share in (0.0, 1.0):
        return None
    return float(1 - chosen.var(axis=0, ddof=1).mean() / (share * (1 - share)))
