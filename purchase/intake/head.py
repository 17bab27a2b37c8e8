"""Look at the beginning of a text file: the names of its columns, and whether it is text at all."""

import csv
import gzip
import io

from purchase.tables import TableError

# Enough for any header; a binary file shows a zero byte long before.
HEAD_BYTES = 65_536
GZIP_MAGIC = b"\x1f\x8b"
DELIMITERS = {",": "','", ";": "';'", "\t": r"'\t' (a tab)", "|": "'|'"}


def is_gzip(path):
    with path.open("rb") as file:
        return file.read(2) == GZIP_MAGIC


def read_head(path, *, encoding, key):
    """Return the first lines of a text file, without a byte order mark.

    Parameters
    ----------
    path : Path
    encoding : str
        ``utf-8``, ``latin-1`` or ``utf-16``.
    key : str
        The table's place in the YAML, such as ``tables.orders in shops/mine.yaml``, for messages.

    Raises
    ------
    TableError
        If the file is empty, is not text, or is not written in ``encoding``.
    """
    content, whole = _first_bytes(path)
    if not content.strip():
        raise TableError(f"{path} is empty. Export it again, or take it out of the files of {key}.")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if whole or error.start < len(content) - 4:  # else the cut went through a character
            line = content[: error.start].count(b"\n") + 1
            raise bad_encoding(path, line, content[error.start : error.start + 1], encoding, key) from None
        text = content[: error.start].decode(encoding)
    if "\0" in text:
        raise TableError(
            f"{path} is no text: it holds zero bytes. Export it as CSV, JSON Lines or Parquet (unpack an archive "
            f"first), or set `format`, or `encoding: utf-16`, under {key}."
        )
    return text.removeprefix("\ufeff")


def bad_encoding(path, line, found, encoding, key):
    """Return the error for bytes that are not in the encoding that the YAML says."""
    return TableError(
        f"{path}, line {line}: {found!r} is not {encoding}. "
        f"Save the file as UTF-8, or set `encoding: latin-1` under {key}."
    )


def csv_columns(head, path, *, source, key):
    """Return the names of a CSV file's columns: from its header, or column0, column1, ... where it has none.

    Raises
    ------
    TableError
        If two columns have one name.
    """
    first = _first_record(head, source.delimiter, source.quote)
    if not source.header:
        return [f"column{place}" for place in range(len(first))]
    names = [name.strip() for name in first]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"{path} has more than one column {twice[0]!r}. Rename all but one of them ({key}).")
    return names


def likely_delimiter(head, source):
    """Return a hint when another delimiter would split the first line into more columns; else an empty text."""
    n_columns = {mark: len(_first_record(head, mark, source.quote)) for mark in DELIMITERS}
    best = max(n_columns, key=n_columns.get)
    if best == source.delimiter or n_columns[best] <= len(_first_record(head, source.delimiter, source.quote)):
        return ""
    return f" With the delimiter {DELIMITERS[best]} the first line has {n_columns[best]} columns: set `delimiter`."


def _first_record(head, delimiter, quote):
    quoting = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    return next(csv.reader(io.StringIO(head.lstrip("\r\n"), newline=""), delimiter=delimiter, **quoting))


def _first_bytes(path):
    """Return the first bytes of a file, unpacked, and whether they are all of it."""
    try:
        with gzip.open(path) if is_gzip(path) else path.open("rb") as file:
            content = file.read(HEAD_BYTES)
            return content, not file.read(1)
    except (EOFError, gzip.BadGzipFile) as error:
        raise TableError(f"{path} cannot be unpacked: {error}. Download or export it again.") from None
