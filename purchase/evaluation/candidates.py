"""The models that compete: where they lie, and what they say about rows."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from purchase.evaluation.metrics import check_propensities
from purchase.files import SUMMARY, read_json
from purchase.params import FAMILIES, SEQUENCE_FAMILIES
from purchase.tables import KEY_COLUMNS, TableError

MODELS = {f"{stage}/{family}": f"{stage}@{family}" for stage in ("train", "tune") for family in FAMILIES}
MODELS |= {f"train/{family}": f"train_{family}" for family in SEQUENCE_FAMILIES}  # {model: the stage that makes it}


def model_folders(root):
    """Return {"<stage>/<family>": folder} of every model below ``root``.

    Raises
    ------
    TableError
        If one is missing: names it and the stage that makes it.
    """
    folders = {model: Path(root) / model for model in MODELS}
    for model, folder in folders.items():
        if not folder.is_dir():
            raise TableError(f"{folder} does not exist. Run `dvc repro {MODELS[model]}` to fit the model.")
    return folders


def read_summaries(folders):
    """Return {model: what its stage says} of the models that there are, and {model: why} of those that there are not.

    Parameters
    ----------
    folders : dict of {model: folder}
    """
    summaries = {model: read_json(folder / SUMMARY) for model, folder in folders.items()}
    absent = {model: said["not_available"] for model, said in summaries.items() if "not_available" in said}
    return {model: said for model, said in summaries.items() if model not in absent}, absent


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
