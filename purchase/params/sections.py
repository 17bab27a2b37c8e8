"""The sections of ``params.yaml``, in its order."""

import datetime
from typing import Annotated, Literal

from pydantic import Field, create_model, field_validator, model_validator

from purchase.files import Strict
from purchase.params.bounds import Count, Dirt, Positive, Seed, Share
from purchase.params.searches import search_over
from purchase.params.settings import ALL_SETTINGS, SETTINGS
from purchase.tables import FEATURE_GROUPS, KNOWN_AT


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
    calibration: Literal["none", "sigmoid", "beta", "pooled", "isotonic", "auto"]


TrainParams = create_model(
    "TrainParams", __base__=Strict, **{family: (settings, ...) for family, settings in ALL_SETTINGS.items()}
)


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


TuneParams = create_model(
    "TuneParams", __base__=Strict, **{family: (search_over(settings), ...) for family, settings in SETTINGS.items()}
)


class EnsembleParams(Strict):
    n_rounds: Count


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
