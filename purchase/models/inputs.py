"""What users hand to an estimator, as the tables that the models take."""

from collections.abc import Hashable

import numpy as np
import pandas as pd
from pandas.api.types import (
    infer_dtype,
    is_complex_dtype,
    is_datetime64_any_dtype,
    is_numeric_dtype,
    is_timedelta64_dtype,
)
from scipy.sparse import issparse
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d, validate_data

from purchase.tables import TableError


def as_table(X):
    """Return a DataFrame of the columns of X, under texts as names; times give columns of their own.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n_rows, n_columns)
        An array's columns are called x0, x1, ...

    Returns
    -------
    DataFrame of shape (n_rows, n_columns + 2 a time)
        A column of times becomes seconds since 1970-01-01 UTC, hour of the day and day of the week.

    Raises
    ------
    TableError
        If two columns have one name.
    """
    table = X.set_axis([str(name) for name in X.columns], axis=1) if isinstance(X, pd.DataFrame) else _from_array(X)
    if table.columns.has_duplicates:
        names = list(table.columns[table.columns.duplicated()].unique())
        raise TableError(
            f"X has more than one column named {names[0]!r} ({len(names)} such names: {names}). Rename or drop them: "
            "which is which could not be told when scoring."
        )
    return pd.concat([_plain(table[name]) for name in table.columns], axis=1)


def check_columns(estimator, X, *, reset):
    """Note the columns of X when fitting (``reset``); later, refuse a table without one of them.

    Raises
    ------
    TableError
        Names the missing columns of a DataFrame, and those that training did not have.
    ValueError
        If an array has another number of columns.
    """
    if reset or not (isinstance(X, pd.DataFrame) and hasattr(estimator, "feature_names_in_")):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return
    known, given = list(estimator.feature_names_in_), list(X.columns)
    if missing := [name for name in known if name not in given]:
        raise TableError(
            f"X has no column {missing[0]!r} ({len(missing)} of the {len(known)} that the model was trained with are "
            f"missing: {missing}; columns that it does not know: {[name for name in given if name not in known]}). "
            "Bring the column, or fill it with missing values if nothing is known."
        )


def as_labels(y):
    """Return the two classes of y, sorted, and which of them each row has: 1 for the second.

    Raises
    ------
    ValueError
        If y is no list of two classes.
    """
    if y is None:
        raise ValueError("PropensityClassifier requires y to be passed, but the target y is None.")
    y = column_or_1d(check_array(y, ensure_2d=False, dtype=None, input_name="y"), warn=True)
    check_classification_targets(y)
    classes, label = np.unique(y, return_inverse=True)
    shown = classes[:5].tolist()
    if len(classes) == 1:
        raise ValueError(f"y holds one class only: all {len(y)} rows are {shown[0]!r}. Bring rows of the other class.")
    if len(classes) > 2:
        raise ValueError(
            f"Only binary classification is supported. The type of the target is {type_of_target(y)}: y holds "
            f"{len(classes)} classes, the first of them {shown}. Make one the positive one, e.g. `y == {shown[0]!r}`."
        )
    return classes, label


def as_seconds(times):
    """Return times (datetimes, or numbers of seconds) as whole seconds since 1970-01-01 UTC, shape (n_rows,).

    Raises
    ------
    TableError
        If one is missing.
    """
    times = pd.Series(np.asarray(times) if not isinstance(times, pd.Series) else times).reset_index(drop=True)
    if missing := int(times.isna().sum()):
        raise TableError(
            f"times is missing in {missing} of {len(times)} rows, the first of them row {int(times.isna().argmax())}. "
            "Drop those rows: they have no place in the order of time."
        )
    if is_numeric_dtype(times):
        return times.to_numpy("int64")
    return _seconds(pd.to_datetime(times, utc=True)).to_numpy("int64")


def _from_array(X):
    if issparse(X):
        raise TypeError(
            f"X is a sparse matrix ({type(X).__name__}), and dense data is required. Use X.toarray(), or a DataFrame."
        )
    whole = check_array(X, dtype=None, ensure_all_finite=False, input_name="X")
    table = pd.DataFrame(whole, columns=[f"x{place}" for place in range(whole.shape[1])])
    return table.infer_objects() if whole.dtype == object else table


def _plain(column):
    """A column of numbers, booleans or texts as it is; spans as seconds; times as three columns."""
    if is_complex_dtype(column):
        raise ValueError(f"Complex data not supported: column {column.name!r}. Give its parts as two columns.")
    if column.dtype == object:
        column = _with_a_type(column)
    if is_timedelta64_dtype(column):
        return column.dt.total_seconds()
    if not is_datetime64_any_dtype(column):
        return column
    times = pd.to_datetime(column, utc=True)
    parts = {"": _seconds(times), " (hour)": times.dt.hour, " (weekday)": times.dt.day_of_week}
    return pd.DataFrame({f"{column.name}{part}": values.astype("float64") for part, values in parts.items()})


def _seconds(times):
    return (times.dt.tz_localize(None) - pd.Timestamp(0)) // pd.Timedelta(seconds=1)


def _with_a_type(column):
    """A column of Python objects as numbers, booleans or times where all are; other values become texts later."""
    if infer_dtype(column, skipna=True) in ("date", "datetime"):
        return pd.to_datetime(column, utc=True)
    for value in column[column.notna()]:
        if not isinstance(value, Hashable):
            raise TypeError(
                f"Column {column.name!r} holds {value!r}: each argument must be a string or a number. "
                "Give its parts as columns."
            )
    return column.infer_objects()
