"""The search over each family's settings: section ``tune``, made of the settings themselves."""

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    create_model,
    model_validator,
)

from purchase.files import Strict
from purchase.params.bounds import Count
from purchase.params.settings import BalanceSettings, BoosterSettings


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

    Crosses and constraints are not searched: with and without them, a family is another pipeline. Weights and draws
    are (purchase/models/balance.py).
    """
    fixed = {*BoosterSettings.model_fields, "extra_trees"} - set(BalanceSettings.model_fields)
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
