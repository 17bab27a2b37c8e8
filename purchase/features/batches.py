"""Take the customers of a large shop some at a time, so that the memory that describing them needs does not grow."""

from itertools import pairwise

import narwhals as nw

from purchase.features.clock import rest

COL = nw.col


def batches_of(rows, tables, *, settle, n_rows):
    """Cut the rows of the customer task into batches, each with the records of its own customers.

    Parameters
    ----------
    rows : LazyFrame
        The split.
    tables : dict of LazyFrame
        The clean tables.
    settle : callable
        Takes a lazy frame and returns it computed.
    n_rows : int
        Of a batch; the last one may have fewer.

    Returns
    -------
    list of (LazyFrame, dict of LazyFrame)
        Rows and tables, by ``row_id``: all of a batch come before those of the next.
    """
    numbered = rows.with_row_index("number__", order_by="row_id").with_columns(COL("number__").cast(nw.Int64))
    firsts = numbered.filter(rest(COL("number__"), n_rows) == 0).select("row_id").sort("row_id").collect()
    starts = firsts["row_id"].to_list()
    if len(starts) < 2:
        return [(rows, tables)]
    batches = []
    for first, after in pairwise([*starts, None]):
        of_batch = rows.filter(COL("row_id") >= first)
        of_batch = settle(of_batch if after is None else of_batch.filter(COL("row_id") < after))
        batches.append((of_batch, _of_customers(tables, of_batch, settle)))
    return batches


def _of_customers(tables, rows, settle):
    people = settle(rows.select("customer_id").unique())
    low, high = people.select(low=COL("customer_id").min(), high=COL("customer_id").max()).collect().row(0)
    # The bounds say what the join does not: where in a table that is sorted by customer there is nothing to read.
    near = (COL("customer_id") >= low) & (COL("customer_id") <= high)
    found = {name: table.filter(near).join(people, on="customer_id", how="semi") for name, table in tables.items()}
    return found | {"events": settle(found["events"])}  # which nearly every block of features reads
