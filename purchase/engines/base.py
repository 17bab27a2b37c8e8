"""What every engine does: bring tables in as lazy Narwhals frames, compute them, write them."""

import narwhals as nw
import pyarrow as pa

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
        with whole(path) as part:
            self._write(frame, part, sort_by)
