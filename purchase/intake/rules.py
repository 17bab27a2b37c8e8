"""Say in SQL which rows of a file are left out for what they say, before the contract is asked."""

from dataclasses import dataclass

from purchase.intake.bounds import TIMES
from purchase.intake.convert import converted, matches
from purchase.intake.sources import text


@dataclass(frozen=True)
class Fault:
    """A reason to leave a row out: its code, the column of the file that shows it, and the condition in SQL."""

    reason: str
    column: str | None
    condition: str


def faults_of(table, raw, fields, source, bounds):
    """Return the Faults of a table's rows; of several, a row is given the first."""
    faults = [Fault("malformed_line", None, raw.malformed)] if raw.malformed else []
    faults += [Fault(rule.reason, rule.column, matches(raw, rule)) for rule in source.reject_when]
    by_name = {field.name: field for field in fields}
    for name, mapping in source.values.items():
        left_out = ", ".join(text(word) for word, meant in mapping.items() if meant is None)
        if left_out and by_name[name].required:
            column = by_name[name].column
            faults.append(Fault(f"left_out_{name}", column, f"trim({raw.columns[column]}) IN ({left_out})"))
    if source.missing_customer == "reject" and "customer_id" in by_name:
        faults.append(Fault("missing_customer_id", by_name["customer_id"].column, "c_customer_id IS NULL"))
    time = TIMES.get(table)
    if bounds.start is not None and time:
        faults.append(Fault("before_the_start", by_name[time].column, f"c_{time} < {bounds.start}"))
    if bounds.end is not None and time:
        faults.append(Fault("after_the_end", by_name[time].column, f"c_{time} >= {bounds.end}"))
    return faults


def judged(raw, fields, faults, source):
    """Return SQL that gives each row of a file as ``record, fault, <the columns of the table>, w_<name>.., s..``.

    ``fault`` is the place of the row's first fault (missing: none); ``w_<name>`` is the text of each value that may be
    unreadable, ``s..`` that of the columns that show a fault.
    """
    whens = " ".join(f"WHEN {fault.condition} THEN {place}" for place, fault in enumerate(faults))
    listed = [f"c_{field.name} AS {field.name}" for field in fields]
    listed += [f"w_{field.name}" for field in fields if field.can_fail]
    listed += sorted({raw.columns[fault.column] for fault in faults if fault.column is not None})
    return (
        f"SELECT record, {f'CASE {whens} END' if whens else 'NULL'}::SMALLINT AS fault, {', '.join(listed)} "
        f"FROM ({converted(raw, fields, source)})"
    )
