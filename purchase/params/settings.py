"""The settings of each family of models: section ``train``, and what the searches try."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from purchase.files import Strict
from purchase.params.bounds import Count, NonNegative, Positive, Share


class BalanceSettings(Strict):
    """What all families have: how much a positive row counts in a fit, and how many negatives are in it.

    See purchase/models/balance.py.
    """

    positive_weight: Positive | Literal["balanced"] = 1.0  # of a positive row, where a negative one has 1
    negative_share: Share = 1.0  # of the negatives drawn into a fit; 1.0: all

    @property
    def balances(self):
        """Whether either is another than the family's default."""
        fields = type(self).model_fields
        return any(getattr(self, name) != fields[name].default for name in BalanceSettings.model_fields)


class FamilySettings(BalanceSettings):
    """What all families of plain tables have: a choice of features, and crosses, columns made of others.

    See purchase/models/selection.py and crosses.py.
    """

    selection: Literal["none", "mutual_information", "shadow", "recursive"] = "none"
    n_selected: Count | None = None  # features kept; null: half of them. What ``shadow`` keeps comes of the data
    n_crossed: Annotated[int, Field(ge=0, le=50)] = 0  # numbers that are paired, the most telling ones; 0: none
    crosses: Annotated[list[Literal["product", "difference", "share"]], Field(min_length=1)] = ["product", "share"]
    n_combined: Annotated[int, Field(ge=0, le=500)] = 0  # sums of three crossed numbers; without these, none


class BoosterSettings(FamilySettings):
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


class LogisticRegressionSettings(FamilySettings):
    C: Positive
    l1_ratio: Annotated[float, Field(ge=0, le=1)]


class RandomForestSettings(FamilySettings):
    n_estimators: Count
    max_depth: Count | None
    min_samples_leaf: Count
    max_features: Share | Literal["sqrt"]
    max_samples: Share
    extra_trees: bool = False  # cuts at random places


class XGBoostSettings(BoosterSettings):
    n_estimators: Count
    learning_rate: Share
    max_depth: Count
    min_child_weight: NonNegative
    subsample: Share
    colsample_bytree: Share
    reg_lambda: NonNegative


class LightGBMSettings(BoosterSettings):
    n_estimators: Count
    learning_rate: Share
    num_leaves: Annotated[int, Field(ge=2)]
    min_child_samples: Count
    subsample: Share
    colsample_bytree: Share
    reg_lambda: NonNegative


class SVMSettings(FamilySettings):
    C: Positive
    gamma: Positive | None
    n_components: Count
    positive_weight: Positive | Literal["balanced"] = "balanced"  # ranks better (docs/experiments.md)
    exact_below: Annotated[int, Field(ge=0, le=5000)] = 0  # rows up to which the kernel is exact; time grows as rows^3


class NetworkSettings(BalanceSettings):
    """What both networks have."""

    n_units: Count
    n_blocks: Annotated[int, Field(ge=0)]
    n_heads: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]
    learning_rate: Positive
    weight_decay: NonNegative
    batch_size: Count
    epochs: Count


class NeuralNetworkSettings(NetworkSettings, FamilySettings):
    n_frequencies: Annotated[int, Field(ge=0, le=64)] = 0  # of the periodic embedding of each number; 0: none


class SequenceNetworkSettings(NetworkSettings):
    n_events: Count
    n_states: Count


SETTINGS = {
    "logistic_regression": LogisticRegressionSettings,
    "random_forest": RandomForestSettings,
    "xgboost": XGBoostSettings,
    "lightgbm": LightGBMSettings,
    "svm": SVMSettings,
    "neural_network": NeuralNetworkSettings,
}
FAMILIES = tuple(SETTINGS)  # these take a table of features as it is
SEQUENCE_SETTINGS = {"sequence_network": SequenceNetworkSettings}
SEQUENCE_FAMILIES = tuple(SEQUENCE_SETTINGS)  # these take the last events of each row, too
ALL_SETTINGS = SETTINGS | SEQUENCE_SETTINGS
