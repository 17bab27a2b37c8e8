"""The typed model of ``params.yaml``: every key, its type and its range."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from purchase.files import Strict, read_yaml, validate
from purchase.params.bounds import Count, Positive, Seed
from purchase.params.searches import Range
from purchase.params.sections import (
    CutoffParams,
    DirtParams,
    EnsembleParams,
    EvaluateParams,
    FeaturizeParams,
    FitParams,
    GateParams,
    InsightsParams,
    PrepareParams,
    PreprocessParams,
    ReviewParams,
    SearchParams,
    SimulateParams,
    TrainParams,
    TuneParams,
)
from purchase.params.settings import ALL_SETTINGS, FAMILIES, SEQUENCE_FAMILIES, SETTINGS, BalanceSettings

__all__ = [
    "ALL_SETTINGS",
    "FAMILIES",
    "SEQUENCE_FAMILIES",
    "SETTINGS",
    "DirtParams",
    "InsightsParams",
    "Params",
    "Range",
    "SimulateParams",
    "TuneParams",
    "read_params",
]

PARAMS = Path("params.yaml")


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
    ensemble: EnsembleParams
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

    @model_validator(mode="after")
    def _what_weighs_is_calibrated(self):
        for family, settings in self.train:
            space = getattr(self.tune, family).candidates() if family in SETTINGS else {}
            searched = [name for name in BalanceSettings.model_fields if name in space]
            if self.fit.calibration == "none" and (settings.balances or searched):
                raise ValueError(
                    f"{family} weighs or draws rows ({', '.join(BalanceSettings.model_fields)}), which moves all "
                    "probabilities, and fit.calibration: none would leave them so: set sigmoid"
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
