"""Read ``params.yaml`` through one typed model; errors name the key, the value, what is allowed and the nearest name."""

import datetime
import difflib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from purchase import families

PARAMS = Path("params.yaml")


class ParamsError(ValueError):
    """A key or a value in a YAML file cannot be used."""


class Strict(BaseModel):
    """A section that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Dirt = Annotated[float, Field(ge=0, le=0.2)]


class DirtParams(Strict):
    duplicates: Dirt
    near_duplicates: Dirt
    missing: Dirt
    impossible: Dirt
    mixed_times: Dirt
    out_of_order: Dirt
    clock_skew: Dirt
    bots: Dirt
    test_accounts: Dirt
    unknown_customers: Dirt


class SimulateParams(Strict):
    seed: Seed
    start: str
    n_days: Annotated[int, Field(ge=30, le=3660)]
    n_customers: Annotated[int, Field(ge=50)]
    chunk_days: Count
    drift_days: Annotated[int, Field(ge=0)]
    drift: Share
    holdout: Annotated[float, Field(ge=0, lt=1)]
    dirt: DirtParams

    @field_validator("start")
    @classmethod
    def _is_a_day(cls, value):
        datetime.date.fromisoformat(value)
        return value


class PrepareParams(Strict):
    batch_rows: Annotated[int, Field(ge=1000)]
    max_gap_days: Count


class PreprocessParams(Strict):
    session_gap_minutes: Positive
    near_duplicate_seconds: Annotated[int, Field(ge=0)]
    bot_events_per_minute: Positive
    bot_min_events: Count
    test_share: Annotated[float, Field(gt=0, lt=0.5)]
    validation_share: Annotated[float, Field(gt=0, lt=0.5)]


class CutoffParams(Strict):
    horizon_days: Count
    lookback_days: Count
    n_train: Count


class FeaturizeParams(Strict):
    windows_days: Annotated[list[Count], Field(min_length=1)]
    first_k_events: Count


class FoldParams(Strict):
    n_folds: Annotated[int, Field(ge=2)]


class TrainParams(Strict):
    calibration: Literal["none", "sigmoid", "isotonic"]
    logistic_regression: families.LogisticRegressionSettings
    random_forest: families.RandomForestSettings
    xgboost: families.XGBoostSettings
    lightgbm: families.LightGBMSettings
    svm: families.SVMSettings
    neural_network: families.NeuralNetworkSettings


class TuneParams(Strict):
    scoring: Literal["roc_auc", "average_precision", "neg_log_loss"]
    logistic_regression: families.search_over(families.LogisticRegressionSettings)
    random_forest: families.search_over(families.RandomForestSettings)
    xgboost: families.search_over(families.XGBoostSettings)
    lightgbm: families.search_over(families.LightGBMSettings)
    svm: families.search_over(families.SVMSettings)
    neural_network: families.search_over(families.NeuralNetworkSettings)


class EvaluateParams(Strict):
    champion_metric: Literal["roc_auc", "average_precision", "log_loss", "brier"]
    threshold: Literal["f1"] | Annotated[float, Field(gt=0, lt=1)]
    n_bootstrap: Annotated[int, Field(ge=20)]
    interval: Annotated[float, Field(gt=0, lt=1)]
    n_calibration_bins: Annotated[int, Field(ge=2)]
    n_importance_repeats: Count


class Params(Strict):
    """The whole of ``params.yaml``."""

    shop: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    seed: Seed
    n_threads: Count
    memory_gb: Positive
    simulate: SimulateParams
    prepare: PrepareParams
    preprocess: PreprocessParams
    cutoffs: CutoffParams
    featurize: FeaturizeParams
    folds: FoldParams
    train: TrainParams
    tune: TuneParams
    evaluate: EvaluateParams

    @model_validator(mode="after")
    def _windows_fit_the_lookback(self):
        if max(self.featurize.windows_days) > self.cutoffs.lookback_days:
            raise ValueError(
                f"featurize.windows_days holds {max(self.featurize.windows_days)}, longer than "
                f"cutoffs.lookback_days={self.cutoffs.lookback_days}: raise the lookback or drop the window"
            )
        return self


def read_params(path=PARAMS):
    """Read and check every key of ``params.yaml``.

    Raises
    ------
    ParamsError
        Naming the file, the key, the value, what is allowed and, for an unknown key, the nearest right name.
    """
    return validate(Params, read_yaml(path), path=path)


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
