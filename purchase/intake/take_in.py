"""Turn a shop's raw files into the tables: every row is kept, or rejected with its reason."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from tqdm import tqdm

from purchase.intake.bounds import TIMES, find_bounds
from purchase.intake.check import malformed_lines, sort_out
from purchase.intake.convert import fields_of
from purchase.intake.derive import with_made_ids
from purchase.intake.ledger import Ledger
from purchase.intake.named import check_patterns, needed_columns
from purchase.intake.rules import faults_of, judged
from purchase.intake.sources import find_files, open_file, reading
from purchase.intake.survey import survey_file, take_rejects
from purchase.shops import Source
from purchase.tables import CONTRACTS, TableError

READ_AHEAD = "100MB"  # what DuckDB reads on while a batch is checked and written


@dataclass(frozen=True)
class Intake:
    """A table that is about to be taken in: its raw files with their surveys, and how the YAML says to read them."""

    table: str
    folder: Path
    source: Source
    fields: list
    files: list
    key: str

    @property
    def n_rows(self):
        return sum(survey.n_rows for _, survey in self.files)

    @property
    def days(self):
        return sum((survey.days for _, survey in self.files), Counter())


def take_in(connection, shop, folder, out, *, yaml, batch_rows, max_gap_days):
    """Write customers, events, orders, sessions, rejected and blanked to the folder ``out`` as Parquet.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Its time zone is set to the shop's.
    shop : Shop
    folder, out : Path
        Where the shop's raw files lie, and where the tables go.
    yaml : str
        The shop's YAML, for messages.
    batch_rows : int
        Rows held in memory at a time.
    max_gap_days : int
        See ``bounds.find_bounds``.

    Returns
    -------
    dict
        The account: for each table, rows read, kept and rejected by reason, and values blanked by column.

    Raises
    ------
    TableError, ParamsError
        If a file or a column is missing or cannot be read, or if every row of a table is rejected.
    """
    connection.execute("SET TimeZone = ?", [shop.time_zone])
    connection.execute(f"SET streaming_buffer_size = '{READ_AHEAD}'")
    check_patterns(connection, shop, yaml=yaml)
    tables = [table for table in CONTRACTS if table in shop.tables]
    intakes = [survey_table(connection, table, shop.tables[table], folder, yaml=yaml) for table in tables]
    days = {intake.table: intake.days for intake in intakes if intake.table in TIMES}
    bounds = find_bounds(days, dates=shop.dates, time_zone=shop.time_zone, max_gap_days=max_gap_days)
    with Ledger(out, shop) as ledger:
        for intake in intakes:
            take_in_table(connection, intake, bounds, ledger, batch_rows=batch_rows)
        return ledger.account({intake.table: intake.n_rows for intake in intakes})


def survey_table(connection, table, source, folder, *, yaml):
    """Find a table's files and go through each of them once."""
    key = f"tables.{table} in {yaml}"
    fields = fields_of(table, source)
    needed = needed_columns(table, source, yaml=yaml)
    files = []
    for path in tqdm(find_files(folder, source, key=key), desc=f"survey {table}", unit=" files", disable=None):
        raw = open_file(connection, path, source, needed, key=key)
        files.append((raw, survey_file(connection, raw, fields, source, key=key)))
    intake = Intake(table, folder, source, fields, files, key)
    if intake.n_rows == 0:
        there = ", ".join(str(raw.path) for raw, _ in files)
        raise TableError(f"{there}: no rows, only a header. Export it again, or take {key} out.")
    return intake


def take_in_table(connection, intake, bounds, ledger, *, batch_rows):
    """Read a table's files batch by batch, and enter each batch, sorted out, in the ledger."""
    n_before, first = 0, None
    with tqdm(total=intake.n_rows, desc=f"prepare {intake.table}", unit=" rows", disable=None) as progress:
        for raw, survey in intake.files:
            file = raw.path.relative_to(intake.folder).as_posix()
            malformed = malformed_lines(survey.malformed)
            ledger.reject(intake.table, file, malformed)
            first = first or next(iter(malformed.slice(0, 1).to_pylist()), None)
            for kept, rejected, blanked in _sorted_out(
                connection, intake, raw, survey, bounds, n_before=n_before, batch_rows=batch_rows
            ):
                ledger.add(intake.table, kept)
                ledger.reject(intake.table, file, rejected)
                ledger.blank(intake.table, blanked)
                first = first or next(iter(rejected.slice(0, 1).to_pylist()), None)
                progress.update(len(kept) + len(rejected))
            n_before += survey.n_rows
    ledger.refuse_nothing_kept(intake.table, first, key=intake.key)


def _sorted_out(connection, intake, raw, survey, bounds, *, n_before, batch_rows):
    """Yield the kept rows, rejected rows and blanked values of the lines of one file that could be split."""
    faults = faults_of(intake.table, raw, intake.fields, intake.source, bounds)
    relation = judged(raw, intake.fields, faults, intake.source)
    contract = CONTRACTS[intake.table]
    n_read = 0
    with reading(raw.path):
        for batch in _batches(connection.sql(relation).to_arrow_reader(batch_rows), batch_rows):
            file_row = survey.row_numbers(n_read, len(batch))
            n_read += len(batch)
            batch = batch.append_column("file_row", pa.array(file_row))
            batch = batch.append_column("row", pa.array(file_row + n_before))
            batch = with_made_ids(batch, intake.table, intake.source.columns)
            yield sort_out(batch, intake.fields, contract, faults, aliases=raw.columns, latest_sign_up=bounds.last)
    take_rejects(connection)  # the survey has counted them
    if n_read != survey.n_read:
        raise TableError(f"{raw.path} changed while it was read. Run again when nothing writes to it.")


def _batches(reader, n_rows):
    """Yield tables of exactly ``n_rows`` rows, and a last one of what is left: DuckDB's own batches vary in length."""
    held, n_held = [], 0
    for batch in reader:
        while len(batch):
            part = batch.slice(0, n_rows - n_held)
            batch = batch.slice(len(part))
            held.append(part)
            n_held += len(part)
            if n_held == n_rows:
                yield pa.Table.from_batches(held)
                held, n_held = [], 0
    if held:
        yield pa.Table.from_batches(held)
