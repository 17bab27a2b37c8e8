"""Say in SQL how a file's texts become the values of a table's columns."""

from dataclasses import dataclass

from purchase.intake.sources import text
from purchase.tables import CONTRACTS, DAY

# What a time format divides a number by, to get seconds.
EPOCH_UNITS = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000}
TRUE, FALSE = ("true", "t", "yes", "y", "1", "1.0"), ("false", "f", "no", "n", "0", "0.0")
# Day indexes beyond are no days, and would overflow a date.
MOST_DAYS = 100_000
SQL_TYPES = {"time": "BIGINT", "money": "BIGINT", "whole": "BIGINT", "flag": "BOOLEAN", "number": "DOUBLE"}

# What an order's line is when the file says nothing of it.
DEFAULTS = {"quantity": "1", "discount_cents": "0"}


@dataclass(frozen=True)
class Field:
    """A column of a table: what kind of value it is, and which column of the file holds it (None: none does)."""

    name: str
    kind: str  # id, text, time, money, whole, flag or number
    column: str | None
    required: bool = False

    @property
    def sql_type(self):
        return SQL_TYPES.get(self.kind, "VARCHAR")

    @property
    def can_fail(self):
        """Whether a text may be no such value."""
        return self.column is not None and self.kind in SQL_TYPES


def fields_of(table, source):
    """Return the Fields of a table, in the contract's order, then the extra ones; prepare adds ``row`` itself."""
    kinds = {"number": "number", "category": "text", "boolean": "flag"}
    contract = [
        Field(column, _kind(column, spec), source.columns.get(column), not spec.nullable)
        for column, spec in CONTRACTS[table].columns.items()
        if column != "row"
    ]
    return contract + [Field(column, kinds[extra.type], extra.column) for column, extra in source.extra.items()]


def _kind(column, spec):
    for ending, kind in (("_at", "time"), ("_cents", "money"), ("_id", "id")):
        if column.endswith(ending):
            return kind
    return {"Int64": "whole", "boolean": "flag"}.get(str(spec.dtype), "text")


def converted(raw, fields, source):
    """Return SQL that gives each row of a file as ``record, s.., w_<name>, c_<name>``.

    ``w_<name>`` is the text as written, missing if it is one of the shop's words for missing; ``c_<name>`` is its
    value, missing if the text is none.
    """
    listed = []
    for field in fields:
        if field.column is not None:
            listed.append(f"{_written(raw.columns[field.column], field, source)} AS w_{field.name}")
    for field in fields:
        listed.append(f"({_value(field, raw, source)})::{field.sql_type} AS c_{field.name}")
    return f"SELECT *, {', '.join(listed)} FROM ({raw.relation})"


def _written(alias, field, source):
    words = sorted({word.strip() for word in source.null_values} - {""})
    cleaned = f"nullif(trim({alias}), '')"
    if words:
        cleaned = f"CASE WHEN {cleaned} IN ({', '.join(map(text, words))}) THEN NULL ELSE {cleaned} END"
    mapping = source.values.get(field.name)
    if mapping:
        whens = " ".join(
            f"WHEN {text(word)} THEN {'NULL' if meant is None else text(meant)}" for word, meant in mapping.items()
        )
        cleaned = f"CASE {cleaned} {whens} ELSE {cleaned} END"
    return cleaned


def _value(field, raw, source):
    written = f"w_{field.name}"
    if field.name in ("is_test", "is_return"):
        return _is_marked(field, raw, source)
    if field.column is None:
        return DEFAULTS.get(field.name, "NULL")
    if field.name == "quantity":
        return f"abs({_whole(written)})"
    if field.name == "discount_cents":
        return f"CASE WHEN {written} IS NULL THEN 0 ELSE {_money(written, source)} END"
    return {
        "time": lambda: _time(written, source),
        "money": lambda: _money(written, source),
        "whole": lambda: _whole(written),
        "flag": lambda: (
            f"CASE WHEN lower({written}) IN {TRUE} THEN true WHEN lower({written}) IN {FALSE} THEN false END"
        ),
        "number": lambda: _number(written, source),
        "id": lambda: (
            rf"CASE WHEN {written} LIKE '%.0' THEN regexp_replace({written}, '^(\d+)\.0$', '\1') ELSE {written} END"
        ),
        "text": lambda: written,
    }[field.kind]()


def _is_marked(field, raw, source):
    """Returns are marked by a rule, or by a negative quantity; test accounts by a rule."""
    rule = source.test_when if field.name == "is_test" else source.returns_when
    marks = ["false"]
    if rule is not None:
        marks.append(matches(raw, rule))
    if field.name == "is_return" and "quantity" in source.columns:
        marks.append(f"coalesce({_whole('w_quantity')} < 0, false)")
    return " OR ".join(marks)


def matches(raw, rule):
    """Return the condition that a rule of the YAML holds; a missing value matches nothing."""
    return f"coalesce(regexp_matches({raw.columns[rule.column]}, {text(rule.matches)}), false)"


def _whole(written):
    number = f"try_cast({written} AS DOUBLE)"
    return f"CASE WHEN {number} = trunc({number}) THEN try_cast({number} AS BIGINT) END"


def _number(written, source):
    number = f"try_cast({_with_point(written, source)} AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _money(written, source):
    """Cents, in decimal numbers throughout: 1.005 is 101 cents, which no sum of floats would say."""
    exact = f"try_cast({_with_point(written, source)} AS DECIMAL(38, 12))"
    if source.money == "major":
        return f"try_cast(round({exact}, 2) * 100 AS BIGINT)"
    return f"try_cast(round({exact}, 0) AS BIGINT)"


def _with_point(written, source):
    if source.decimal == ".":
        return written
    return f"CASE WHEN NOT contains({written}, '.') THEN replace({written}, ',', '.') END"


def _time(written, source):
    """Seconds since 1970-01-01 UTC by the first format that fits; the connection's time zone is the shop's."""
    return f"coalesce({', '.join(_seconds(written, how, source) for how in source.time)})"


def _seconds(written, how, source):
    if how in EPOCH_UNITS:
        return f"try_cast(floor(try_cast({written} AS DOUBLE) / {EPOCH_UNITS[how]}) AS BIGINT)"
    if how == "day_index":
        day = f"CASE WHEN abs({_whole(written)}) < {MOST_DAYS} THEN {_whole(written)}::INTEGER END"
        return f"epoch_us((DATE {text(source.day_zero)} + {day})::TIMESTAMPTZ) // 1000000"
    if how == "iso":
        return f"epoch_us(try_cast({written} AS TIMESTAMPTZ)) // 1000000"
    return f"epoch_us(try_strptime({written}, {text(how)})::TIMESTAMPTZ) // 1000000"


def day_of(field):
    """Return the SQL of the day, counted from 1970-01-01 UTC, of a time."""
    return f"c_{field.name} // {DAY}"
