"""Describe the customers of a large shop some at a time, so that the memory that it needs does not grow with them."""

from itertools import pairwise

import narwhals as nw
from tqdm import tqdm

from purchase.features.build import describe
from purchase.features.clock import rest
from purchase.tables import KEY_COLUMNS

COL = nw.col


def batches_of(rows, tables, *, task, settle, n_rows):
    """Cut the rows of the customer task into batches, each with the records of its own customers.

    Those of the session task are one batch: a session's events need not name its customer.

    Parameters
    ----------
    rows : LazyFrame
        The split.
    tables : dict of LazyFrame
        The clean tables.
    task : {"customer", "session"}
    settle : callable
        Takes a lazy frame and returns it computed.
    n_rows : int
        Of a batch; the last one may have fewer.

    Returns
    -------
    list of (LazyFrame, dict of LazyFrame)
        Rows and tables, by ``row_id``: all of a batch come before those of the next.
    """
    if task == "session":
        return [(rows, tables)]
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


def write_features(engine, batches, folder, *, parts, **asked):
    """Describe batches, and write the features of each part to ``folder/<part>.parquet``, by ``row_id``.

    Parameters
    ----------
    engine : Engine
        That the frames are of.
    batches : list of (LazyFrame, dict of LazyFrame)
        As ``batches_of`` returns them, the rows labelled.
    folder : Path
    parts : iterable of str
    **asked
        What ``describe`` takes.

    Returns
    -------
    DataFrame
        The dictionary: a row a feature, in the order of the columns.
    """
    described = []
    for rows, tables in tqdm(batches, desc="features", disable=None):
        features, dictionary = describe(rows, tables, engine=engine, **asked)
        columns = [*KEY_COLUMNS, "part", *dictionary["name"]]
        described.append(engine.settle(rows.join(features, on="row_id").select(columns)))
    for part in parts:
        of_part = [table.filter(COL("part") == part).drop("part") for table in described]
        engine.write_all(of_part, folder / f"{part}.parquet", sort_by=("row_id",))
    return dictionary


def _of_customers(tables, rows, settle):
    people = settle(rows.select("customer_id").unique())
    low, high = people.select(low=COL("customer_id").min(), high=COL("customer_id").max()).collect().row(0)
    # The bounds say what the join does not: where in a table that is sorted by customer there is nothing to read.
    near = (COL("customer_id") >= low) & (COL("customer_id") <= high)
    found = {name: table.filter(near).join(people, on="customer_id", how="semi") for name, table in tables.items()}
    return found | {"events": settle(found["events"])}  # which nearly every block of features reads
