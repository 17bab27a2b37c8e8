"""Which model files may be opened: those that ``dvc.lock`` vouches for.

A joblib file runs whatever code its maker put in it. So the hash of a model's folder must be the one that ``dvc.lock``,
which Git keeps and people review, holds for it; otherwise none of its files is opened.
"""

import functools
import hashlib
import json
import os
from pathlib import Path

from purchase.files import LOCK, read_yaml
from purchase.tables import TableError


def check_vouched(folder, *, lock=LOCK):
    """Refuse a folder whose files are not those that a stage wrote there by its last run.

    Parameters
    ----------
    folder : path
        An out of some stage.
    lock : path
        The ``dvc.lock`` beside the ``dvc.yaml`` of that stage.

    Raises
    ------
    TableError
        Names the folder and both hashes.
    """
    lock = Path(lock)
    if not lock.exists():
        raise TableError(
            f"{folder} is not opened: {lock}, which would vouch for it, does not exist. Run `dvc repro`, or get the "
            "committed one back by `git checkout dvc.lock`."
        )
    out = Path(os.path.relpath(folder, lock.parent)).as_posix()
    expected, found = _hashes_in(lock, lock.stat().st_mtime_ns).get(out), folder_hash(folder)
    if found != expected:
        says = f"says {expected}" if expected else "does not name it"
        raise TableError(
            f"{folder} is not opened: its hash is {found}, {lock} {says}, and opening a model may run any code that is "
            f"in it. Run `dvc checkout --force {out}` or `dvc pull --force {out}` to get the vouched files back, or "
            "`dvc repro` to make them anew."
        )


def folder_hash(folder):
    """Return the hash that DVC gives a folder: the md5 of the list of its files and their md5s."""
    files = sorted((path.relative_to(folder).as_posix(), path) for path in Path(folder).rglob("*") if path.is_file())
    listed = [{"md5": hashlib.md5(path.read_bytes()).hexdigest(), "relpath": name} for name, path in files]
    return hashlib.md5(json.dumps(listed, sort_keys=True).encode()).hexdigest() + ".dir"


@functools.lru_cache(maxsize=1)
def _hashes_in(lock, _mtime_ns):
    """Return {out: hash} of a ``dvc.lock``; a stage that runs after another finds its entry, so the file may change."""
    stages = read_yaml(lock).get("stages", {}).values()
    return {out["path"]: out.get("md5") for stage in stages for out in stage.get("outs", ())}
