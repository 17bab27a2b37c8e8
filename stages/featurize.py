"""Describe each row by what was known when it is scored, and label it."""

import narwhals as nw
from tqdm import tqdm

from purchase import files
from purchase.engines.registry import engine_of
from purchase.features.batches import batches_of
from purchase.features.build import asked_by, describe, survey_rows
from purchase.features.labels import count_labels, label_rows
from purchase.features.loyalty import fit_loyalty, models_as_json
from purchase.features.sequences import last_events, sequence_dictionary, write_arrays
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.tables import KEY_COLUMNS

CLEAN_TABLES = ("customers", "events", "orders", "order_lines", "returns", "sessions")
N_ROWS = 500_000  # described at a time


def main():
    params = read_params()
    with engine_of(params) as running:
        featurize(running, params, read_shop(params.shop, scoring_moment=params.featurize.scoring_moment))


def featurize(running, params, shop):
    tables = {name: running.scan(files.CLEAN / f"{name}.parquet") for name in CLEAN_TABLES}
    rows, cutoffs = running.scan(files.SPLIT), params.cutoffs
    rows = running.settle(rows.join(label_rows(rows, tables, shop, horizon_days=cutoffs.horizon_days), on="row_id"))
    counts, bg_nbd = count_labels(rows), {}
    if shop.task == "customer":
        bg_nbd = fit_loyalty(rows, tables["order_lines"], lookback_days=cutoffs.lookback_days)
    survey, batches = survey_rows(rows, tables, task=shop.task), [(rows, tables)]
    if shop.task == "customer":
        batches = batches_of(rows, tables, settle=running.settle, n_rows=N_ROWS)
    asked = {"engine": running, "bg_nbd": bg_nbd, "survey": survey} | asked_by(params, shop)
    dictionary = write_features(running, batches, asked, parts=counts)
    write_sequences(running, batches, params, shop, parts=counts)
    files.write_frame(dictionary, files.FEATURES / "dictionary.csv")
    files.write_json(models_as_json(bg_nbd), files.FEATURES / "bg_nbd.json")
    files.write_json({"n_features": len(dictionary)} | counts, files.METRICS / "featurize.json")


def write_features(running, batches, asked, *, parts):
    described = []
    for rows, tables in tqdm(batches, desc="features", disable=None):
        features, dictionary = describe(rows, tables, **asked)
        columns = [*KEY_COLUMNS, "part", *dictionary["name"]]
        described.append(running.settle(rows.join(features, on="row_id").select(columns)))
    for part in parts:
        of_part = [table.filter(nw.col("part") == part).drop("part") for table in described]
        running.write_all(of_part, files.FEATURES / f"{part}.parquet", sort_by=("row_id",))
    return dictionary


def write_sequences(running, batches, params, shop, *, parts):
    length, lookback_days = params.featurize.sequence_length, params.cutoffs.lookback_days
    with files.whole(files.SEQUENCES) as folder:
        about = sequence_dictionary(task=shop.task, scoring_moment=shop.scoring_moment)
        files.write_frame(about if length else about.head(0), folder / "dictionary.csv")
        for part in parts if length else ():
            asked = {"task": shop.task, "length": length, "lookback_days": lookback_days}
            frames = [last_events(rows.filter(nw.col("part") == part), tables, **asked) for rows, tables in batches]
            write_arrays(running, frames, folder / f"{part}.parquet", length=length)


if __name__ == "__main__":
    files.run(main)
