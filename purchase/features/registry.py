"""What a feature is: its meaning and unit beside the expression that makes it."""

import dataclasses
from typing import Literal

import narwhals as nw

from purchase.tables import DAY, KNOWN_AT


@dataclasses.dataclass(frozen=True)
class Feature:
    """A column of the feature table, or, without a meaning, a step towards one.

    ``aggregate`` is an expression over the records that a row may see, computed in groups by row. ``value`` is one over
    the row itself: its keys and all aggregates, of its own block and the others.
    """

    name: str
    meaning: str = ""
    unit: str = ""
    aggregate: nw.Expr | None = None
    value: nw.Expr | None = None
    absent: int | None = None  # of an aggregate, for a customer without any such record
    type: Literal["number", "category", "boolean"] = "number"
    known_at: Literal[KNOWN_AT] = "session_start"
    as_told: bool = False  # the value of a column as it stands, missing ones among them
    needs: tuple[str, ...] = ()  # "table" or "table.column" that must hold something, or there is no such feature
    kinds: tuple[str, ...] = ()  # types of event that it counts
    group: str = ""  # what kind of thing it says; its block's, if empty


@dataclasses.dataclass(frozen=True)
class Block:
    """Features from one table: ``records`` has a row for each record that a row, ``row_id``, may see."""

    table: str
    records: nw.LazyFrame | None
    features: list[Feature]
    group: str  # of those that name none themselves; featurize.leave_out goes by it


def count(name, condition, meaning, *, unit, **more):
    """Count the records for which ``condition`` holds; a customer without any has 0."""
    return Feature(name, meaning, unit, aggregate=number_of(condition), absent=0, **more)


def total(name, amount, meaning, *, unit, **more):
    """Add up whole numbers over the records; a customer without any has 0."""
    return Feature(name, meaning, unit, aggregate=amount.sum().cast(nw.Int64), absent=0, **more)


def step(name, aggregate, *, absent=None):
    """Make an aggregate that other features use and that is no feature itself."""
    return Feature(name, aggregate=aggregate, absent=absent)


def ratio(name, above, below, meaning, *, unit="ratio", **more):
    """Divide two expressions over the row; missing where the denominator is 0 or missing."""
    return Feature(name, meaning, unit, value=nw.when(below > 0).then(above / below), **more)


def share(name, part, whole, meaning, **more):
    """Divide a part by its whole, between 0 and 1; missing where the whole is 0 or missing."""
    return ratio(name, part, whole, meaning, unit="share", **more)


def since(name, instant, meaning, **more):
    """Count the days from an instant (a step's name) to the cutoff; missing where there is none."""
    return Feature(name, meaning, "days", value=(nw.col("cutoff") - nw.col(instant)) / DAY, **more)


def number_of(condition):
    """Count the records for which a condition holds in an aggregate; Spark adds up no flags, so they become 1 and 0."""
    return condition.cast(nw.Int64).sum().cast(nw.Int64)


def distinct(values):
    """Count different values in an aggregate, missing ones aside."""
    return values.n_unique().cast(nw.Int64) - values.is_null().any().cast(nw.Int64)


def only_if(condition, value):
    """Return ``value`` where ``condition`` holds, else missing, so that an aggregate skips it."""
    return nw.when(condition).then(value)


def needing(features, *needs):
    """Return features that also need ``needs`` to hold something."""
    return [dataclasses.replace(feature, needs=(*feature.needs, *needs)) for feature in features]


def grouped(features, group):
    """Return features as ones of ``group``."""
    return [dataclasses.replace(feature, group=group) for feature in features]


def steps(features):
    """Return those of features that are made of records, to be a block of their own."""
    return [feature for feature in features if feature.aggregate is not None]


def told(features):
    """Return the others, which are made of ``steps``."""
    return [feature for feature in features if feature.aggregate is None]


def usable(block, *, filled, scoring_moment):
    """Return the features of a block whose tables and columns hold something and that are known in time.

    Parameters
    ----------
    filled : set of str
        ``table`` for every table with rows, ``table.column`` for every column with a value.
    scoring_moment : str
        One of ``KNOWN_AT``; a feature known later is left out.
    """
    latest = KNOWN_AT.index(scoring_moment)
    return [
        feature
        for feature in block.features
        if filled.issuperset((block.table, *feature.needs)) and KNOWN_AT.index(feature.known_at) <= latest
    ]


def entry(feature, *, block, task):
    """Return a feature's line in the dictionary."""
    return {
        "name": feature.name,
        "meaning": feature.meaning,
        "unit": feature.unit,
        "type": feature.type,
        "group": feature.group or block.group,
        "task": task,
        "table": block.table,
        "known_at": "cutoff" if task == "customer" else feature.known_at,
    }
