"""A fitted model, and its folder: everything that a prediction needs."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
from pydantic import BaseModel
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from purchase import params
from purchase.files import LOCK, OUT_OF_FOLD, SUMMARY, TRIALS
from purchase.models.calibration import calibrate
from purchase.models.columns import feature_frame
from purchase.models.ensemble import Ensemble
from purchase.models.registry import family_module, predict
from purchase.models.vouched import check_vouched
from purchase.tables import TableError

CARD = "family.json"
CALIBRATOR = "calibrator.joblib"
BESIDE = shutil.ignore_patterns(OUT_OF_FOLD, SUMMARY, TRIALS)  # what a stage writes beside a model's own files


@dataclass(frozen=True)
class Model:
    """A fitted family with its calibrator.

    Parameters
    ----------
    settings : model of the family's settings (purchase.params)
    kinds : dict of str to {"number", "category", "boolean", "sequence"}
        The features that it takes; their order is the training table's.
    pipeline : fitted scikit-learn pipeline
    calibrator : fitted scikit-learn estimator, or None
    """

    family: str
    settings: BaseModel
    kinds: dict
    pipeline: Pipeline
    calibrator: Any
    n_threads: int

    @property
    def has_shap(self):
        """Whether the library of the model's family has SHAP values."""
        return hasattr(family_module(self.family), "contributions")

    def predict_score(self, features):
        """Return the raw output for each row of a feature table, shape (n_rows,): the higher, the likelier.

        A probability before calibration; for ``svm``, the distance from its plane.
        """
        return self._predict(features)[0]

    def predict_propensity(self, features):
        """Return the calibrated P(label = 1) of each row of a feature table, shape (n_rows,)."""
        return calibrate(self.calibrator, self._predict(features)[1])

    def _predict(self, features):
        with threadpool_limits(self.n_threads):
            return predict(self.family, self.pipeline, feature_frame(features, self.kinds))


def save_model(model, folder):
    """Write a model to a folder: what it is as JSON, the calibrator, and its family's own files."""
    folder = Path(folder)
    card = {
        "family": model.family,
        "settings": model.settings.model_dump(exclude_defaults=True),
        "n_threads": model.n_threads,
        "features": model.kinds,
    }
    _write_card(card, folder)
    joblib.dump(model.calibrator, folder / CALIBRATOR)
    family_module(model.family).save(model.pipeline, folder)


def save_ensemble(weights, folders, folder, *, lock=LOCK):
    """Write an ensemble to a folder, with its members' files as they are: none is opened.

    Parameters
    ----------
    weights : dict of {member: float}
    folders : dict of {member: folder}
        Of these at least; ``lock`` has to vouch for them, as it will for the copies.
    """
    folder = Path(folder)
    _write_card({"family": Ensemble.family, "weights": weights}, folder)
    for member in weights:
        check_vouched(folders[member], lock=lock)
        copy_model(folders[member], folder / member)


def copy_model(source, target):
    """Copy a model's own files to a new folder."""
    shutil.copytree(source, target, ignore=BESIDE)


def _write_card(card, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def load_model(folder, *, lock=LOCK):
    """Return the Model or Ensemble in a folder, if ``dvc.lock`` vouches for it. The only place that opens model files.

    Raises
    ------
    TableError
        If the folder holds no model, or another than the last run of its stage wrote.
    """
    folder = Path(folder)
    if not (folder / CARD).exists():
        raise TableError(
            f"{folder} holds no model ({CARD} is missing). Run `dvc repro`, or `dvc pull` if it is shared."
        )
    check_vouched(folder, lock=lock)
    return _open(folder)


def _open(folder):
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    if card["family"] == Ensemble.family:
        return Ensemble(card["weights"], {member: _open(folder / member) for member in card["weights"]})
    return Model(
        family=card["family"],
        settings=params.ALL_SETTINGS[card["family"]](**card["settings"]),
        kinds=card["features"],
        pipeline=family_module(card["family"]).load(folder, n_threads=card["n_threads"]),
        calibrator=joblib.load(folder / CALIBRATOR),
        n_threads=card["n_threads"],
    )
