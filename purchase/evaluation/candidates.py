"""The models that compete: where they lie, and what they say about rows."""

import numpy as np
from tqdm import tqdm

from purchase.evaluation.metrics import check_propensities
from purchase.models.ensemble import Ensemble
from purchase.models.folders import fitted_folders, model_folder
from purchase.tables import KEY_COLUMNS


def model_folders(root):
    """Return {"<stage>/<family>" or "ensemble": folder} of every model below ``root``.

    Raises
    ------
    TableError
        If one is missing: names it and the stage that makes it.
    """
    return fitted_folders(root) | {Ensemble.family: model_folder(root, Ensemble.family)}


def propensities_of(models, features):
    """Return {model: array of shape (n_rows,)}, the propensity of each row of ``features`` by each model."""
    propensities = {}
    for name, model in tqdm(models.items(), desc="predictions", disable=None):
        propensities[name] = np.asarray(model.predict_propensity(features), dtype=float)
        check_propensities(propensities[name], model=name)
    return propensities


def predictions_table(features, model, propensity):
    """Return the keys, label, score and propensity of each row of ``features``."""
    return features[list(KEY_COLUMNS)].assign(
        score=np.asarray(model.predict_score(features), dtype=float), propensity=propensity
    )
