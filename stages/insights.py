"""Say what the shop should do with the predictions: whom to contact, what it earns, why, and how sure that is."""

import narwhals as nw

from purchase import files
from purchase.engines.registry import engine
from purchase.evaluation.style import save
from purchase.insights.about import about_part, truth_or_reason
from purchase.insights.build import Found, build, ceiling_part, plain, resampling_of
from purchase.insights.drivers import always_shown
from purchase.insights.gallery import draw_all
from purchase.insights.parts import make
from purchase.insights.reasons import typical_value
from purchase.insights.rows import training_columns
from purchase.insights.shift import shift_part
from purchase.insights.uplift import HELD_OUT, SENT
from purchase.insights.words import Words
from purchase.models.store import load_model
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.tables import KEY_COLUMNS

PARTS = ("train", "validation", "test")


def main():
    params = read_params()
    shop = read_shop(params.shop)
    predictions = files.read_frame(files.PREDICTIONS / "test.parquet")
    found = read_found(params, shop, predictions)
    parts, targets = build(found, params)

    names = [name for name in found.test.columns if name not in KEY_COLUMNS]
    parts["drift"] = shift_part(
        ((name, training(name), found.test[name]) for name in names),
        propensities=found.propensities,
        max_drift=params.review.max_drift,
    )
    truth = truth_or_reason(params)
    base_rate = found.training["label"].mean()
    parts["ceiling"] = make(ceiling_part, predictions, truth, base_rate=base_rate, **resampling_of(params))
    tables = {part: files.FEATURES / f"{part}.parquet" for part in PARTS}
    parts["about"] = about_part(shop, tables, n_features=len(names), params=params)

    files.write_frame(targets, files.INSIGHTS / "targets.csv")
    files.write_json(plain({name: part.numbers for name, part in parts.items()}), files.METRICS / "insights.json")
    with files.whole(files.PLOTS / "insights") as folder:
        for name, table in ((name, table) for part in parts.values() for name, table in part.tables.items()):
            files.write_frame(table, folder / f"{name}.csv")
        for name, picture in draw_all(parts, currency=shop.currency):
            save(picture, folder / f"{name}.png")


def read_found(params, shop, predictions):
    """Read what ``build`` needs; the champion scores the validation rows anew."""
    champion = load_model(files.CHAMPION)
    validation, test = (files.read_frame(files.FEATURES / f"{part}.parquet") for part in PARTS[1:])
    ranking = list(files.read_frame(files.PLOTS / "importance.csv")["feature"])
    explained = dict.fromkeys([*ranking, *filter(None, always_shown(test.columns).values())])
    with engine(n_threads=params.n_threads, memory_gb=params.memory_gb) as running:
        orders = running.scan(files.CLEAN / "orders.parquet")
        orders = orders.select("customer_id", "ordered_at", "revenue_cents").filter(~nw.col("customer_id").is_null())
        events = running.scan(files.CLEAN / "events.parquet")
        mails = events.filter(nw.col("event_type").is_in([SENT, HELD_OUT]) & ~nw.col("customer_id").is_null())
        mails = mails.select("customer_id", "event_at", "event_type").sort("customer_id", "event_at", "event_type")
        orders = orders.sort("customer_id", "ordered_at", "revenue_cents")
        orders, mails = (table.collect().to_pandas() for table in (orders, mails))
    return Found(
        task=shop.task,
        champion=champion,
        validation=validation,
        test=test,
        propensities={
            "validation": champion.predict_propensity(validation),
            "test": predictions["propensity"].to_numpy(),
        },
        training=files.read_frame(files.FEATURES / "train.parquet", columns=training_columns(test.columns)),
        typical={name: typical_value(training(name)) for name in explained},
        ranking=ranking,
        orders=orders,
        mails=mails,
        words=Words(files.read_frame(files.FEATURES / "dictionary.csv"), currency=shop.currency),
    )


def training(name):
    """Return one column of the training features; all at once may not fit into memory."""
    return files.read_frame(files.FEATURES / "train.parquet", columns=[name])[name]


if __name__ == "__main__":
    files.run(main)
