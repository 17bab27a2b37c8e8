"""The models of the pipeline, the stages that make them, and where they lie."""

from pathlib import Path

from purchase.params import FAMILIES, SEQUENCE_FAMILIES
from purchase.tables import TableError

# {model: the stage that makes it}
FITTED = {f"{stage}/{family}": f"{stage}@{family}" for stage in ("train", "tune") for family in FAMILIES}
OF_EVENTS = {f"train/{family}": f"train_{family}" for family in SEQUENCE_FAMILIES}
EVERY_MODEL = FITTED | OF_EVENTS | {"ensemble": "ensemble"}


def model_folders(root, models=EVERY_MODEL):
    """Return {model: folder} of models below ``root``.

    Parameters
    ----------
    models : dict of {model: stage}
        As ``FITTED`` or ``EVERY_MODEL``.

    Raises
    ------
    TableError
        If one is missing: names it and the stage that makes it.
    """
    folders = {model: Path(root) / model for model in models}
    for model, folder in folders.items():
        if not folder.is_dir():
            raise TableError(f"{folder} does not exist. Run `dvc repro {models[model]}` to fit the model.")
    return folders
