"""Customers at every cutoff of the split, each with the numbers known then and the days until their next order."""

import numpy as np
import pandas as pd

from purchase.tables import DAY

MOST_CUSTOMERS = 60_000  # followed through time; of more, the first so many of a fixed shuffle (3 GB of features)
CALENDAR = ("month",)  # says which cutoff a row is of; no cutoff to come has the same


def numbers_of(features):
    """Return the names of the features that are numbers, without those of the calendar."""
    return [
        name
        for name, kind in features.dtypes.items()
        if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) and name not in CALENDAR
    ]


def in_panel(groups, *, most=MOST_CUSTOMERS):
    """Return which rows are followed: all of them, or those of ``most`` customers that are the same at every cutoff."""
    groups = np.asarray(groups, dtype=np.uint64)
    shuffled = groups * np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplicative hashing; the high bits are well mixed
    numbers = np.unique(shuffled)
    return shuffled <= numbers[min(most, len(numbers)) - 1]


def days_to_next_order(orders, rows):
    """Return the days from each row's cutoff to its customer's next order; NaN if the records hold none.

    Parameters
    ----------
    orders : DataFrame with customer_id and ordered_at
    rows : DataFrame with customer_id and cutoff

    Returns
    -------
    array of shape (n_rows,)
    """
    keys = rows[["customer_id", "cutoff"]].reset_index(drop=True).reset_index()
    joined = pd.merge_asof(
        keys.sort_values("cutoff", kind="stable"),
        orders[["customer_id", "ordered_at"]].sort_values("ordered_at", kind="stable"),
        left_on="cutoff",
        right_on="ordered_at",
        by="customer_id",
        direction="forward",
    ).sort_values("index")
    return (joined["ordered_at"].to_numpy(dtype=float, na_value=np.nan) - joined["cutoff"].to_numpy()) / DAY
