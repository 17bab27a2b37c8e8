"""Read a YAML file through a typed model; errors name the key, the value, what is allowed and the nearest right name."""

import datetime
import difflib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError


class ParamsError(ValueError):
    """A key or a value in a YAML file cannot be used."""


class Strict(BaseModel):
    """A section that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def read_yaml(path):
    """Return the mapping in a YAML 1.2 file, read by the parser that DVC reads params with."""
    path = Path(path)
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        others = sorted(p.stem for p in path.parent.glob("*.yaml"))
        near = difflib.get_close_matches(path.stem, others, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ParamsError(f"{path} does not exist; {path.parent}/ holds {others}.{hint}") from None
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
        lines = [_describe(problem, model) for problem in error.errors()]
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
    place = [str(part) for part in problem["loc"]]
    key = ".".join(place) or "the file"
    if problem["type"] == "extra_forbidden":
        allowed = _names_in(model, problem["loc"][:-1])
        near = difflib.get_close_matches(place[-1], allowed, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"{key} is no key that is known; allowed here: {', '.join(allowed)}.{hint}"
    if problem["type"] == "missing":
        return f"{key} is missing. Add it; its meaning and default are in the committed file."
    message = problem["msg"].removeprefix("Value error, ")
    hint = ""
    if problem["type"] == "literal_error" and isinstance(problem["input"], str):
        allowed = problem["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        near = difflib.get_close_matches(problem["input"], allowed, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
    value = "" if problem["input"].__class__ in (dict, list) and not place else f"={problem['input']!r}"
    return f"{key}{value}: {message}.{hint}"


def _names_in(model, place):
    """Return the field names of the section at ``place`` (a tuple of keys) in a pydantic model."""
    for part in place:
        if isinstance(model, type) and issubclass(model, BaseModel) and part in model.model_fields:
            model = model.model_fields[part].annotation
        else:  # a key of a mapping or an alternative of a union: its model, if there is one
            model = next((arg for arg in getattr(model, "__args__", ()) if hasattr(arg, "model_fields")), model)
    return sorted(getattr(model, "model_fields", {}))
