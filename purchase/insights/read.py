"""Read what the insights need of the pipeline's outs; the champion scores the validation rows anew."""

import narwhals as nw
import numpy as np
import pandas as pd

from purchase import files
from purchase.engines.registry import engine
from purchase.features.bg_nbd import models_of_json
from purchase.insights.about import truth_or_reason
from purchase.insights.build import Found
from purchase.insights.calibrated import MONTH
from purchase.insights.drivers import always_shown
from purchase.insights.panel import in_panel, numbers_of
from purchase.insights.reasons import typical_value
from purchase.insights.rows import training_columns
from purchase.insights.uplift import HELD_OUT, SENT
from purchase.insights.words import Words
from purchase.models.last_events import read_rows, told_features
from purchase.models.store import load_model
from purchase.tables import DAY, KEY_COLUMNS

PARTS = ("train", "validation", "test")
CHUNK_ROWS = 100_000  # scored at a time
LOOKS = ["view", "add_to_cart"]
TABLES = {part: files.FEATURES / f"{part}.parquet" for part in PARTS}


def read_found(params, shop):
    """Return the ``Found`` of the shop's insights."""
    champion = load_model(files.CHAMPION)
    test = read_rows("test")
    validation, validation_propensities = score_validation(champion)
    predictions = files.read_frame(files.PREDICTIONS / "test.parquet")
    told = set(told_features(test))
    ranking = [name for name in files.read_frame(files.PLOTS / "importance.csv")["feature"] if name in told]
    explained = dict.fromkeys([*ranking, *filter(None, always_shown(test.columns).values())])
    propensities = {
        "validation": validation_propensities,
        "test": predictions["propensity"].to_numpy(),
    }
    orders, mails = _read_records(params)
    return Found(
        shop=shop,
        champion=champion,
        validation=validation,
        test=test,
        predictions=predictions,
        propensities=propensities,
        training=files.read_frame(TABLES["train"], columns=training_columns(test.columns)),
        training_column=training_column,
        panel=read_panel(test) if shop.task == "customer" else None,
        bg_nbd=models_of_json(files.read_json(files.FEATURES / "bg_nbd.json")),
        truth=truth_or_reason(shop, params),
        typical={name: typical_value(training_column(name)) for name in explained},
        ranking=ranking,
        orders=orders,
        mails=mails,
        lines=read_lines() if shop.task == "customer" else None,
        seen=seen_products(params),
        words=Words(files.read_frame(files.FEATURES / "dictionary.csv"), currency=shop.currency),
    )


def score_validation(champion):
    """Return what is needed of the validation rows, without their other features, and their propensities."""
    rows = read_rows("validation")
    parts = [rows.iloc[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS)]
    propensities = np.concatenate([champion.predict_propensity(part) for part in parts])
    needed = dict.fromkeys([*KEY_COLUMNS, *training_columns(rows.columns), MONTH])
    return rows[[name for name in needed if name in rows]].copy(), propensities


def training_column(name):
    """Return one column of the training features; all at once may not fit into memory."""
    return files.read_frame(TABLES["train"], columns=[name])[name]


def read_panel(test):
    """Return customers at every cutoff: their keys and number features, float32, a column at a time."""
    keys = _stacked(["customer_id", "cutoff", "group"])
    kept = in_panel(keys["group"])
    names = numbers_of(test.drop(columns=list(KEY_COLUMNS)))
    numbers = {name: _stacked([name])[name][kept].astype("float32") for name in names}
    return keys[kept].join(pd.DataFrame(numbers)).reset_index(drop=True)


def _stacked(columns):
    return pd.concat([files.read_frame(path, columns=columns) for path in TABLES.values()], ignore_index=True)


def _read_records(params):
    """Return the orders of known customers, and the promotions that were sent to them or held out."""
    with engine(n_threads=params.n_threads, memory_gb=params.memory_gb) as running:
        orders = running.scan(files.CLEAN / "orders.parquet")
        orders = orders.select("customer_id", "ordered_at", "revenue_cents").filter(~nw.col("customer_id").is_null())
        events = running.scan(files.CLEAN / "events.parquet")
        mails = events.filter(nw.col("event_type").is_in([SENT, HELD_OUT]) & ~nw.col("customer_id").is_null())
        mails = mails.select("customer_id", "event_at", "event_type").sort("customer_id", "event_at", "event_type")
        orders = orders.sort("customer_id", "ordered_at", "revenue_cents")
        return [table.collect().to_pandas() for table in (orders, mails)]


def read_lines():
    """Return the lines of all orders, guests' too, by customer and time."""
    names = ["customer_id", "ordered_at", "product_id", "category", "unit_price_cents", "order_id"]
    lines = files.read_frame(files.CLEAN / "order_lines.parquet", columns=names).dropna(subset="product_id")
    lines["product_id"] = lines["product_id"].astype(str)
    return lines.sort_values(["customer_id", "ordered_at", "order_id", "product_id"], ignore_index=True)


def seen_products(params):
    """Return the function that reads what some customers looked at in the lookback of a cutoff."""
    COL = nw.col

    def seen(cutoff, customers):
        with engine(n_threads=params.n_threads, memory_gb=params.memory_gb) as running:
            events = running.scan(files.CLEAN / "events.parquet")
            since = cutoff - params.cutoffs.lookback_days * DAY
            events = events.filter(COL("event_type").is_in(LOOKS), COL("event_at") >= since, COL("event_at") < cutoff)
            events = events.filter(~COL("product_id").is_null())
            asked = running.lazy(pd.DataFrame({"customer_id": customers}, dtype=str))
            found = events.join(asked, on="customer_id").group_by("customer_id", "product_id")
            table = found.agg(
                category=COL("category").max(),
                price_cents=COL("price_cents").max(),
                n_views=(COL("event_type") == LOOKS[0]).cast(nw.Int64).sum().cast(nw.Int64),
                n_carts=(COL("event_type") == LOOKS[1]).cast(nw.Int64).sum().cast(nw.Int64),
                last_at=COL("event_at").max(),
            )
            return table.sort("customer_id", "product_id").collect().to_pandas()

    return seen
