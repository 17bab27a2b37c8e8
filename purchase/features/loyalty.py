"""What BG/NBD says of each customer at each cutoff, fitted on training rows and never on what follows a row."""

from dataclasses import asdict

import narwhals as nw
import numpy as np
import pandas as pd

from purchase.features.bg_nbd import N_DIGITS, fit_bg_nbd
from purchase.features.orders import past_orders
from purchase.features.registry import Block, Feature, distinct
from purchase.tables import DAY

COL = nw.col
KIND = ["cutoff", "n_repeats", "recency", "age_days"]  # customers who are alike in these are alike to the model


def fit_loyalty(rows, lines, *, lookback_days):
    """Fit a model at each training cutoff, on its training rows.

    Parameters
    ----------
    rows : LazyFrame
        The split of the customer task.
    lines : LazyFrame
        The clean order lines.

    Returns
    -------
    dict of {cutoff: BGNBD}
        Cutoffs in seconds; one at which nobody has ordered yet has none.
    """
    training = rows.filter(COL("part") == "train")
    kinds = _count_kinds(_repeats(training, past_orders(training, lines, lookback_days=lookback_days)))
    columns = ["n_repeats", "recency", "age_days", "weight"]
    return {
        int(cutoff): fit_bg_nbd(*(alike[name].to_numpy() for name in columns))
        for cutoff, alike in kinds.groupby("cutoff", sort=True)
    }


def models_as_json(models):
    """Return models as texts and numbers; ``bg_nbd.models_of_json`` reads them back."""
    return {str(cutoff): asdict(model) for cutoff, model in models.items()}


def loyalty_block(rows, orders, *, models, horizon_days, lazy):
    """Describe customers who have ordered by whether they still are customers, and by the orders to expect.

    Parameters
    ----------
    rows : LazyFrame
        ``row_id`` and ``cutoff``; a few different cutoffs.
    orders : LazyFrame
        The orders that each row may see, with ``row_id`` and ``age``; orders of one day count once.
    models : dict of {cutoff: BGNBD}
        From ``fit_loyalty``. A row goes by the latest model that is not of a later cutoff.
    lazy : callable
        Takes a pandas DataFrame and returns it as a lazy frame of the engine.
    """
    seen = _repeats(rows, orders)
    table = _told(_count_kinds(seen), models, horizon_days)
    records = seen.join(lazy(table), on=KIND)
    return Block("orders", records, _features(horizon_days), "bg_nbd")


def _repeats(rows, orders):
    """Return ``row_id`` and ``KIND`` of the rows that have ordered, in days."""
    day = (COL("age") - 1) // DAY
    days = orders.group_by("row_id").agg(n=distinct(day), last=day.min(), first=day.max())
    seen = rows.select("row_id", "cutoff").join(days, on="row_id")
    seen = seen.with_columns(n_repeats=COL("n") - 1, recency=COL("first") - COL("last"), age_days=COL("first") + 1)
    return seen.select("row_id", *KIND)


def _count_kinds(seen):
    counted = seen.group_by(*KIND).agg(weight=nw.len().cast(nw.Int64))
    return counted.collect("pyarrow").to_pandas().sort_values(KIND, ignore_index=True)


def _told(kinds, models, horizon_days):
    """Return a row a kind of customer with what the model at its cutoff says; no model, no row."""
    tables = [pd.DataFrame({name: pd.Series(dtype="int64") for name in KIND} | dict.fromkeys(MEANINGS, 0.0))]
    for cutoff, alike in kinds.groupby("cutoff", sort=True):
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
    "bg_nbd_alive": ("chance that the customer has not dropped out", "probability"),
    "bg_nbd_order_chance": ("chance of an order in the {} days from the cutoff on", "probability"),
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
