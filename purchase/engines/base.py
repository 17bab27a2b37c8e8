"""What every engine does: bring tables in as lazy Narwhals frames, compute them, write them."""

import tempfile
from pathlib import Path

import narwhals as nw
import pyarrow as pa
import pyarrow.parquet as pq

from purchase.files import ParamsError, existing, whole


class EngineError(ParamsError):
    """The engine that params.yaml names cannot be used here."""


class Engine:
    """A place where expressions are computed. An engine gives the four methods that begin with an underscore.

    Frames of one engine go with each other and with no other engine's.
    """

    def scan(self, path):
        """Return a Parquet file as a lazy frame; raises TableError if there is none."""
        return self._scan(existing(path))

    def lazy(self, table):
        """Return a pandas DataFrame or an Arrow table as a lazy frame; a lazy frame stays what it is."""
        if isinstance(table, nw.LazyFrame):
            return table
        return self._lazy(table if isinstance(table, pa.Table) else pa.Table.from_pandas(table, preserve_index=False))

    def settle(self, frame):
        """Compute a lazy frame once, and return the result as a lazy frame.

        Without it, every use of a lazy frame computes it anew.
        """
        return self._settle(frame)

    def write(self, frame, path, *, sort_by):
        """Write a lazy frame to one Parquet file, in the order of ``sort_by`` (which must be unique), missing first."""
        self.write_all([frame], path, sort_by=sort_by)

    def write_all(self, frames, path, *, sort_by):
        """Write lazy frames to one Parquet file as ``write`` does; all rows of one come before those of the next."""
        with whole(path) as part:
            if len(frames) == 1:
                self._write(frames[0], part, sort_by)
                return
            with tempfile.TemporaryDirectory(prefix="purchase_") as folder:
                pieces = [Path(folder, f"{number}.parquet") for number in range(len(frames))]
                for frame, piece in zip(frames, pieces, strict=True):
                    self._write(frame, piece, sort_by)
                join_files(pieces, part)


def join_files(paths, path):
    """Write the rows of several Parquet files of the same columns and types into one, a row group at a time."""
    # An engine says that a column has no gaps where none of a file's rows has one; those of the next file may.
    schema = pa.schema([field.with_nullable(True) for field in pq.read_schema(paths[0]).remove_metadata()])
    with pq.ParquetWriter(path, schema) as writer:
        for piece in paths:
            with pq.ParquetFile(piece) as file:
                for number in range(file.num_row_groups):
                    writer.write_table(file.read_row_group(number).cast(schema))
