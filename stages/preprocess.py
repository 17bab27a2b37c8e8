"""Clean the tables, find sessions, and say which rows may train, validate and test."""

from purchase import files
from purchase.cleaning.clean import SORT_BY, clean
from purchase.cleaning.parts import extra_categories, split_rows
from purchase.cleaning.split import count_parts
from purchase.engines.registry import engine_of
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.tables import CONTRACTS


def main():
    params = read_params()
    with engine_of(params) as running:
        preprocess(running, params, read_shop(params.shop, scoring_moment=params.featurize.scoring_moment))


def preprocess(running, params, shop):
    cleaned = clean(
        {name: running.scan(files.TABLES / f"{name}.parquet") for name in CONTRACTS},
        settle=running.settle,
        extra_categories=extra_categories(shop),
        session_gap_minutes=params.preprocess.session_gap_minutes,
        near_duplicate_seconds=params.preprocess.near_duplicate_seconds,
        bot_events_per_minute=params.preprocess.bot_events_per_minute,
        bot_min_events=params.preprocess.bot_min_events,
    )
    for name, table in cleaned.tables.items():
        running.write(table, files.CLEAN / f"{name}.parquet", sort_by=SORT_BY[name])
    split, about = split_rows(
        {name: running.scan(files.CLEAN / f"{name}.parquet") for name in SORT_BY},
        shop,
        cutoffs=params.cutoffs,
        test_share=params.preprocess.test_share,
        validation_share=params.preprocess.validation_share,
        seed=params.seed,
    )
    running.write(running.lazy(split), files.SPLIT, sort_by=("row_id",))
    parts = count_parts(running.scan(files.SPLIT))
    files.write_json(cleaned.accounts | {"split": about | {"rows": parts}}, files.METRICS / "preprocess.json")


if __name__ == "__main__":
    files.run(main)
