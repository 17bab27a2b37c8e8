"""Which columns of a feature table a model takes, and in which form."""

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from purchase.models.last_events import is_sequence
from purchase.tables import KEY_COLUMNS, TableError


def feature_kinds(features):
    """Return the features of a table and their kinds, in the table's order.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        A feature table; KEY_COLUMNS are left out.

    Returns
    -------
    dict of str to {"number", "category", "boolean", "sequence"}

    Raises
    ------
    TableError
        If the table holds no feature.
    """
    kinds = {name: _kind(features[name].dtype) for name in features.columns if name not in KEY_COLUMNS}
    if not kinds:
        raise TableError(f"The feature table holds only {list(features.columns)}, no feature. Rerun featurize.")
    return kinds


def informative_kinds(table):
    """Return the kinds of a table's columns, whatever their names, but for those that are the same in all rows.

    Parameters
    ----------
    table : DataFrame of shape (n_rows, n_columns)

    Returns
    -------
    dict of str to {"number", "category", "boolean"}
        Without the columns that are missing throughout, and those of one value and no missing one.
    """
    varies = {name: table[name].nunique() + table[name].isna().any() > 1 for name in table.columns}
    return {name: _kind(table[name].dtype) for name in table.columns if varies[name]}


def feature_frame(features, kinds):
    """Return the columns that a model takes, in the order and form that it was trained with.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        Needs every column of ``kinds``, in any order; others are ignored.
    kinds : dict of str to {"number", "category", "boolean", "sequence"}

    Returns
    -------
    DataFrame of shape (n_rows, len(kinds))
        Numbers and booleans as float64 (NaN: missing), categories as text, sequences as they are. What has this form
        in the table is not copied.

    Raises
    ------
    TableError
        If a column is missing, a number cannot be read as one, a number is infinite, or a sequence is none.
    """
    if missing := [name for name in kinds if name not in features.columns]:
        unused = [name for name in features.columns if name not in kinds and name not in KEY_COLUMNS]
        raise TableError(
            f"The feature table has no column {missing[0]!r} ({len(missing)} of the model's {len(kinds)} features are "
            f"missing: {missing}; columns that it does not know: {unused}). Rerun featurize with the settings that the "
            "model was trained with, or train the model again."
        )
    form = {"number": _as_number, "boolean": _as_number, "category": _as_text, "sequence": _as_sequence}
    columns = {name: form[kind](features[name]) for name, kind in kinds.items()}
    return pd.DataFrame(columns, index=features.index, copy=False)


def _kind(dtype):
    if is_bool_dtype(dtype):
        return "boolean"
    if is_sequence(dtype):
        return "sequence"
    return "number" if is_numeric_dtype(dtype) else "category"


def _as_number(column):
    try:
        values = column.to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError):
        bad = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
        raise TableError(
            f"Feature {column.name!r} was a number in training, and holds {bad.iloc[0]!r} ({len(bad)} of {len(column)} "
            "rows are no numbers). Mend the table that it comes from, or train the model again."
        ) from None
    if np.isinf(values).any():
        raise TableError(
            f"Feature {column.name!r} is infinite in {np.isinf(values).sum()} of {len(values)} rows. "
            "Leave it missing (NaN) where it is not defined."
        )
    return values


def _as_text(column):
    return column.astype("str")  # keeps missing values missing


def _as_sequence(column):
    if not is_sequence(column.dtype):
        raise TableError(
            f"Feature {column.name!r} held the events of each row in training, and holds {column.dtype} here. Set "
            "featurize.sequence_length and rerun featurize, or join them as purchase.models.last_events.read_rows does."
        )
    return column
