"""How far two tables differ in the distribution of their columns: the population stability index."""

import numpy as np
import pandas as pd

from purchase.tables import KEY_COLUMNS

N_BINS = 10  # of the population stability index, as it is commonly read
LEAST_SHARE = 1e-4  # stands for an empty bin, whose logarithm is infinite


def drift(base, head):
    """Return the population stability index of every feature that two feature tables share.

    The sum over bins of (p - q) log(p / q), p and q being the shares of rows in a bin; bins are base's tenths for
    numbers, categories for texts, and missing. 0: the same distribution; from 0.1 often read as some, from 0.25 as much
    drift (Siddiqi 2006, Credit Risk Scorecards, chapter 8).

    Returns
    -------
    DataFrame
        feature, drift; the most first.
    """
    shared = [name for name in base.columns if name in head.columns and name not in KEY_COLUMNS]
    table = pd.DataFrame({"feature": shared, "drift": [stability_index(base[name], head[name]) for name in shared]})
    return table.sort_values("drift", ascending=False, ignore_index=True)


def stability_index(base, head):
    """Return the population stability index of one column between two tables."""
    p, q = _shares(base, head)
    return float(((q - p) * np.log(q / p)).sum())


def _shares(base, head):
    if pd.api.types.is_bool_dtype(base) or not pd.api.types.is_numeric_dtype(base):
        p, q = (column.astype("string").fillna("missing").value_counts(normalize=True) for column in (base, head))
        p, q = p.align(q, fill_value=0.0)
    else:
        before, after = (pd.to_numeric(column, errors="coerce").to_numpy(dtype=float) for column in (base, head))
        known = before[np.isfinite(before)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1])) if len(known) else np.array([])
        p, q = (_binned(values, edges) for values in (before, after))
    return np.maximum(p, LEAST_SHARE), np.maximum(q, LEAST_SHARE)


def _binned(values, edges):
    known = np.isfinite(values)
    bins = np.searchsorted(edges, values[known], side="left")
    counts = np.append(np.bincount(bins, minlength=len(edges) + 1), (~known).sum())
    return counts / max(len(values), 1)
