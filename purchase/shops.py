"""A shop's YAML: how its files and columns map on the tables, its task and its dates."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from purchase.tables import CONTRACTS, KNOWN_AT
from purchase.typed_yaml import Strict, read_yaml, validate

SHOPS = Path("shops")

ColumnName = Annotated[str, Field(min_length=1)]


class Match(Strict):
    """Rows whose ``column`` matches the regular expression ``matches`` anywhere."""

    column: ColumnName
    matches: str


class RejectRule(Match):
    """Rows to leave out, and the reason that the account gives for it."""

    reason: str


class Extra(Strict):
    """A column beyond the contract: a feature as it stands, with its entry in the dictionary."""

    column: ColumnName
    type: Literal["number", "category", "boolean"]
    meaning: str
    unit: str = ""
    known_at: Literal[KNOWN_AT] = "session_end"


class Source(Strict):
    """Where one table lies and how it is written down."""

    files: str  # a path or a glob below data/raw/<shop>/
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    delimiter: str = ","
    header: bool = True  # false: columns are named column0, column1, ...
    null_values: list[str] = [""]
    columns: dict[str, ColumnName]  # name in the contract: name in the file
    # Formats are tried in turn. "iso", "epoch_s", "epoch_ms", "epoch_us", "day_index", or a strptime pattern.
    time: list[str] = ["iso"]
    day_zero: str | None = None  # "YYYY-MM-DD": what day index 0 is
    money: Literal["major", "cents"] = "major"
    values: dict[str, dict[str, str | None]] = {}  # contract column: {as written: as in the contract; null: reject}
    returns_when: Match | None = None  # orders: lines that take goods back, besides those of negative quantity
    test_when: Match | None = None  # customers: accounts of the shop's own staff or checks
    reject_when: list[RejectRule] = []
    missing_customer: Literal["reject", "keep"] = "keep"
    extra: dict[str, Extra] = {}  # customers and sessions only


class Dates(Strict):
    """Bounds, as "YYYY-MM-DD" in the shop's time zone; rows outside [start, end) are rejected."""

    start: str | None = None
    end: str | None = None


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

    @model_validator(mode="after")
    def _check(self):
        for name, source in self.tables.items():
            known = set(CONTRACTS[name].columns) - {"row", "is_test", "is_return"}
            for section in (source.columns, source.values):
                if unknown := sorted(set(section) - known):
                    raise ValueError(f"tables.{name}: {unknown[0]!r} is no column of {name}; it has {sorted(known)}")
            if source.extra and name not in ("customers", "sessions"):
                raise ValueError(f"tables.{name}.extra: only customers and sessions take extra columns")
            if "day_index" in source.time and source.day_zero is None:
                raise ValueError(f"tables.{name}.day_zero is missing: say which day is day 0")
        return self


def read_shop(name, *, folder=SHOPS):
    """Read and check ``shops/<name>.yaml``.

    Raises
    ------
    ParamsError
        Naming the file, the key, the value and what is allowed.
    """
    path = Path(folder) / f"{name}.yaml"
    return validate(Shop, read_yaml(path), path=path)
