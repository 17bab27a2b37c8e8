"""The last events of each row as one column of a feature table, which sequence models take besides the features.

featurize writes them to files of their own, so that what does not take them does not depend on them. Whoever scores
rows reads them by ``read_rows``: models that take no such column pass it over.
"""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from purchase.files import FEATURES, SEQUENCES, read_frame
from purchase.tables import KEY_COLUMNS, TableError

LAST_EVENTS = "last_events"


def read_rows(part):
    """Return the feature table of a part (train, validation or test), with the last events of its rows if written."""
    table, arrays = read_frame(FEATURES / f"{part}.parquet"), SEQUENCES / f"{part}.parquet"
    return with_last_events(table, pq.read_table(arrays), place=arrays) if arrays.exists() else table


def read_dictionary():
    """Return the dictionary of what ``read_rows`` gives, the last events as one feature that follows the others."""
    arrays = read_frame(SEQUENCES / "dictionary.csv").head(1)
    about = {"name": LAST_EVENTS, "meaning": "the last events, oldest first", "unit": "", "type": "sequence"}
    return pd.concat([read_frame(FEATURES / "dictionary.csv"), arrays.assign(**about)], ignore_index=True)


def with_last_events(table, arrays, *, place):
    """Join the arrays to a feature table as the column ``LAST_EVENTS``.

    Parameters
    ----------
    table : DataFrame with row_id
    arrays : pyarrow Table
        ``row_id`` and lists of fixed size, as purchase/features/sequences.py writes them.
    place : path
        Where they come from, for the error.

    Returns
    -------
    DataFrame
        The column holds, for each row, a struct of its lists, as Arrow keeps it: 20 events take about half a kilobyte.

    Raises
    ------
    TableError
        If a row has no arrays.
    """
    found = pd.Index(arrays["row_id"].to_pylist()).get_indexer(table["row_id"])
    if (found < 0).any():
        row = table["row_id"].iloc[int((found < 0).argmax())]
        raise TableError(
            f"{place} has no row_id {row!r} ({(found < 0).sum()} of the {len(table)} rows of the feature table are not "
            "in it). Run `dvc repro featurize`, which writes both."
        )
    events = arrays.drop_columns("row_id").take(pa.array(found)).to_struct_array()
    return table.assign(**{LAST_EVENTS: pd.arrays.ArrowExtensionArray(events)})


def is_sequence(dtype):
    """Whether a column of this type holds the events of a row."""
    return isinstance(dtype, pd.ArrowDtype) and pa.types.is_struct(dtype.pyarrow_dtype)


def told_features(table):
    """Return the features that can be told to people: all columns but keys and events."""
    return [name for name in table.columns if name not in KEY_COLUMNS and not is_sequence(table[name].dtype)]


def no_events(table):
    """Return why a sequence model cannot be fitted on a training table, or None if it can."""
    if LAST_EVENTS not in table:
        return "featurize.sequence_length is null, so no row has its events"
    if lists_of(table[LAST_EVENTS])["event_type"].null_count == len(table) * length_of(table[LAST_EVENTS]):
        return "no training row has an event"
    return None


def lists_of(column):
    """Return {array: its values over all rows, one after another}, of a column of last events."""
    events = pa.array(column)
    if isinstance(events, pa.ChunkedArray):
        events = events.combine_chunks()
    return {field.name: values.flatten() for field, values in zip(events.type, events.flatten(), strict=True)}


def length_of(column):
    """Return how many events a row of the column has room for."""
    return column.dtype.pyarrow_dtype.field(0).type.list_size
