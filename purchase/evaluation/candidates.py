"""The models that compete, and what they say about rows."""

import numpy as np
from tqdm import tqdm

from purchase.evaluation.metrics import check_propensities
from purchase.files import SUMMARY, read_json
from purchase.tables import KEY_COLUMNS


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
