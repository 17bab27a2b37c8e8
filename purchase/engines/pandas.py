"""pandas: every table in memory, every step at once. For shops of a few million events, and to check the others by."""

import contextlib

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from narwhals._expression_parsing import ExprKind  # Narwhals is pinned; tests/engines fails if a new one moves it

from purchase.engines.base import Engine

AGGREGATIONS = (ExprKind.AGGREGATION, ExprKind.ORDERABLE_AGGREGATION)


@contextlib.contextmanager
def start(**_):
    yield Pandas()


class Pandas(Engine):
    """Columns are Arrow's, in which whole numbers and flags have room for a missing value."""

    def _scan(self, path):
        return self._lazy(pq.read_table(path))

    def _lazy(self, table):
        return Frame(nw.from_native(table.to_pandas(types_mapper=pd.ArrowDtype)).lazy()._compliant_frame, level="lazy")

    def _settle(self, frame):
        return frame  # computed already

    def _write(self, frame, path, sort_by):
        pq.write_table(_arrow_table(frame.sort(*sort_by)), path)


class Frame(nw.LazyFrame):
    """A lazy frame whose groups take any aggregate.

    Narwhals hands pandas one aggregation of one column at a time and everything else to a Python call a group. So what
    is inside an aggregation becomes a column first, and what is around it is computed on the groups.
    """

    def _with_compliant(self, df):
        """Take the result of an operation, with the columns that pandas made of its own types turned into Arrow's."""
        other = {name: _in_arrow(c) for name, c in df.native.items() if not isinstance(c.dtype, pd.ArrowDtype)}
        return super()._with_compliant(df._with_native(df.native.assign(**other)) if other else df)

    def collect(self, backend="pyarrow"):
        """Return the rows as DuckDB and Spark do, in Arrow, where a missing value is None."""
        return nw.from_native(_arrow_table(self)).lazy().collect(backend)

    def group_by(self, *keys):
        return Groups(self, keys)


class Groups:
    def __init__(self, frame, keys):
        self._frame, self._keys = frame, keys
        self._inside, self._plain = {}, {}

    def agg(self, **aggregates):
        around = {name: self._split(aggregate) for name, aggregate in aggregates.items()}
        columns = self._frame.with_columns(**self._inside) if self._inside else self._frame
        grouped = super(Frame, columns).group_by(*self._keys).agg(**self._plain)
        return grouped.select(*self._keys, **around)

    def _split(self, expression):
        """Return an expression over the groups, and note what has to be computed before."""
        nodes = ()
        for node in expression._nodes:
            nodes = self._aggregated(nodes, node) if node.kind in AGGREGATIONS else (*nodes, self._with_split(node))
        return nw.Expr(*nodes)

    def _aggregated(self, inside, node):
        number = len(self._plain)
        if inside:
            self._inside[f"inside_{number}__"] = nw.Expr(*inside)
            inside = nw.col(f"inside_{number}__")._nodes
        self._plain[f"plain_{number}__"] = nw.Expr(*inside, node)
        return nw.col(f"plain_{number}__")._nodes

    def _with_split(self, node):
        parts = [self._split(part) if isinstance(part, nw.Expr) else part for part in node.exprs]
        more = {"str_as_lit": node.str_as_lit, "allow_multi_output": node.allow_multi_output}
        return type(node)(node.kind, node.name, exprs=parts, **more, **node.kwargs)


def _arrow_table(frame):
    return pa.Table.from_pandas(frame.to_native(), preserve_index=False).replace_schema_metadata()


def _in_arrow(column):
    return column.astype(pd.ArrowDtype(pa.array(column, from_pandas=True).type))
