"""Find which tables and columns hold anything, so that what a shop does not keep makes no constant features."""

import narwhals as nw

COL = nw.col


def find_filled(tables, rows):
    """Return the names of all that holds something.

    Parameters
    ----------
    tables : dict of LazyFrame
        The clean tables.
    rows : LazyFrame
        The split.

    Returns
    -------
    set of str
        ``table`` for a table with rows, ``table.column`` for a column with a value, ``table.column>0`` for one with a
        number or flag above 0, ``table.column missing`` for one with a value missing; ``split`` if rows have cutoffs;
        ``events.event_type=<type>`` for every type that the shop logs.
    """
    filled = {name for table_name, table in tables.items() for name in _filled(table_name, table)}
    if not rows.filter(~COL("cutoff").is_null()).head(1).collect().is_empty():
        filled.add("split")
    kinds = [kind for (kind,) in tables["events"].select("event_type").unique().collect().rows()]
    return filled | {f"events.event_type={kind}" for kind in kinds}


def _filled(name, table):
    schema = table.collect_schema()
    numeric = [column for column, kind in schema.items() if kind.is_numeric() or kind == nw.Boolean]
    checks = {column: COL(column).count() for column in schema}
    checks |= {f"{column}>0": (COL(column).cast(nw.Float64) > 0).cast(nw.Int64).sum() for column in numeric}
    found = table.select(n_rows__=nw.len(), **checks).collect().rows(named=True)[0]
    n_rows = found.pop("n_rows__")
    yield from (f"{name}.{key}" for key, n in found.items() if n)
    yield from (f"{name}.{column} missing" for column in schema if found[column] < n_rows)
    if n_rows:
        yield name
