"""Where everything lies, and how it is read and written: whole or not at all, the same bytes every time."""

import contextlib
import datetime
import difflib
import json
import os
import re
import shutil
import sys
import typing
from pathlib import Path

# Libraries read these once, when they load, which no stage lets them do before this module. OpenMP threads that wait by
# spinning take six times the processor time wherever there are fewer free cores than threads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# The models raise it to the param n_threads; elsewhere, the number of cores must not order the terms of a sum.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Instructions beyond AVX2, which only some x86-64 processors have, round sums and exponentials differently
# (docs/experiments.md); other kinds of processor ignore these.
os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4 AVX512_ICL AVX512_SPR")

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from purchase.tables import TableError

RAW = Path("data/raw")  # data/raw/<shop>/: a shop's own files
TRUTH = Path("data/truth")  # what the simulated shop hides; nothing reads it before evaluation is over
TABLES = Path("data/tables")
CLEAN = Path("data/clean")
SPLIT = Path("data/split.parquet")
FEATURES = Path("data/features")
SEQUENCES = FEATURES / "sequences"
PREDICTIONS = Path("data/predictions")
MODELS = Path("models")
CHAMPION = MODELS / "champion"  # a copy of the one that evaluate chose, its own files alone
OUT_OF_FOLD = "out_of_fold.parquet"  # this and the next two: in the folder of each model, beside the model's own files
SUMMARY = "summary.json"
TRIALS = "trials.csv"  # of tune alone
INSIGHTS = Path("data/insights")
METRICS = Path("metrics")
LOCK = Path("dvc.lock")
PLOTS = Path("plots")
REPORT = Path("report")
LOGS = Path("logs")  # wall times, which no two runs share: kept by neither Git nor DVC


@contextlib.contextmanager
def whole(path):
    """Yield a path to write to, and move it to ``path`` (a file or a folder) only when all is written.

    A run that is killed leaves nothing at ``path``; what it left beside it is replaced by the next run.
    """
    path = Path(path)
    part = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove(part)
    try:
        yield part
        _remove(path)
        part.replace(path)
    finally:
        _remove(part)


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def existing(path):
    """Return ``path`` as a Path if there is such a file, else raise TableError."""
    path = Path(path)
    if not path.exists():
        raise TableError(f"{path} does not exist. Run `dvc repro`, or `dvc pull` if the results are shared.")
    return path


def read_frame(path, columns=None):
    """Return a Parquet or CSV file, by the ending of ``path``, as a pandas DataFrame."""
    path = existing(path)
    return pd.read_csv(path, usecols=columns) if path.suffix == ".csv" else pd.read_parquet(path, columns=columns)


def write_frame(frame, path):
    """Write a pandas DataFrame to Parquet or CSV, by the ending of ``path``."""
    with whole(path) as part:
        if Path(path).suffix == ".parquet":
            frame.to_parquet(part, index=False)
        else:
            frame.to_csv(part, index=False, lineterminator="\n")


def read_json(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_json(content, path):
    """Write numbers and texts as JSON, keys in the order given; refuses NaN and infinity."""
    write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", path)


def write_text(text, path):
    with whole(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")


def run(main):
    """Run a stage; an error about params, data or the disk becomes one message on standard error and exit status 1."""
    try:
        main()
    except (TableError, ParamsError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


# Where a value is one of several kinds, pydantic puts the kind between the keys that lead to it.
TAGS = ("a list", "a range")


class ParamsError(ValueError):
    """A key or a value in a YAML file cannot be used."""


class Strict(BaseModel):
    """A section that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def read_yaml(path):
    """Return the mapping in a YAML 1.2 file, read by the parser that DVC reads params with."""
    path = Path(path)
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        others = sorted(p.stem for p in path.parent.glob("*.yaml"))
        hint = _nearest(path.stem, others)
        raise ParamsError(f"{path} does not exist; {path.parent}/ holds {', '.join(others)}.{hint}") from None
    except (MarkedYAMLError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise ParamsError(f"{path} holds no keys. Restore it from Git.")
    _refuse_dates(content, path)
    return content


def validate(model, content, *, path):
    """Return ``content`` as an instance of the pydantic ``model``, or raise ParamsError naming every bad key."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        # A misspelt key is also a missing one: the line that names the right name comes first.
        problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        lines = [_describe(problem, model) for problem in problems]
        raise ParamsError("\n".join(f"{path}: {line}" for line in lines)) from None


def _refuse_dates(content, path, key=""):
    """YAML turns an unquoted date into a date, which neither DVC nor JSON can hold."""
    pairs = content.items() if isinstance(content, dict) else enumerate(content)
    for name, value in pairs:
        here = f"{key}.{name}" if key else str(name)
        if isinstance(value, (datetime.date, datetime.datetime)):
            raise ParamsError(f'{path}: {here}: {value} is an unquoted date. Write "{value}", with the quotes.')
        if isinstance(value, (dict, list)):
            _refuse_dates(value, path, here)


def _describe(problem, model):
    keys = [part for part in problem["loc"] if part not in TAGS]
    key = ".".join(map(str, keys)) or "the file"
    if problem["type"] == "extra_forbidden":
        allowed = _names_in(model, keys[:-1])
        return f"{key} is not a known key; allowed here: {', '.join(allowed)}.{_nearest(str(keys[-1]), allowed)}"
    if problem["type"] == "missing":
        return f"{key} is missing. Add it: the committed file shows its meaning and default."
    value = problem["input"]
    shown = f"={value!r}" if keys else ""
    hint = ""
    if problem["type"] == "literal_error":
        hint = _nearest(str(value), re.findall(r"'([^']*)'", problem["ctx"]["expected"]))
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "must").replace("should", "must")
    return f"{key}{shown}: {message}.{hint}"


def _nearest(name, allowed):
    near = difflib.get_close_matches(name, allowed, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _names_in(model, keys):
    """Return the field names of the section that ``keys`` lead to in a pydantic model."""
    for key in keys:
        annotation = model.model_fields[key].annotation if key in getattr(model, "model_fields", {}) else model
        model = next(_models_in(annotation), model)
    return sorted(getattr(model, "model_fields", {}))


def _models_in(annotation):
    """Yield the pydantic models in an annotation such as ``dict[str, Source] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models_in(part)
