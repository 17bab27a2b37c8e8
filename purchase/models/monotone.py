"""Boosters whose log-odds only rise, or only fall, with some features."""

import difflib

from purchase.models.preparation import native_name
from purchase.tables import TableError


def native_constraints(frame, monotone):
    """Return {column: 1 (rises) or -1 (falls)} by the names that ``NativeCategories`` gives columns.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        As ``NativeCategories`` returns it.
    monotone : dict of str to {1, -1}
        By name of the feature.

    Raises
    ------
    TableError
        If a name is not that of a number: names it, and the nearest.
    """
    numbers = list(frame.select_dtypes("number").columns)
    for name in monotone:
        if native_name(name) not in numbers:
            nearest = difflib.get_close_matches(native_name(name), numbers, n=1)
            hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise TableError(
                f"The setting monotone names {name!r}, which is none of the {len(numbers)} numbers among the features; "
                f"a category has no order in which to rise or fall.{hint}"
            )
    return {native_name(name): sign for name, sign in monotone.items()}
