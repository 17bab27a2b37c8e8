"""Read a YAML file through a typed model; errors name the key, the value, what is allowed and the nearest name."""

import datetime
import difflib
import re
import typing
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

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
