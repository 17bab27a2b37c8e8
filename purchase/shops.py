"""A shop's YAML: how its files and columns map on the tables, its task and its dates."""

import datetime
import difflib
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from purchase.files import ParamsError, Strict, read_yaml, validate
from purchase.tables import CONTRACTS, KNOWN_AT

SHOPS = Path("shops")
TIME_FORMATS = ("iso", "epoch_s", "epoch_ms", "epoch_us", "day_index")

# Columns that prepare works out itself, and never takes from a file as they are.
MADE = ("row", "is_test", "is_return")
# Columns without which a table says nothing. An order's or a session's id is made up where the shop keeps none.
NEEDED = {
    "customers": ("customer_id",),
    "events": ("event_at", "event_type"),
    "orders": ("ordered_at",),
    "sessions": ("ordered",),
}

ColumnName = Annotated[str, Field(min_length=1)]
# As DuckDB joins them to the contract's columns, a name of an extra column is plain.
PlainName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Match(Strict):
    """Rows whose ``column`` (its name in the file) matches the regular expression ``matches`` anywhere."""

    column: ColumnName
    matches: Annotated[str, Field(min_length=1)]


class RejectRule(Match):
    """Rows to leave out, and the reason that the account gives for it."""

    reason: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Extra(Strict):
    """A column beyond the contract: a feature as it stands, with its entry in the dictionary."""

    column: ColumnName
    type: Literal["number", "category", "boolean"]
    meaning: str
    unit: str = ""
    known_at: Literal[KNOWN_AT] = "session_end"


class Source(Strict):
    """Where one table lies and how it is written down."""

    files: Annotated[str, Field(min_length=1)]  # a path or a glob below data/raw/<shop>/
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quote: Annotated[str, Field(max_length=1)] = '"'  # "": the file quotes nothing
    header: bool = True  # false: columns are named column0, column1, ...
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    null_values: list[str] = [""]
    columns: dict[str, ColumnName]  # name in the contract: name in the file
    # Formats are tried in turn. "iso", "epoch_s", "epoch_ms", "epoch_us", "day_index", or a strptime pattern.
    time: Annotated[list[str], Field(min_length=1)] = ["iso"]
    day_zero: str | None = None  # "YYYY-MM-DD": what day index 0 is
    money: Literal["major", "cents"] = "major"
    decimal: Literal[".", ","] = "."
    # contract column: {as written: as in the contract; null: reject the row, or missing if the column may be}
    values: dict[str, dict[str, str | None]] = {}
    returns_when: Match | None = None  # orders: lines that take goods back, besides those of negative quantity
    test_when: Match | None = None  # customers: accounts of the shop's own staff or checks
    reject_when: list[RejectRule] = []
    missing_customer: Literal["reject", "keep"] = "keep"
    extra: dict[PlainName, Extra] = {}  # customers and sessions only

    @field_validator("time")
    @classmethod
    def _formats_are_known(cls, formats):
        for written in formats:
            if written not in TIME_FORMATS and "%" not in written:
                near = _near(written, TIME_FORMATS)
                raise ValueError(f"{written!r} is neither of {', '.join(TIME_FORMATS)} nor a strptime pattern.{near}")
        return formats

    @field_validator("day_zero")
    @classmethod
    def _is_a_day(cls, value):
        return _checked_day(value)

    @model_validator(mode="after")
    def _day_zero_is_given(self):
        if "day_index" in self.time and self.day_zero is None:
            raise ValueError("day_zero is missing: say which day is day 0")
        return self


class Dates(Strict):
    """Bounds, as "YYYY-MM-DD" in the shop's time zone; rows outside [start, end) are rejected."""

    start: str | None = None
    end: str | None = None

    @field_validator("start", "end")
    @classmethod
    def _is_a_day(cls, value):
        return _checked_day(value)

    @model_validator(mode="after")
    def _in_order(self):
        if self.start and self.end and self.start >= self.end:
            raise ValueError(f"start={self.start!r} is not before end={self.end!r}")
        return self


class Shop(Strict):
    """All that the pipeline must be told about a shop."""

    title: str
    source: str  # where the files come from
    licence: str = ""
    task: Literal["customer", "session"]
    scoring_moment: Literal[KNOWN_AT] = "session_start"  # session task only
    time_zone: str = "UTC"  # of times that do not name their own
    currency: str = ""
    dates: Dates = Dates()
    tables: dict[Literal[tuple(CONTRACTS)], Source]

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, zone):
        zones = zoneinfo.available_timezones()
        if zone not in zones:
            raise ValueError(f"no such time zone; write it like Europe/London.{_near(zone, zones)}")
        return zone

    @model_validator(mode="after")
    def _check(self):
        for name, source in self.tables.items():
            _check_columns(name, source)
            _check_values(name, source)
            _check_place_of_keys(name, source)
        able = {"customer": ("orders", "events"), "session": ("events", "sessions")}[self.task]
        if not set(able) & set(self.tables):
            raise ValueError(f"task={self.task!r} needs tables.{able[0]} or tables.{able[1]}; add one of them")
        return self


def _check_columns(name, source):
    known = sorted(set(CONTRACTS[name].columns) - set(MADE))
    for section in (source.columns, source.values):
        for column in section:
            if column not in known:
                raise ValueError(
                    f"tables.{name}: {column!r} is no column of {name}; it has {known}{_near(column, known)}"
                )
    for column in NEEDED[name]:
        if column not in source.columns:
            raise ValueError(f"tables.{name}.columns.{column} is missing: say which column of the file holds it")
    for column in source.extra:
        if column in CONTRACTS[name].columns:
            raise ValueError(f"tables.{name}.extra.{column}: {name} has a column of that name; call it otherwise")


def _check_values(name, source):
    for column, mapping in source.values.items():
        if column not in source.columns:
            raise ValueError(
                f"tables.{name}.values.{column}: the column is not mapped; add tables.{name}.columns.{column}"
            )
        checks = [
            check.statistics["allowed_values"]
            for check in CONTRACTS[name].columns[column].checks
            if check.name == "isin"
        ]
        for written, meant in mapping.items():
            if checks and meant is not None and meant not in checks[0]:
                allowed = ", ".join(checks[0])
                raise ValueError(
                    f"tables.{name}.values.{column}.{written}={meant!r} is none of {allowed}.{_near(meant, checks[0])}"
                )


def _check_place_of_keys(name, source):
    if source.extra and name not in ("customers", "sessions"):
        raise ValueError(f"tables.{name}.extra: only customers and sessions take extra columns")
    if source.returns_when and name != "orders":
        raise ValueError(f"tables.{name}.returns_when: only orders have returns")
    if source.test_when and name != "customers":
        raise ValueError(f"tables.{name}.test_when: only customers are test accounts")


def _checked_day(value):
    if value is not None:
        datetime.date.fromisoformat(value)
    return value


def _near(value, allowed):
    near = difflib.get_close_matches(value, allowed, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def read_shop(name, *, scoring_moment=None, folder=SHOPS):
    """Read and check ``shops/<name>.yaml``.

    Parameters
    ----------
    scoring_moment : str or None
        Takes the place of the shop's own, if the param featurize.scoring_moment names one.

    Raises
    ------
    ParamsError
        Naming the file, the key, the value and what is allowed.
    """
    path = Path(folder) / f"{name}.yaml"
    shop = validate(Shop, read_yaml(path), path=path)
    if scoring_moment is None:
        return shop
    if shop.task == "customer":
        raise ParamsError(
            f"featurize.scoring_moment={scoring_moment!r} is for the session task, and the task of {path} is customer, "
            "which is scored at its cutoffs. Set it to null in params.yaml."
        )
    return shop.model_copy(update={"scoring_moment": scoring_moment})
