"""Score new raw files with the champion: ``python -m purchase.predict FOLDER OUT [--at YYYY-MM-DD]``.

FOLDER holds files as data/raw/<shop>/ does. They go through the same intake, cleaning and features as in training, and
nothing is learned from them. Every customer with a record in the lookback before the end of the records, or before the
day --at, is scored at it, known from before or not; for the session task, every session at its scoring moment. OUT is
CSV or Parquet, by its ending: who, propensity, decile, and three reasons.
"""

import argparse
import datetime
import sys
import tempfile
import zoneinfo
from pathlib import Path

import narwhals as nw
import pandas as pd
import pyarrow.parquet as pq

from purchase import files
from purchase.cleaning.clean import SORT_BY, clean
from purchase.cleaning.parts import extra_categories
from purchase.cleaning.split import SPLIT, span_of_records, split_customers
from purchase.cleaning.split_sessions import score_sessions
from purchase.engines.duckdb import connect
from purchase.engines.registry import engine
from purchase.features.bg_nbd import models_of_json
from purchase.features.build import asked_by, describe
from purchase.features.sequences import last_events, write_arrays
from purchase.insights.drivers import always_shown
from purchase.insights.reasons import top_reasons, typical_value
from purchase.insights.targets import target_list
from purchase.insights.words import Words
from purchase.intake.take_in import take_in
from purchase.models.last_events import LAST_EVENTS, with_last_events
from purchase.models.store import load_model
from purchase.params import read_params
from purchase.shops import SHOPS, read_shop
from purchase.tables import CONTRACTS, TableError, end_of_records

ENDINGS = (".csv", ".parquet")


def main():
    parser = argparse.ArgumentParser(prog="python -m purchase.predict", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="raw files, named and written as those in data/raw/<shop>/")
    parser.add_argument("out", type=Path, help="a .csv or a .parquet to write")
    parser.add_argument("--at", metavar="DAY", help="score customers as they stood at the start of this day")
    arguments = parser.parse_args()
    params = read_params()
    shop = read_shop(params.shop, scoring_moment=params.featurize.scoring_moment)
    if arguments.out.suffix not in ENDINGS:
        raise TableError(
            f"{arguments.out} ends in neither of {', '.join(ENDINGS)}. Name the file to write by its format."
        )
    if not arguments.folder.is_dir():
        raise TableError(f"{arguments.folder} is no folder. Name the one that holds the new raw files.")
    champion = load_model(files.CHAMPION)
    asked = {"at": day_start(arguments.at, shop), "with_events": LAST_EVENTS in champion.kinds}
    rows, dictionary = described_rows(arguments.folder, params, shop, **asked)
    table = scored(champion, rows, dictionary, shop)
    files.write_frame(table, arguments.out)
    print(f"{len(table):,} rows scored with {champion.family}: {arguments.out}")


def day_start(day, shop):
    """Return the first instant of a day ("YYYY-MM-DD") in the shop's time zone, or None for None."""
    if day is None:
        return None
    if shop.task != "customer":
        raise TableError("--at is for the task customer: sessions are scored at their own moments. Leave it out.")
    try:
        midnight = datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time())
    except ValueError:
        raise TableError(f"--at {day!r} is no day. Write it like 2026-03-02.") from None
    return int(midnight.replace(tzinfo=zoneinfo.ZoneInfo(shop.time_zone)).timestamp())


def described_rows(folder, params, shop, *, at, with_events):
    """Take raw files in, clean them, and describe every row to score, by its last events too if asked.

    Returns
    -------
    DataFrame with the columns of ``SPLIT``, the features and ``LAST_EVENTS`` if asked, by ``row_id``; DataFrame, the
    dictionary of the features
    """
    bg_nbd = models_of_json(files.read_json(files.FEATURES / "bg_nbd.json"))
    resources = {"n_threads": params.n_threads, "memory_gb": params.memory_gb}
    with tempfile.TemporaryDirectory(prefix="purchase_") as taken_in, engine(**resources) as running:
        yaml, limits = str(SHOPS / f"{params.shop}.yaml"), params.prepare.model_dump()
        with connect(**resources) as connection:
            take_in(connection, shop, folder, Path(taken_in), yaml=yaml, **limits)
        tables = _clean_tables(running, Path(taken_in), params, shop)
        rows = running.settle(_rows_to_score(tables, shop, params.cutoffs, at=at))
        features, dictionary = describe(rows, tables, engine=running, bg_nbd=bg_nbd, **asked_by(params, shop))
        described = rows.select(*SPLIT).join(features, on="row_id").sort("row_id").collect().to_pandas()
        if with_events and len(described) and (length := params.featurize.sequence_length):
            arrays, lookback_days = Path(taken_in) / "arrays.parquet", params.cutoffs.lookback_days
            events = last_events(rows, tables, task=shop.task, length=length, lookback_days=lookback_days)
            write_arrays(running, [events], arrays, length=length)
            described = with_last_events(described, pq.read_table(arrays), place=arrays)
    if described.empty:
        raise TableError(
            f"{folder}: no row is left to score. Are the records older than the lookback before their end?"
        )
    return described, dictionary


def _clean_tables(running, folder, params, shop):
    knobs = ("session_gap_minutes", "near_duplicate_seconds", "bot_events_per_minute", "bot_min_events")
    cleaned = clean(
        {name: running.scan(folder / f"{name}.parquet") for name in CONTRACTS},
        settle=running.settle,
        extra_categories=extra_categories(shop),
        **{name: getattr(params.preprocess, name) for name in knobs},
    )
    return {
        name: running.settle(table.sort(*SORT_BY[name])) for name, table in cleaned.tables.items() if name != "dropped"
    }


def _rows_to_score(tables, shop, cutoffs, *, at):
    if shop.task == "customer":
        if at is None:
            _, last_at = span_of_records(tables["events"], tables["orders"])
            at = end_of_records(last_at, end=shop.dates.end, time_zone=shop.time_zone)
        people = (tables[name] for name in ("customers", "events", "orders"))
        return split_customers(*people, {"new": [at]}, lookback_days=cutoffs.lookback_days)
    moment = {"scoring_moment": shop.scoring_moment, "first_k_events": cutoffs.first_k_events}
    sessions = score_sessions(tables["sessions"], tables["events"], **moment)
    columns = {"row_id": nw.col("session_id"), "group": nw.lit(0, dtype=nw.Int64), "part": nw.lit("new")}
    return sessions.with_columns(**columns).select(*SPLIT)


def scored(champion, rows, dictionary, shop):
    """Return who, propensity, decile and reasons, the likeliest first.

    A feature that nothing in the new files makes (no coupon was used, say) is missing for every row, which the champion
    can take; it is named on standard error.
    """
    if absent := [name for name in champion.kinds if name not in rows]:
        print(f"missing for every row, as the new files hold nothing of it: {', '.join(absent)}", file=sys.stderr)
        empty = {name: pd.Series(pd.NA, index=rows.index, dtype="Float64") for name in absent}
        rows = rows.assign(**{name: None if champion.kinds[name] == "category" else empty[name] for name in absent})
    propensity = champion.predict_propensity(rows)
    words = Words(dictionary, currency=shop.currency)
    reasons = top_reasons(champion, rows, typical=_typical_values(champion), words=words.reasons)
    who = rows["customer_id" if shop.task == "customer" else "row_id"]
    table = pd.DataFrame({"propensity": propensity})
    return target_list(who, table, reasons.reset_index(drop=True), None, contacted=None, terms=None)


def _typical_values(champion):
    """Return the typical training value of the features that reasons are told by where a library gives none."""
    ranking = [name for name in files.read_frame(files.PLOTS / "importance.csv")["feature"] if name != LAST_EVENTS]
    explained = dict.fromkeys([*ranking, *filter(None, always_shown(champion.kinds).values())])
    training = files.read_frame(files.FEATURES / "train.parquet", columns=list(explained))
    return {name: typical_value(training[name]) for name in explained}


if __name__ == "__main__":
    files.run(main)
