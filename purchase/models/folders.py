"""Where the models of the last run lie."""

from pathlib import Path

from purchase.params import FAMILIES
from purchase.tables import TableError

STAGES = ("train", "tune")


def model_folder(root, name):
    """Return the folder of a model ("tune/xgboost") below ``root``.

    Raises
    ------
    TableError
        If it is missing: names it and the stage that makes it.
    """
    folder = Path(root) / name
    if not folder.is_dir():
        raise TableError(f"{folder} does not exist. Run `dvc repro {name.replace('/', '@')}` to fit the model.")
    return folder


def fitted_folders(root):
    """Return {"<stage>/<family>": folder} of every family's models below ``root``."""
    return {name: model_folder(root, name) for name in (f"{stage}/{family}" for stage in STAGES for family in FAMILIES)}
