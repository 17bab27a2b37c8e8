"""Rebuild the committed results from nothing and compare: ``python -m purchase.rebuild [stage]``.

HEAD is cloned to a temporary folder, without results and without a cache, so that every stage (up to the named one)
runs, under another hash seed, time zone, locale and umask. Then the new ``dvc.lock`` must say what the committed one
says. Another kind of processor may round the last digit of a model's sums otherwise: models and what follows from them
may then differ in their bytes, while every metric stays within a relative ``TOLERANCE``. Data have no such excuse.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from purchase.files import LOCK, METRICS, read_yaml

DATA_STAGES = ("simulate", "prepare", "preprocess", "featurize")
TOLERANCE = 1e-6
ELSEWHERE = {"PYTHONHASHSEED": "12345", "TZ": "Pacific/Chatham", "LC_ALL": "C"}  # none of it may change a byte


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("stage", nargs="?", help="the last stage to rebuild; all of them if it is left out")
    parser.add_argument("--keep", action="store_true", help="put what is rebuilt into this clone's cache")
    arguments = parser.parse_args()
    stage = arguments.stage
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rebuild_") as folder:
        clone = Path(folder) / "clone"
        _clone_head(clone)
        committed, metrics = read_yaml(clone / LOCK)["stages"], read_metrics(clone)
        _bring_raw_data(committed, clone)
        (clone / LOCK).unlink()
        if arguments.keep:
            _dvc(clone, "config", "--local", "cache.dir", str(Path(".dvc/cache").resolve()))
        _dvc(clone, "repro", "--no-run-cache", *([stage] if stage else []))
        rebuilt = read_yaml(clone / LOCK)["stages"]
        said, wrong = verdict(committed, rebuilt, metrics, read_metrics(clone), whole=stage is None)
    print(f"Rebuilt from nothing in {(time.monotonic() - began) / 60:.1f} min. {said}")
    if wrong:
        sys.exit("\n".join(["error: dvc.lock is not true. Run `dvc repro` and commit what changes.", *wrong]))


def verdict(committed, rebuilt, metrics_before, metrics_after, *, whole):
    """Compare two runs.

    Parameters
    ----------
    committed, rebuilt : dict of {stage: dict}
        The section ``stages`` of a ``dvc.lock``.
    metrics_before, metrics_after : dict of {(file, key): number or text}
    whole : bool
        Whether every stage was rebuilt; otherwise only those in ``rebuilt`` are compared.

    Returns
    -------
    said : str
        What was found, in a sentence or two.
    wrong : list of str
        A line for each thing that the committed lock does not say truly; empty if it is true.
    """
    wrong = [f"{stage}: a stage that dvc.lock does not hold" for stage in rebuilt if stage not in committed]
    if whole:
        wrong += [f"{stage}: in dvc.lock, but no stage any more" for stage in committed if stage not in rebuilt]
    shared = [stage for stage in rebuilt if stage in committed]
    made = {path for stage in committed.values() for path in _hashes(stage, "outs")}
    wrong += [line for stage in shared for line in _stale(stage, committed[stage], rebuilt[stage], made)]
    outs = {(stage, path): new for stage in shared for path, new in _hashes(rebuilt[stage], "outs").items()}
    before = {(stage, path): old for stage in shared for path, old in _hashes(committed[stage], "outs").items()}
    differ = sorted(key for key in outs | before if outs.get(key) != before.get(key))
    said = f"{len(outs) - len(differ)} of {len(outs)} outs have the committed hash."
    wrong += [f"{stage}: {path} has another hash" for stage, path in differ if stage in DATA_STAGES]
    if differ and not wrong:
        largest, wrong = compare_metrics(metrics_before, metrics_after)
        said += (
            " Models differ in their bytes, as they may on another kind of processor; the data are the same, and "
            f"metrics differ by {largest:.1g} of their value at most (allowed: {TOLERANCE:g})."
        )
    return said, wrong


def _stale(stage, committed, rebuilt, made):
    """Yield what the lock recorded of a stage's command, params, code and raw data otherwise than HEAD has it."""
    if committed["cmd"] != rebuilt["cmd"]:
        yield f"{stage}: the command is another"
    if committed.get("params") != rebuilt.get("params"):
        yield f"{stage}: params are others"
    old, new = _hashes(committed, "deps"), _hashes(rebuilt, "deps")
    for path in old | new:
        if old.get(path) != new.get(path) and not _overlaps(path, made):  # what stages made is judged as their out
            yield f"{stage}: {path} is another"


def _overlaps(path, made):
    return any(path == out or out.startswith(f"{path}/") or path.startswith(f"{out}/") for out in made)


def _hashes(stage, kind):
    return {entry["path"]: entry.get("md5") for entry in stage.get(kind, ())}


def read_metrics(folder):
    """Return {(file, key): number or text} of every metrics file below a clone."""
    found = {}
    for path in sorted((folder / METRICS).rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix == ".json":
            found |= {(name, key): value for key, value in _leaves(json.loads(path.read_text(encoding="utf-8")))}
        elif path.suffix == ".csv":
            rows = pd.read_csv(path, index_col=0).to_dict("index")
            found |= {(name, key): value for key, value in _leaves(rows)}
    return found


def _leaves(content, key=""):
    """Yield (dotted key, value) of every number and text in nested mappings and lists."""
    if isinstance(content, (dict, list)):
        for name, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _leaves(value, f"{key}.{name}" if key else str(name))
    else:
        yield key, content


def compare_metrics(before, after):
    """Return the largest relative difference of a number, and a line for each that is beyond ``TOLERANCE``."""
    largest, wrong = 0.0, []
    for file, key in sorted(before.keys() | after.keys()):
        old, new = before.get((file, key)), after.get((file, key))
        difference = _relative(old, new)
        largest = max(largest, difference)
        if difference > TOLERANCE:
            wrong.append(f"{file}: {key} is {old!r} in Git and {new!r} rebuilt")
    return largest, wrong


def _relative(old, new):
    if old == new or (old != old and new != new):  # NaN is what it was
        return 0.0
    if not (isinstance(old, float) and isinstance(new, float)):
        return math.inf
    return abs(old - new) / max(abs(old), abs(new))


def _clone_head(clone):
    if subprocess.run(["git", "diff", "--quiet", "HEAD"], check=False).returncode:
        print("The work tree differs from HEAD; what is rebuilt is HEAD.", flush=True)
    subprocess.run(["git", "clone", "-q", ".", str(clone)], check=True)
    if not (clone / LOCK).exists():
        sys.exit(f"error: HEAD has no {LOCK}. Run `dvc repro` and commit it with the metrics and plots.")


def _bring_raw_data(stages, clone):
    """Copy what stages read, no stage writes and Git does not hold: a shop's own files."""
    made = {path for stage in stages.values() for path in _hashes(stage, "outs")}
    read = {path for stage in stages.values() for path in _hashes(stage, "deps")}
    for path in sorted(read):
        if (clone / path).exists() or _overlaps(path, made):
            continue
        if not Path(path).exists():
            sys.exit(f"error: {path} is not here. Run `dvc pull {path}`, or put the shop's files there.")
        copy = shutil.copytree if Path(path).is_dir() else shutil.copy
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        copy(path, clone / path)


def _dvc(clone, *words):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **ELSEWHERE}
    command = [sys.executable, "-m", "dvc", *words]
    if subprocess.run(command, cwd=clone, env=environment, umask=0o027, check=False).returncode:
        sys.exit("error: HEAD cannot be rebuilt; the message above says why.")


if __name__ == "__main__":
    main()
