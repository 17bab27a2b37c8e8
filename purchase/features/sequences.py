"""The last events of each row, oldest first: what sequence models read, and what the features sum up."""

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from purchase.features.events import is_a
from purchase.features.past import past
from purchase.features.registry import only_if
from purchase.features.sessions import so_far
from purchase.files import whole, write_frame
from purchase.tables import KNOWN_AT

COL = nw.col
BATCH_ROWS = 10_000
UNSEEN = "email_held_out"  # an e-mail that was never sent
ARRAYS = {  # name: (meaning, unit, type)
    "event_type": ("type of event", "", pa.string()),
    "category": ("category of its product", "", pa.string()),
    "price_cents": ("price shown", "cents", pa.int64()),
    "gap_seconds": ("time to the next event or, from the last, to the moment of scoring", "seconds", pa.int64()),
}
IN_TIME = {"order_by": ["event_at", "row"]}


def last_events(rows, tables, *, task, length, lookback_days):
    """Return the last events that each row may see.

    Parameters
    ----------
    rows : LazyFrame
        ``row_id``, ``customer_id``, ``session_id`` and ``cutoff``.
    tables : dict of LazyFrame
        The clean events and sessions.
    task : {"customer", "session"}
        A customer's events in ``[cutoff - lookback_days, cutoff)``; a session's before ``cutoff``, after those of its
        customer in the lookback before it began. What arrived at the cutoff or later is not seen.
    length : int
        Events a row, at most.

    Returns
    -------
    LazyFrame
        ``row_id`` and, for each of ``ARRAYS``, columns ``<name>_<k>``: k = 0 is the oldest, ``length - 1`` the latest
        event. A row with fewer has missing values in front.
    """
    events, began = tables["events"].filter(~is_a(UNSEEN)), rows
    if task == "session":
        began = rows.join(tables["sessions"].select("session_id", "started_at"), on="session_id", how="left")
        began = began.with_columns(cutoff=COL("started_at"))
    told = ["row_id", "event_at", "row", "event_type", "category", "price_cents"]
    records = past(began, events, at="event_at", lookback_days=lookback_days).select(*told)
    if task == "session":
        records = nw.concat([records, so_far(rows, events).select(*told)])
    back = COL("one").cum_sum(reverse=True).over("row_id", **IN_TIME)
    records = records.with_columns(one=nw.lit(1, dtype=nw.Int64))
    records = records.with_columns(back=back).filter(COL("back") <= length)
    found = {
        f"{name}_{length - back}": only_if(COL("back") == back, COL(name)).max()
        for name in ("event_type", "category", "price_cents", "event_at")
        for back in range(length, 0, -1)
    }
    wide = rows.select("row_id", "cutoff").join(records.group_by("row_id").agg(**found), on="row_id", how="left")
    ends = [*(f"event_at_{k}" for k in range(1, length)), "cutoff"]
    gaps = {f"gap_seconds_{k}": COL(end) - COL(f"event_at_{k}") for k, end in enumerate(ends)}
    return wide.with_columns(**gaps).select("row_id", *(f"{name}_{k}" for name in ARRAYS for k in range(length)))


def write_sequences(engine, batches, folder, *, parts, task, scoring_moment, length, lookback_days):
    """Write the last events of each part to ``folder/<part>.parquet``, and what the arrays mean to dictionary.csv.

    Parameters
    ----------
    engine : Engine
        That the frames are of.
    batches : list of (LazyFrame, dict of LazyFrame)
        Rows of the split and the clean tables, as ``batches_of`` returns them.
    length : int or None
        Events a row, at most; None: no part is written, and the dictionary is empty.
    """
    with whole(folder) as written:
        about = sequence_dictionary(task=task, scoring_moment=scoring_moment)
        write_frame(about if length else about.head(0), written / "dictionary.csv")
        asked = {"task": task, "length": length, "lookback_days": lookback_days}
        for part in parts if length else ():
            frames = [last_events(rows.filter(COL("part") == part), tables, **asked) for rows, tables in batches]
            write_arrays(engine, frames, written / f"{part}.parquet", length=length)


def write_arrays(engine, frames, path, *, length):
    """Write frames of ``last_events`` to one Parquet file with lists of fixed size, by ``row_id``, a few at a time."""
    wide = path.with_name(f"{path.name}.wide")
    engine.write_all(frames, wide, sort_by=("row_id",))
    schema = pa.schema({"row_id": pa.string()} | {name: pa.list_(a[2], length) for name, a in ARRAYS.items()})
    with pq.ParquetFile(wide) as file, pq.ParquetWriter(path, schema) as writer:
        for batch in file.iter_batches(BATCH_ROWS):
            writer.write_batch(packed(batch, length=length))
    wide.unlink()


def packed(batch, *, length):
    """Turn the columns of ``last_events``, a RecordBatch, into one array a row for each of ``ARRAYS``."""
    n_rows = batch.num_rows
    order = pa.array(np.arange(length * n_rows).reshape(length, n_rows).T.ravel())
    arrays = {"row_id": batch["row_id"].cast(pa.string())}
    for name, (_, _, kind) in ARRAYS.items():
        columns = pa.concat_arrays([batch[f"{name}_{k}"].cast(kind) for k in range(length)])
        arrays[name] = pa.FixedSizeListArray.from_arrays(columns.take(order), length)
    return pa.RecordBatch.from_pydict(arrays)


def sequence_dictionary(*, task, scoring_moment):
    """Return a row an array: name, meaning, unit, type, task, table, known_at."""
    known_at = "cutoff" if task == "customer" else KNOWN_AT[min(KNOWN_AT.index(scoring_moment), 1)]
    return pd.DataFrame(
        [
            {
                "name": name,
                "meaning": f"{meaning}, of each of the last events, oldest first; missing: fewer events",
                "unit": unit,
                "type": "category" if kind == pa.string() else "number",
                "task": task,
                "table": "events",
                "known_at": known_at,
            }
            for name, (meaning, unit, kind) in ARRAYS.items()
        ]
    )
