"""Tables of a few rows, as lazy frames on an engine, for the tests of the rooms that read tables."""

import pyarrow as pa

from purchase.tables import CONTRACTS

ARROW = {"str": pa.string(), "int": pa.int64(), "boo": pa.bool_()}  # by how the contract's type begins
SURE = {"is_test": False, "is_return": False, "quantity": 1, "discount_cents": 0}


def table(engine, name, rows=(), **more):
    """Return the table ``name`` of the contracts; what a row leaves out is missing, ``row`` counts from 1."""
    kinds = {column: ARROW[str(kind).lower()[:3]] for column, kind in CONTRACTS[name].dtypes.items()} | more
    defaults = {column: SURE.get(column) for column in kinds}
    filled = [defaults | {"row": number} | row for number, row in enumerate(rows, start=1)]
    return lazy(engine, filled, kinds)


def lazy(engine, rows, kinds):
    """Return rows (dicts) as a lazy frame with the columns and Arrow types of ``kinds``."""
    return engine.lazy(pa.Table.from_pylist(list(rows), pa.schema(kinds)))


def listed(frame, *columns):
    """Return a lazy frame's rows as tuples, sorted, missing first."""
    chosen = frame.select(*columns) if columns else frame
    rows = chosen.collect().rows()
    return sorted(rows, key=lambda row: tuple((value is not None, value) for value in row))
