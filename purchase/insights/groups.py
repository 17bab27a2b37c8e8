"""Fairness: are propensities right for every gender, age band and country?"""

import itertools

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from purchase.insights.parts import N_DECIMALS, NotAvailable, Part
from purchase.insights.segments import share_intervals

AGE_EDGES = (18, 25, 35, 45, 55, 65)
UNKNOWN = "not stated"
LEAST_ORDERS = 10  # expected; below it the share that ordered says next to nothing about the group


def group_columns(features):
    """Return {attribute: group of each row} of those that the features have."""
    found = {name: features[name].astype("string") for name in ("gender", "country") if name in features}
    if "age_years" in features:
        found["age"] = _age_bands(features["age_years"])
    return {name: groups.fillna(UNKNOWN).astype(str) for name, groups in sorted(found.items())}


def _age_bands(ages):
    labels = [f"under {AGE_EDGES[0]}"]
    labels += [f"{low} to {high - 1}" for low, high in itertools.pairwise(AGE_EDGES)] + [f"{AGE_EDGES[-1]} and over"]
    return pd.cut(ages.astype(float), [-np.inf, *AGE_EDGES, np.inf], right=False, labels=labels).astype("string")


def group_part(features, scored, chosen, *, interval):
    """Compare propensities with what happened, group by group.

    Parameters
    ----------
    features : DataFrame
        Of test rows.
    scored : DataFrame with label and propensity
    chosen : bool array of shape (n_rows,), or None
        Who would be contacted; None where no one is chosen.

    Returns
    -------
    Part
        Table ``groups``: attribute, group, n_rows, n_ordered, mean_propensity, share_ordered, low, high, roc_auc,
        share_contacted, small (too few orders to say), verdict ("as predicted", "too low", "too high" or "too few").

    Raises
    ------
    NotAvailable
        If the shop knows neither gender nor age nor country.
    """
    found = group_columns(features)
    if not found:
        raise NotAvailable("the features have neither gender nor age nor country")
    rows = scored[["label", "propensity"]].assign(contacted=np.nan if chosen is None else chosen.astype(float))
    tables = [compare(rows, groups, name, interval=interval) for name, groups in found.items()]
    table = pd.concat(tables, ignore_index=True).round(N_DECIMALS)
    off = table[table["verdict"].isin(["too low", "too high"])]
    numbers = {
        "n_groups": len(table),
        "n_small": int(table["small"].sum()),
        "off": [f"{row.attribute} {row.group}: {row.verdict}" for row in off.itertuples()],
    }
    return Part(numbers, {"groups": table})


def compare(rows, groups, attribute, *, interval):
    """Return a row a group: its mean propensity beside the share that ordered, and a verdict.

    Parameters
    ----------
    rows : DataFrame with label, propensity and contacted
    groups : Series
        The group of each row.
    """
    grouped = rows.groupby(groups.to_numpy())
    table = grouped.agg(
        n_rows=("label", "size"),
        n_ordered=("label", "sum"),
        mean_propensity=("propensity", "mean"),
        share_ordered=("label", "mean"),
        share_contacted=("contacted", "mean"),
    )
    table["low"], table["high"] = share_intervals(table["n_ordered"], table["n_rows"], interval=interval)
    table["roc_auc"] = [_ranking(part) for _, part in grouped]
    expected = table["mean_propensity"] * table["n_rows"]
    table["small"] = expected < LEAST_ORDERS
    table["verdict"] = np.select(
        [table["small"], table["mean_propensity"] < table["low"], table["mean_propensity"] > table["high"]],
        ["too few", "too low", "too high"],
        "as predicted",
    )
    table = table.rename_axis("group").reset_index()
    table.insert(0, "attribute", attribute)
    return table


def _ranking(part):
    return roc_auc_score(part["label"], part["propensity"]) if part["label"].nunique() == 2 else np.nan
