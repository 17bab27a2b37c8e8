"""The models that compete: where they lie, and what they say about rows."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from purchase.evaluation.metrics import check_propensities
from purchase.params import FAMILIES
from purchase.tables import KEY_COLUMNS, TableError

STAGES = ("train", "tune")


def model_folders(root):
    """Return {"<stage>/<family>": folder} of every model below ``root``.

    Raises
    ------
    TableError
        If one is missing: names it and the stage that makes it.
    """
    folders = {f"{stage}/{family}": Path(root) / stage / family for stage in STAGES for family in FAMILIES}
    for model, folder in folders.items():
        if not folder.is_dir():
            raise TableError(f"{folder} does not exist. Run `dvc repro {model.replace('/', '@')}` to fit the model.")
    return folders


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
