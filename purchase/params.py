"""The typed model of ``params.yaml``: every key, its type and its range."""

import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from purchase import families
from purchase.typed_yaml import Strict, read_yaml, validate

PARAMS = Path("params.yaml")

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
    windows_days: Annotated[list[Count], Field(min_length=1)]


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
