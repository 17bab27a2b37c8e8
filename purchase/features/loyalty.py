"""What BG/NBD says of each customer at each cutoff, fitted on training rows and never on what follows a row."""

import narwhals as nw
import numpy as np
import pandas as pd

from purchase.features.bg_nbd import N_DIGITS, fit_bg_nbd
from purchase.features.registry import Block, Feature, distinct
from purchase.tables import DAY

COL = nw.col
KIND = ["cutoff", "n_repeats", "recency", "age_days"]  # customers who are alike in these are alike to the model


def loyalty_block(rows, orders, *, horizon_days, lazy):
    """Describe customers who have ordered by whether they still are customers, and by the orders to expect.

    Each training cutoff has a model of its own, fitted on its training rows; a later cutoff goes by the last of them.

    Parameters
    ----------
    rows : LazyFrame
        ``row_id``, ``cutoff`` and ``part``; a few different cutoffs.
    orders : LazyFrame
        The orders that each row may see, with ``row_id`` and ``age``; orders of one day count once.
    lazy : callable
        Takes a pandas DataFrame and returns it as a lazy frame of the engine.
    """
    day = (COL("age") - 1) // DAY
    days = orders.group_by("row_id").agg(n=distinct(day), last=day.min(), first=day.max())
    seen = rows.select("row_id", "cutoff", "part").join(days, on="row_id")
    seen = seen.with_columns(n_repeats=COL("n") - 1, recency=COL("first") - COL("last"), age_days=COL("first") + 1)
    counted = seen.group_by("part", *KIND).agg(weight=nw.len().cast(nw.Int64))
    kinds = counted.collect("pandas").to_native().sort_values(["part", *KIND], ignore_index=True)
    table = _told(kinds, _models(kinds[kinds["part"] == "train"]), horizon_days)
    records = seen.select("row_id", *KIND).join(lazy(table), on=KIND)
    return Block("orders", records, _features(horizon_days), "bg_nbd")


def _models(training):
    """Return {cutoff: model}, of the training cutoffs."""
    columns = ["n_repeats", "recency", "age_days", "weight"]
    return {
        int(cutoff): fit_bg_nbd(*(kinds[name].to_numpy() for name in columns))
        for cutoff, kinds in training.groupby("cutoff", sort=True)
    }


def _told(kinds, models, horizon_days):
    """Return a row a kind of customer with what the model at its cutoff says; no model, no row."""
    tables = [pd.DataFrame({name: pd.Series(dtype="int64") for name in KIND} | dict.fromkeys(MEANINGS, 0.0))]
    for cutoff, alike in kinds.drop_duplicates(KIND).groupby("cutoff", sort=True):
        fitted = [at for at in models if at <= cutoff]
        if fitted:
            model, columns = models[max(fitted)], [alike[name].to_numpy(float) for name in KIND[1:]]
            told = {
                "bg_nbd_alive": model.alive(*columns),
                "bg_nbd_order_chance": model.orders_soon(*columns, horizon_days),
                "bg_nbd_orders": model.expected_orders(*columns, horizon_days),
            }
            tables.append(alike[KIND].assign(**{name: _few_digits(values) for name, values in told.items()}))
    return pd.concat(tables, ignore_index=True)


MEANINGS = {
    "bg_nbd_alive": ("chance that the customer has not dropped out", ""),
    "bg_nbd_order_chance": ("chance of an order in the {} days from the cutoff on", ""),
    "bg_nbd_orders": ("orders to expect in the {} days from the cutoff on", "orders"),
}


def _features(horizon_days):
    note = "by BG/NBD on the lookback's order days; missing: no order in it"
    return [
        Feature(name, f"{meaning.format(horizon_days)}, {note}", unit, aggregate=COL(name).max())
        for name, (meaning, unit) in MEANINGS.items()
    ]


def _few_digits(values):
    """Round to ``N_DIGITS`` decimals: a last digit of a special function may differ from one processor to the next."""
    return np.round(values, N_DIGITS)
