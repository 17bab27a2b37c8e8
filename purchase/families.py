"""The families: the settings that each takes and the ranges that its search may try."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, TypeAdapter, create_model, model_validator

from purchase.typed_yaml import Strict

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


class LogisticRegressionSettings(Strict):
    C: Positive
    l1_ratio: Annotated[float, Field(ge=0, le=1)]


class RandomForestSettings(Strict):
    n_estimators: Count
    max_depth: Count | None
    min_samples_leaf: Count
    max_features: Share | Literal["sqrt"]
    max_samples: Share


class XGBoostSettings(Strict):
    n_estimators: Count
    learning_rate: Share
    max_depth: Count
    min_child_weight: NonNegative
    subsample: Share
    colsample_bytree: Share
    reg_lambda: NonNegative


class LightGBMSettings(Strict):
    n_estimators: Count
    learning_rate: Share
    num_leaves: Annotated[int, Field(ge=2)]
    min_child_samples: Count
    subsample: Share
    colsample_bytree: Share
    reg_lambda: NonNegative


class SVMSettings(Strict):
    C: Positive
    gamma: Positive | None
    n_components: Count


class NeuralNetworkSettings(Strict):
    hidden_units: Annotated[list[Count], Field(min_length=1)]
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
    """Values from ``low`` to ``high``, even or, with ``log``, even in the logarithm; whole if both ends are."""

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _check(self):
        if not self.low < self.high:
            raise ValueError(f"low={self.low} is not below high={self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"low={self.low} has no logarithm; set log: false or raise it above 0")
        return self


class _Search(Strict):
    search: Literal["grid", "random"]
    n_candidates: Count | None = None

    @model_validator(mode="after")
    def _check(self):
        ranges = [name for name, values in self.candidates().items() if isinstance(values, Range)]
        if self.search == "grid" and ranges:
            raise ValueError(f"a grid needs a list of values for {ranges[0]}, not a range; or set search: random")
        if self.search == "random" and self.n_candidates is None:
            raise ValueError("n_candidates is missing: say how many settings a random search tries")
        if not self.candidates():
            raise ValueError("space is empty: name at least one setting to search over")
        return self

    def candidates(self):
        """Return {setting: list of values or Range} of the settings that are searched."""
        return {name: values for name, values in self.space if values is not None}


def search_over(settings):
    """Return the model of one family's search: its space takes the names of ``settings``, each a list or a Range."""
    space = create_model(
        settings.__name__.replace("Settings", "Space"),
        __base__=Strict,
        **{name: (_values_of(field) | None, None) for name, field in settings.model_fields.items()},
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
        | Annotated[Range, AfterValidator(check_ends), Tag("a range")],
        Discriminator(lambda values: "a list" if isinstance(values, list) else "a range"),
    ]


def _range_of(value):
    """A Range whose ends, and so all between them, the setting would take."""
    allowed = TypeAdapter(value)

    def check(bounds):
        for end in (bounds.low, bounds.high):
            allowed.validate_python(end, strict=True)
        return bounds

    return Annotated[Range, AfterValidator(check)]
