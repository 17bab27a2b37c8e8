"""DuckDB, the default: in its own process memory, on every core it is given, on disk when memory is short."""

import contextlib
import tempfile
from pathlib import Path

import duckdb
import narwhals as nw

from purchase.engines.base import Engine

SMALL_BYTES = 8 << 20  # of a file


@contextlib.contextmanager
def connect(*, n_threads, memory_gb):
    """Yield a DuckDB connection that spills to a folder of its own (below TMPDIR) beyond ``memory_gb``.

    Raises
    ------
    OSError
        If DuckDB cannot read or write a file, or the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix="purchase_") as spill, duckdb.connect() as connection:
        connection.execute("SET temp_directory = ?", [spill])
        connection.execute(f"SET threads = {int(n_threads)}")
        connection.execute(f"SET memory_limit = '{memory_gb}GB'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        try:
            yield connection
        except duckdb.IOException as error:
            raise OSError(str(error)) from error


@contextlib.contextmanager
def start(*, n_threads, memory_gb, **_):
    with (
        tempfile.TemporaryDirectory(prefix="purchase_") as folder,
        connect(n_threads=n_threads, memory_gb=memory_gb) as connection,
    ):
        yield DuckDB(connection, Path(folder))


class DuckDB(Engine):
    def __init__(self, connection, folder):
        self._connection, self._folder = connection, folder
        self._n_settled = 0

    def _scan(self, path):
        return nw.from_native(self._connection.read_parquet(str(path)))

    def _lazy(self, table):
        return nw.from_native(self._connection.from_arrow(table))

    def _settle(self, frame):
        # In a file, a tenth of what it would take in memory, where what is computed from it needs the room; a small one
        # in memory, where it is read fastest.
        self._n_settled += 1
        path = self._folder / f"{self._n_settled}.parquet"
        frame.sink_parquet(path)
        if path.stat().st_size > SMALL_BYTES:
            return self._scan(path)
        name = f"settled_{self._n_settled}"
        self._connection.read_parquet(str(path)).create(name)
        return nw.from_native(self._connection.table(name))

    def _write(self, frame, path, sort_by):
        frame.sort(*sort_by).sink_parquet(path)
