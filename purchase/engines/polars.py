"""Polars: lazy, and streamed from file to file, so that no table has to fit in memory."""

import contextlib
import tempfile
from pathlib import Path

import narwhals as nw
import polars as pl

from purchase.engines.base import Engine


@contextlib.contextmanager
def start(**_):
    with tempfile.TemporaryDirectory(prefix="purchase_") as folder:
        yield Polars(Path(folder))


class Polars(Engine):
    def __init__(self, folder):
        self._folder = folder
        self._n_settled = 0

    def _scan(self, path):
        return nw.from_native(pl.scan_parquet(path))

    def _lazy(self, table):
        return nw.from_native(pl.from_arrow(table).lazy())

    def _settle(self, frame):
        self._n_settled += 1
        path = self._folder / f"settled_{self._n_settled}.parquet"
        frame.to_native().sink_parquet(path)
        return self._scan(path)

    def _write(self, frame, path, sort_by):
        frame.to_native().sort(sort_by, nulls_last=False).sink_parquet(path)
