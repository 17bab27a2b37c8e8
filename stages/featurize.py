"""Describe each row by what was known when it is scored, and label it."""

from purchase import files
from purchase.engines.registry import engine_of
from purchase.features.batches import batches_of, write_features
from purchase.features.build import asked_by, survey_rows
from purchase.features.labels import count_labels, label_rows
from purchase.features.loyalty import fit_loyalty, models_as_json
from purchase.features.sequences import write_sequences
from purchase.params import read_params
from purchase.shops import read_shop

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
    survey = survey_rows(rows, tables, task=shop.task)
    batches = batches_of(rows, tables, task=shop.task, settle=running.settle, n_rows=N_ROWS)
    asked = {"survey": survey, "bg_nbd": bg_nbd} | asked_by(params, shop)
    dictionary = write_features(running, batches, files.FEATURES, parts=counts, **asked)
    arrays = {"length": params.featurize.sequence_length, "lookback_days": cutoffs.lookback_days}
    about = {"task": shop.task, "scoring_moment": shop.scoring_moment}
    write_sequences(running, batches, files.SEQUENCES, parts=counts, **about, **arrays)
    files.write_frame(dictionary, files.FEATURES / "dictionary.csv")
    files.write_json(models_as_json(bg_nbd), files.FEATURES / "bg_nbd.json")
    files.write_json({"n_features": len(dictionary)} | counts, files.METRICS / "featurize.json")


if __name__ == "__main__":
    files.run(main)
