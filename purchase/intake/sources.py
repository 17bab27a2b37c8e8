"""Find a table's raw files, and say in SQL how DuckDB reads each of them: every value as text."""

import contextlib
import difflib
from dataclasses import dataclass
from pathlib import Path

import duckdb

from purchase.intake.head import csv_columns, is_gzip, likely_delimiter, read_head
from purchase.tables import TableError

# Splits no line of JSON, which must escape it: each line is read as one value, so that a bad one can be kept.
NO_DELIMITER = "\x01"


@dataclass(frozen=True)
class RawFile:
    """One raw file, as DuckDB reads it.

    Attributes
    ----------
    columns : dict of str to str
        Each column that the YAML names, and the SQL alias under which ``relation`` gives it as text.
    relation : str
        ``SELECT record, s0, s1, ...``: a row of the file a row, in the order of the file; ``record`` is all of the row.
        CSV lines that cannot be split are not in it, but in DuckDB's ``reject_errors``.
    malformed : str or None
        A condition on ``relation``: the line could be read, but is no record.
    n_header : int
        Lines before the first record.
    """

    path: Path
    columns: dict[str, str]
    relation: str
    malformed: str | None = None
    n_header: int = 0


def text(value):
    """Return a Python text as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def name(value):
    """Return a name as a quoted identifier of SQL."""
    return '"' + value.replace('"', '""') + '"'


def find_files(folder, source, *, key):
    """Return the files of a table in sorted order.

    Raises
    ------
    TableError
        If there is none (says what lies in the folder), or if one lies there twice, packed and unpacked.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TableError(f"{folder}/ does not exist. Put the shop's files there; docs/shops.md says where to get them.")
    found = sorted(path for path in folder.glob(source.files) if _is_data(path))
    if not found:
        there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if _is_data(path))
        near = difflib.get_close_matches(source.files, there, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise TableError(
            f"{folder / source.files} does not exist; {folder}/ holds {there or 'no file'}.{hint} "
            f"Put the file there, or mend `files` of {key}."
        )
    twice = [path for path in found if path.with_name(f"{path.name}.gz") in found]
    if twice:
        raise TableError(f"{twice[0]} lies beside {twice[0].name}.gz, and {key} reads both. Keep one, or mend `files`.")
    return found


def _is_data(path):
    """DVC's and Git's own files lie beside the data that they track."""
    return path.is_file() and path.suffix != ".dvc" and not path.name.startswith(".")


@contextlib.contextmanager
def reading(path):
    """Turn DuckDB's errors about a file into one that says which file, and how to mend it."""
    try:
        yield
    except duckdb.Error as error:
        message = str(error).splitlines()[0].removesuffix(":")
        mend = "Download or export it again."
        if isinstance(error, duckdb.OutOfMemoryException):
            mend = "Raise memory_gb in params.yaml."
        if "state machine" in message:
            message = "some lines end in \\r\\n and some in \\n"
            mend = "Give all lines the same end, for instance with dos2unix."
        raise TableError(f"{path} cannot be read: {message}. {mend}") from None


def open_file(connection, path, source, needed, *, key):
    """Return the RawFile of ``path``.

    Parameters
    ----------
    connection : DuckDBPyConnection
    path : Path
    source : Source
        How the YAML says that the table is written down.
    needed : dict of str to str
        Each column that is wanted, and the key of the YAML that names it.
    key : str
        The table's place in the YAML, for messages.

    Raises
    ------
    TableError
        If the file is no text, cannot be read, or lacks a column.
    """
    with reading(path):
        return {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[source.format](
            connection, path, source, needed, key=key
        )


def _csv(connection, path, source, needed, *, key):
    head = read_head(path, encoding=source.encoding, key=key)
    there = csv_columns(head, path, source=source, key=key)
    _refuse_missing(path, needed, there, hint=likely_delimiter(head, source))
    scan = _scan_csv(path, there, source.delimiter, source.quote, source.header, source.encoding)
    return _plain(path, scan, needed, n_header=int(source.header))


def _parquet(connection, path, source, needed, *, key):
    scan = f"read_parquet({text(str(path))})"
    there = [row[0] for row in connection.execute(f"DESCRIBE FROM {scan}").fetchall()]
    _refuse_missing(path, needed, there)
    as_text = ", ".join(f"{name(column)}::VARCHAR AS {name(column)}" for column in there)
    return _plain(path, f"(SELECT {as_text} FROM {scan})", needed)


def _jsonl(connection, path, source, needed, *, key):
    read_head(path, encoding=source.encoding, key=key)
    scan = _scan_csv(path, ["line"], NO_DELIMITER, "", False, source.encoding)
    # The type of what is no JSON is an error: CASE asks for it only after.
    is_record = "CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END"
    lines = f"(SELECT line, {is_record} AS is_record FROM {scan} WHERE trim(line) <> '')"
    _refuse_missing(path, needed, _json_keys(connection, lines, needed))
    values = f"json_extract_string(CASE WHEN is_record THEN line END, [{', '.join(map(_json_path, needed))}])"
    listed = "".join(f", v[{place + 1}] AS s{place}" for place in range(len(needed)))
    relation = f"SELECT line AS record, is_record{listed} FROM (SELECT *, {values} AS v FROM {lines})"
    return RawFile(path, _aliases(needed), relation, malformed="NOT is_record")


def _plain(path, scan, needed, *, n_header=0):
    listed = "".join(f", t.{name(column)} AS {alias}" for column, alias in _aliases(needed).items())
    return RawFile(path, _aliases(needed), f"SELECT t AS record{listed} FROM {scan} AS t", n_header=n_header)


def _aliases(needed):
    return {column: f"s{place}" for place, column in enumerate(needed)}


def _scan_csv(path, columns, delimiter, quote, header, encoding):
    typed = ", ".join(f"{text(column)}: 'VARCHAR'" for column in columns)
    compression = "gzip" if is_gzip(path) else "none"
    return (
        f"read_csv({text(str(path))}, auto_detect = false, columns = {{{typed}}}, header = {header}, "
        f"delim = {text(delimiter)}, quote = {text(quote)}, escape = {text(quote)}, encoding = {text(encoding)}, "
        f"compression = {text(compression)}, store_rejects = true, rejects_limit = 0)"
    )


def _json_path(column):
    """A name that starts with $ is a path into nested records, such as $.properties.price."""
    return text(column if column.startswith("$") else f"$.{name(column)}")


def _json_keys(connection, lines, needed):
    """Return the keys of the records; those that only a late record has are looked for when they are needed."""
    records = f"SELECT line FROM {lines} WHERE is_record"
    query = f"SELECT DISTINCT unnest(json_keys(line)) AS k FROM (FROM ({records}) LIMIT 1000) ORDER BY k"
    there = [row[0] for row in connection.execute(query).fetchall()]
    unseen = [column for column in needed if column not in there]
    if unseen:
        counts = ", ".join(f"count(json_extract(line, {_json_path(column)}))" for column in unseen)
        found = connection.execute(f"SELECT {counts} FROM ({records})").fetchone()
        there += [column for column, n_found in zip(unseen, found, strict=True) if n_found]
    return there


def _refuse_missing(path, needed, there, *, hint=""):
    for column, key in needed.items():
        if column not in there:
            near = difflib.get_close_matches(column, there, n=1)
            meant = f" Did you mean {near[0]!r}?" if near and not hint else hint
            raise TableError(f"{path} has no column {column!r}, which `{key}` names; it has {there}.{meant}")
