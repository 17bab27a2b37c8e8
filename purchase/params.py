"""The typed model of ``params.yaml``: every key, its type and its range."""

import datetime
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    create_model,
    field_validator,
    model_validator,
)

from purchase.files import Strict, read_yaml, validate
from purchase.tables import FEATURE_GROUPS, KNOWN_AT

PARAMS = Path("params.yaml")

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Dirt = Annotated[float, Field(ge=0, le=0.2)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


class _Settings(Strict):
    """What all families have: a choice of features, and crosses, which are columns made of pairs of numbers.

    See purchase/models/selection.py and crosses.py.
    """

    selection: Literal["none", "mutual_information", "shadow", "recursive"] = "none"
    n_selected: Count | None = None  # features kept; null: half of them. What ``shadow`` keeps comes of the data
    n_crossed: Annotated[int, Field(ge=0, le=50)] = 0  # numbers that are paired, the most telling ones; 0: none
    crosses: Annotated[list[Literal["product", "difference", "share"]], Field(min_length=1)] = ["product", "share"]


class _BoosterSettings(_Settings):
    """What boosters have besides."""

    monotone: dict[str, Literal[1, -1]] = {}  # features with which the log-odds may only rise (1) or fall (-1)
    n_seeds: Count = 1  # seeds whose log-odds are averaged

    @model_validator(mode="after")
    def _crosses_are_free(self):
        if self.monotone and self.n_crossed:
            raise ValueError(
                f"monotone names {next(iter(self.monotone))!r}, which columns made of pairs would also hold, free to "
                f"rise and fall: set n_crossed: 0 instead of {self.n_crossed}"
            )
        return self


class LogisticRegressionSettings(_Settings):
    C: Positive
    l1_ratio: Annotated[float, Field(ge=0, le=1)]


class RandomForestSettings(_Settings):
    n_estimators: Count
    max_depth: Count | None
    min_samples_leaf: Count
    max_features: Share | Literal["sqrt"]
    max_samples: Share
    extra_trees: bool = False  # cuts at random places


class XGBoostSettings(_BoosterSettings):
    n_estimators: Count
    learning_rate: Share
    max_depth: Count
    min_child_weight: NonNegative
    subsample: Share
    colsample_bytree: Share
    reg_lambda: NonNegative


class LightGBMSettings(_BoosterSettings):
    n_estimators: Count
    learning_rate: Share
    num_leaves: Annotated[int, Field(ge=2)]
    min_child_samples: Count
    subsample: Share
    colsample_bytree: Share
    reg_lambda: NonNegative


class SVMSettings(_Settings):
    C: Positive
    gamma: Positive | None
    n_components: Count
    exact_below: Annotated[int, Field(ge=0, le=5000)] = 0  # rows up to which the kernel is exact; time grows as rows^3


class NeuralNetworkSettings(_Settings):
    n_units: Count
    n_blocks: Annotated[int, Field(ge=0)]
    n_heads: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]
    learning_rate: Positive
    weight_decay: NonNegative
    batch_size: Count
    epochs: Count


SETTINGS = {
    "logistic_regression": LogisticRegressionSettings,
    "random_forest": RandomForestSettings,
    "xgboost": XGBoostSettings,
    "lightgbm": LightGBMSettings,
    "svm": SVMSettings,
    "neural_network": NeuralNetworkSettings,
}
FAMILIES = tuple(SETTINGS)


class Range(Strict):
    """Values from ``low`` to ``high``, even or, with ``log``, even in the logarithm; whole if both ends are.

    ``params.yaml`` writes it as scipy.stats calls such a distribution: ``uniform(2, 6)``, ``loguniform(0.01, 1.0)``.
    One string rather than three keys, since DVC reads all of ``params.yaml`` again for each of its stages.
    """

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _check(self):
        if not self.low < self.high:
            raise ValueError(f"low={self.low} is not below high={self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"low={self.low} has no logarithm: write uniform, or raise it above 0")
        return self


_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
WHOLE = re.compile(r"[-+]?\d+")
RANGE = re.compile(rf"(uniform|loguniform)\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)")


def _read_range(value):
    """Return the Range that ``uniform(low, high)`` or ``loguniform(low, high)`` means."""
    found = RANGE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("must be a list of values, uniform(low, high) or loguniform(low, high)")
    law, *ends = found.groups()
    low, high = (int(end) if WHOLE.fullmatch(end) else float(end) for end in ends)
    return Range(low=low, high=high, log=law == "loguniform")


class _Search(Strict):
    search: Literal["grid", "random", "halving_grid", "halving_random"]
    n_candidates: Count | None = None

    @model_validator(mode="after")
    def _check(self):
        ranges = [name for name, values in self.candidates().items() if isinstance(values, Range)]
        if self.search.endswith("grid") and ranges:
            raise ValueError(f"a grid needs a list of values for {ranges[0]}, not a range; or set search: random")
        if self.search.endswith("random") and self.n_candidates is None:
            raise ValueError("n_candidates is missing: say how many settings a random search tries")
        if not self.candidates():
            raise ValueError("space is empty: name at least one setting to search over")
        return self

    def candidates(self):
        """Return {setting: list of values or Range} of the settings that are searched."""
        return {name: values for name, values in self.space if values is not None}


def search_over(settings):
    """Return the model of one family's search: its space takes the names of ``settings``, each a list or a Range.

    Crosses and constraints are not searched: with and without them, a family is another pipeline.
    """
    fixed = {*_BoosterSettings.model_fields, "extra_trees"}
    searched = {name: field for name, field in settings.model_fields.items() if name not in fixed}
    space = create_model(
        settings.__name__.replace("Settings", "Space"),
        __base__=Strict,
        **{name: (_values_of(field) | None, None) for name, field in searched.items()},
    )
    return create_model(settings.__name__.replace("Settings", "Search"), __base__=_Search, space=(space, ...))


def _values_of(field):
    """The type of the values tried for a setting: each, and each end of a range, is checked like the setting itself."""
    setting = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    adapter = TypeAdapter(setting, config=Strict.model_config)

    def check_ends(values):
        for end in (values.low, values.high):
            adapter.validate_python(end)
        return values

    return Annotated[
        Annotated[list[setting], Field(min_length=1), Tag("a list")]
        | Annotated[Range, BeforeValidator(_read_range), AfterValidator(check_ends), Tag("a range")],
        Discriminator(lambda values: "a list" if isinstance(values, list) else "a range"),
    ]


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
    drift: Annotated[float, Field(ge=0, le=1)]
    holdout: Annotated[float, Field(ge=0, lt=1)]
    truth_horizon_days: Count
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
    first_k_events: Count


class FeaturizeParams(Strict):
    scoring_moment: Literal[KNOWN_AT] | None
    windows_days: Annotated[list[Count], Field(min_length=1)]
    half_lives_days: list[Count]
    leave_out: list[Literal[FEATURE_GROUPS]]
    sequence_length: Annotated[int, Field(ge=1, le=1000)] | None


class FitParams(Strict):
    n_folds: Annotated[int, Field(ge=2)]
    calibration: Literal["none", "sigmoid", "beta", "isotonic", "auto"]


class TrainParams(Strict):
    logistic_regression: LogisticRegressionSettings
    random_forest: RandomForestSettings
    xgboost: XGBoostSettings
    lightgbm: LightGBMSettings
    svm: SVMSettings
    neural_network: NeuralNetworkSettings


class SearchParams(Strict):
    scoring: Literal["roc_auc", "average_precision", "neg_log_loss"]
    backend: Literal["loky", "dask"]
    n_jobs: Count
    address: Annotated[str, Field(pattern=r"^[a-z]+://\S+:\d+$")] | None

    @model_validator(mode="after")
    def _check(self):
        if self.backend == "dask" and self.address is None:
            raise ValueError("backend dask needs an address: that of the scheduler, as tcp://host:8786")
        return self


class TuneParams(Strict):
    logistic_regression: search_over(LogisticRegressionSettings)
    random_forest: search_over(RandomForestSettings)
    xgboost: search_over(XGBoostSettings)
    lightgbm: search_over(LightGBMSettings)
    svm: search_over(SVMSettings)
    neural_network: search_over(NeuralNetworkSettings)


class EvaluateParams(Strict):
    champion_metric: Literal["roc_auc", "average_precision", "log_loss", "brier"]
    threshold: str | float
    n_bootstrap: Annotated[int, Field(ge=20)]
    interval: Annotated[float, Field(gt=0, lt=1)]
    n_calibration_bins: Annotated[int, Field(ge=2)]
    n_importance_repeats: Count

    @field_validator("threshold", mode="before")
    @classmethod
    def _is_f1_or_a_propensity(cls, value):
        if value != "f1" and not (isinstance(value, float) and 0 < value < 1):
            raise ValueError("must be f1 or a number between 0 and 1")
        return value


class InsightsParams(Strict):
    margin: Share
    contact_cost_cents: Annotated[int, Field(ge=0)]
    budget_cents: Annotated[int, Field(ge=0)] | None
    value_prior_orders: Positive
    uplift_days: Count
    n_top_features: Count
    horizons_days: Annotated[list[Count], Field(min_length=1)]

    @field_validator("horizons_days")
    @classmethod
    def _rise(cls, value):
        if value != sorted(set(value)):
            raise ValueError("must rise from each to the next")
        return value


class GateParams(Strict):
    min_average_precision: Annotated[float, Field(ge=0, lt=1)] | None
    max_calibration_error: Annotated[float, Field(gt=0, lt=1)] | None
    min_lift_at_10_percent: Annotated[float, Field(ge=0, le=10)] | None
    better_than_baselines: bool | None


class ReviewParams(Strict):
    max_drift: Positive


class Params(Strict):
    """The whole of ``params.yaml``."""

    shop: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    seed: Seed
    n_threads: Count
    memory_gb: Positive
    engine: Literal["duckdb", "polars", "pandas", "pyspark"]
    spark_master: Annotated[str, Field(pattern=r"^[a-z0-9]+(\[[0-9*,]+\])?$|^[a-z0-9]+://\S+$")]
    simulate: SimulateParams
    prepare: PrepareParams
    preprocess: PreprocessParams
    cutoffs: CutoffParams
    featurize: FeaturizeParams
    fit: FitParams
    train: TrainParams
    search: SearchParams
    tune: TuneParams
    evaluate: EvaluateParams
    gate: GateParams
    insights: InsightsParams
    review: ReviewParams

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
