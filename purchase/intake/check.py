"""Hold a batch of rows against its contract: which are kept, which are rejected, which values are blanked."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pandera.errors import SchemaErrors

REASONS = {"not_nullable": "missing", "isin": "unmapped"}  # of pandera's checks; any other is an impossible value
REJECTED = pa.schema(
    [
        ("table", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("reason", pa.string()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("record", pa.string()),
    ]
)
BLANKED = pa.schema(
    [
        ("table", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
    ]
)
_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}


@dataclass(frozen=True)
class Finding:
    """Something wrong with the values of one column, in the rows at ``places``."""

    reason: str
    column: str
    places: np.ndarray
    fatal: bool


def findings_of(batch, fields, contract, *, latest_sign_up):
    """Return what is wrong with a batch, column by column in the contract's order.

    A required column's findings are fatal to their rows; any other's cost only the value. What cannot be read comes
    before what pandera says of it, which is that it is missing.
    """
    broken = _broken(batch, contract)
    findings = []
    for field in fields:
        if field.can_fail:
            unread = _places(pc.and_(pc.is_valid(batch[f"w_{field.name}"]), pc.is_null(batch[field.name])))
            findings.append(Finding(f"bad_{field.name}", field.name, unread, field.required))
        if field.name == "signed_up_at" and latest_sign_up is not None:
            late = _places(pc.greater_equal(batch[field.name], latest_sign_up))
            findings.append(Finding("after_the_end", field.name, late, False))
        for check, places in broken.get(field.name, {}).items():
            reason = f"{REASONS.get(check, 'impossible')}_{field.name}"
            findings.append(Finding(reason, field.name, places, field.required))
    return [finding for finding in findings if len(finding.places)]


def _broken(batch, contract):
    """Return {column: {check: places of the rows that break it}}, as pandera finds them."""
    frame = batch.select(list(contract.columns)).to_pandas(types_mapper=_NULLABLE.get)
    try:
        contract.validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        if cases["index"].isna().any():
            raise  # not a row's fault: the batch has not the contract's columns or types
        checks = cases["check"].str.partition("(")[0]
        broken = {}
        for (column, check), places in cases.groupby([cases["column"], checks], sort=True)["index"]:
            broken.setdefault(column, {})[check] = np.sort(places.to_numpy(dtype=np.int64))
        return broken
    return {}


def _places(condition):
    return np.flatnonzero(pc.fill_null(condition, False).to_numpy())


def sort_out(batch, fields, contract, faults, *, aliases, latest_sign_up=None):
    """Split a batch into the rows that are kept, the rows that are rejected, and the values that are blanked.

    Parameters
    ----------
    batch : pyarrow.Table of shape (n_rows, n_columns)
        As ``rules.judged`` gives it, with ``row`` (over the table's files) and ``file_row``.
    aliases : dict of str to str
        Where the batch holds the columns of the file that show a fault.
    latest_sign_up : int or None
        Sign-ups from this second on are blanked.

    Returns
    -------
    kept : pyarrow.Table
        The table's columns alone.
    rejected : pyarrow.Table
        ``row`` (in the file), ``reason``, ``column``, ``value``, ``record``.
    blanked : pyarrow.Table
        ``row``, ``column``, ``value``, ``reason``.
    """
    verdict = batch["fault"].fill_null(-1).to_numpy().astype(np.int64)
    verdicts = [(fault.reason, fault.column, aliases.get(fault.column)) for fault in faults]
    findings = findings_of(batch, fields, contract, latest_sign_up=latest_sign_up)
    by_name = {field.name: field for field in fields}
    for finding in findings:
        if finding.fatal:
            open_places = finding.places[verdict[finding.places] < 0]
            verdict[open_places] = len(verdicts)
            verdicts.append((finding.reason, by_name[finding.column].column, _shown(by_name[finding.column])))
    blanks = [_blank(batch, finding, by_name, verdict) for finding in findings if not finding.fatal]
    kept = batch.select(["row", *by_name])
    for finding in findings:
        if not finding.fatal:
            kept = _without(kept, finding)
    keep = verdict < 0
    kept = kept if keep.all() else kept.filter(pa.array(keep))
    blanked = pa.concat_tables([_NO_BLANKS, *blanks]).sort_by([("row", "ascending"), ("column", "ascending")])
    return kept, _rejected(batch, verdict, verdicts), blanked


def _shown(field):
    """Where the batch holds a value as it was written."""
    return f"w_{field.name}" if field.can_fail else field.name


def _without(table, finding):
    place = table.column_names.index(finding.column)
    column = table.column(place)
    spoilt = np.zeros(len(table), dtype=bool)
    spoilt[finding.places] = True
    return table.set_column(place, finding.column, pc.if_else(pa.array(spoilt), pa.scalar(None, column.type), column))


def _blank(batch, finding, by_name, verdict):
    places = finding.places[verdict[finding.places] < 0]
    values = batch[_shown(by_name[finding.column])].take(places).cast(pa.string())
    return pa.table(
        {
            "row": batch["row"].take(places),
            "column": pa.repeat(finding.column, len(places)),
            "value": values,
            "reason": pa.repeat(finding.reason, len(places)),
        }
    )


def _rejected(batch, verdict, verdicts):
    parts = [_NO_REJECTS]
    for place, (reason, column, shown) in enumerate(verdicts):
        places = np.flatnonzero(verdict == place)
        if len(places):
            values = (
                pa.nulls(len(places), pa.string()) if shown is None else batch[shown].take(places).cast(pa.string())
            )
            parts.append(
                pa.table(
                    {
                        "row": batch["file_row"].take(places),
                        "reason": pa.repeat(reason, len(places)),
                        "column": pa.repeat(pa.scalar(column, pa.string()), len(places)),
                        "value": values,
                        "record": pa.array(map(as_record, batch["record"].take(places).to_pylist()), pa.string()),
                    }
                )
            )
    return pa.concat_tables(parts).sort_by("row")


def malformed_lines(lines):
    """Return the rejected rows of lines that could not be split.

    Parameters
    ----------
    lines : dict of int to str
        The lines, by their row in the file.
    """
    n_rows = len(lines)
    return pa.table(
        {
            "row": pa.array(lines, pa.int64()),
            "reason": pa.repeat("malformed_line", n_rows),
            "column": pa.nulls(n_rows, pa.string()),
            "value": pa.nulls(n_rows, pa.string()),
            "record": pa.array(
                [json.dumps({"line": line}, ensure_ascii=False) for line in lines.values()], pa.string()
            ),
        }
    )


def as_record(row):
    """Return a source row as JSON: what could be split into columns by column, else the line as it stands."""
    if isinstance(row, dict):
        return json.dumps(row, ensure_ascii=False)
    try:
        is_record = isinstance(json.loads(row), dict)
    except ValueError:
        is_record = False
    return row if is_record else json.dumps({"line": row}, ensure_ascii=False)


_NO_REJECTS = pa.table({name: pa.array([], REJECTED.field(name).type) for name in REJECTED.names[2:]})
_NO_BLANKS = pa.table({name: pa.array([], BLANKED.field(name).type) for name in BLANKED.names[1:]})
