"""Go through a file once before it is taken in: count its rows and days, and find what cannot be read."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from purchase.intake.convert import converted, day_of
from purchase.intake.head import bad_encoding
from purchase.intake.sources import reading
from purchase.tables import TableError

# An optional column of which every value fails is a wrong setting, unless there are so few that it may be chance.
FEW_VALUES = 20


@dataclass(frozen=True)
class Survey:
    """What a file holds.

    Attributes
    ----------
    n_read : int
        Rows that could be split into columns.
    days : Counter
        Rows by the day of the table's time, counted from 1970-01-01 UTC.
    malformed : dict of int to str
        Rows that could not be split, by their number in the file, in rising order.
    """

    n_read: int
    days: Counter
    malformed: dict[int, str]

    @property
    def n_rows(self):
        return self.n_read + len(self.malformed)

    def row_numbers(self, start, n_rows):
        """Return the numbers, in the file, of ``n_rows`` readable rows after the first ``start`` readable ones."""
        places = np.arange(start, start + n_rows)
        skipped = np.fromiter(self.malformed, dtype=np.int64, count=len(self.malformed))
        readable_before = skipped - 1 - np.arange(len(skipped))
        return places + 1 + np.searchsorted(readable_before, places, side="right")


def survey_file(connection, raw, fields, source, *, key):
    """Return the Survey of one file.

    Raises
    ------
    TableError
        If the file breaks off, is not in its encoding, has a quote that is never closed, or if no value of a column
        can be read the way that the YAML says.
    """
    checked = [field for field in fields if field.can_fail]
    times = [field for field in fields if field.kind == "time" and field.column is not None]
    figures = "".join(
        f", count(w_{f.name}), count(c_{f.name}), min(w_{f.name}) FILTER (c_{f.name} IS NULL)" for f in checked
    )
    # The hash makes DuckDB read every column, so that it meets every byte that is not in the encoding.
    query = (
        f"SELECT {day_of(times[0]) if times else 'NULL::BIGINT'} AS day, count(*), bit_xor(hash(record)){figures} "
        f"FROM ({converted(raw, fields, source)}) GROUP BY day ORDER BY day"
    )
    with reading(raw.path):
        by_day = connection.execute(query).fetchall()
    for place, field in enumerate(checked):
        _refuse_unreadable(raw.path, field, [row[3 + 3 * place : 6 + 3 * place] for row in by_day], source, key=key)
    n_read = sum(row[1] for row in by_day)
    malformed = _malformed(connection, raw, source, n_read, key=key)
    return Survey(n_read, Counter({row[0]: row[1] for row in by_day if row[0] is not None}), malformed)


def _refuse_unreadable(path, field, figures, source, *, key):
    n_written, n_read = sum(row[0] for row in figures), sum(row[1] for row in figures)
    if n_read or n_written < (1 if field.required else FEW_VALUES):
        return
    example = min(row[2] for row in figures if row[2] is not None)
    kinds = {
        "time": (f"a time by {source.time}", "`time`"),
        "money": ("an amount of money", "`decimal` or `columns`"),
        "number": ("a number", "`decimal` or `extra`"),
        "whole": ("a whole number", "`columns` or `null_values`"),
        "flag": ("true or false", "`values`"),
    }
    kind, mend = kinds[field.kind]
    raise TableError(
        f"{path}: no value of {field.column!r} is {kind}, for instance {example!r} ({n_written:,} values). "
        f"Mend {mend} of {key}."
    )


def _malformed(connection, raw, source, n_read, *, key):
    """Return the lines that DuckDB could not split, by row; it counts blank lines, which are no rows."""
    found = take_rejects(connection)
    for line, error, content in found:
        if error == "INVALID ENCODING":
            raise bad_encoding(raw.path, line, content, source.encoding, key)
        if error == "UNQUOTED VALUE" and "\n" in content.strip():
            raise TableError(
                f"{raw.path}, line {line}: a quote ({source.quote}) that is not closed would swallow the lines after "
                f"it: {content[:80]!r}. Mend the line, or set `quote: ''` under {key} if the file quotes nothing."
            )
    n_rows = n_read + len(found)
    last_places = range(n_rows - len(found) + 1, n_rows + 1)
    numbers = (min(line - raw.n_header, last) for (line, _, _), last in zip(found, last_places, strict=True))
    return dict(zip(numbers, (content for _, _, content in found), strict=True))


def take_rejects(connection):
    """Return (line, kind of error, text) of each line that the last scan could not split, and forget them."""
    tables = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    if "reject_errors" not in tables:
        return []
    query = "SELECT line, min(error_type::VARCHAR), min(csv_line) FROM reject_errors GROUP BY line ORDER BY line"
    found = connection.execute(query).fetchall()
    connection.execute("DROP TABLE reject_errors")
    connection.execute("DROP TABLE reject_scans")
    return found
