"""Describe each row by what was known when it is scored, and label it."""

import narwhals as nw

from purchase import files
from purchase.engines.registry import engine
from purchase.features.build import asked_by, describe
from purchase.features.labels import count_labels, label_rows
from purchase.features.loyalty import fit_loyalty, models_as_json
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.tables import KEY_COLUMNS

CLEAN_TABLES = ("customers", "events", "orders", "order_lines", "returns", "sessions")


def main():
    params = read_params()
    with engine(
        params.engine, n_threads=params.n_threads, memory_gb=params.memory_gb, spark_master=params.spark_master
    ) as running:
        shop = read_shop(params.shop, scoring_moment=params.featurize.scoring_moment)
        featurize(running, params, shop)


def featurize(running, params, shop):
    tables = {name: running.scan(files.CLEAN / f"{name}.parquet") for name in CLEAN_TABLES}
    rows = running.scan(files.SPLIT)
    labels = label_rows(rows, tables, shop, horizon_days=params.cutoffs.horizon_days)
    rows = running.settle(rows.join(labels, on="row_id"))
    counts = count_labels(rows)
    bg_nbd = {}
    if shop.task == "customer":
        bg_nbd = fit_loyalty(rows, tables["order_lines"], lookback_days=params.cutoffs.lookback_days)
    features, dictionary = describe(rows, tables, engine=running, bg_nbd=bg_nbd, **asked_by(params, shop))
    names = list(dictionary["name"])
    described = running.settle(rows.join(features, on="row_id").select(*KEY_COLUMNS, "part", *names))
    for part in counts:
        table = described.filter(nw.col("part") == part).drop("part")
        running.write(table, files.FEATURES / f"{part}.parquet", sort_by=("row_id",))
    files.write_frame(dictionary, files.FEATURES / "dictionary.csv")
    files.write_json(models_as_json(bg_nbd), files.FEATURES / "bg_nbd.json")
    files.write_json({"n_features": len(names)} | counts, files.METRICS / "featurize.json")


if __name__ == "__main__":
    files.run(main)
