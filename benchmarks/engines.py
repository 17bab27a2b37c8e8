"""Time the features of one cutoff and of twelve on each engine: ``python -m benchmarks.engines [n_events] [engine...]``

By default 5,000,000 events and duckdb, polars, pandas. The simulated shop is made, prepared and cleaned once (by
DuckDB, in a temporary folder), and BG/NBD fitted; then each in turn, in a process of its own, reads the clean tables,
describes every customer and writes the table, three times over: each engine at the test cutoff, then SQL written by
hand for DuckDB (benchmarks.hand_written), then DuckDB and Polars at the last twelve cutoffs. Checks that all wrote the
same, and writes the medians of wall and processor time (without the start of Python or of Spark) and the peak memory of
all processes to benchmarks/results/engines.csv. The SQL has all features but the three of BG/NBD.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks import hand_written
from benchmarks.pipeline import Memory
from purchase import files
from purchase.engines.duckdb import connect
from purchase.engines.registry import engine
from purchase.features.bg_nbd import models_of_json
from purchase.features.build import asked_by, describe
from purchase.features.loyalty import fit_loyalty, models_as_json
from purchase.intake.take_in import take_in
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.simulation.writing import write_shop
from stages.featurize import CLEAN_TABLES
from stages.preprocess import preprocess

RESULTS = Path("benchmarks/results/engines.csv")
EVENTS_PER_CUSTOMER = 50  # of the simulated shop with the committed params
N_ROUNDS = 3
N_CUTOFFS = 12
BY_HAND = "sql"
MODELS = "bg_nbd.json"


def main():
    n_events = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    engines = sys.argv[2:] or ["duckdb", "polars", "pandas"]
    ways = [*((name, 1) for name in engines), (BY_HAND, 1)]
    ways += [(name, N_CUTOFFS) for name in engines if name in ("duckdb", "polars")]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        make_clean_tables(Path(folder), n_customers=n_events // EVENTS_PER_CUSTOMER, n_cutoffs=N_CUTOFFS)
        fit_models(Path(folder))
        for _ in range(N_ROUNDS):
            rows += [run_alone(*way, Path(folder)) for way in ways]
        check_equal([written(Path(folder), *way) for way in ways])
        n_events = pq.read_metadata(Path(folder, files.CLEAN, "events.parquet")).num_rows
    medians = pd.DataFrame(rows).groupby(["way", "n_cutoffs"], sort=False).median().round(2).reset_index()
    one, cpu = (medians[medians.n_cutoffs == 1].set_index("way")[name] for name in ("seconds", "cpu_seconds"))
    medians["over_pandas"] = (medians.seconds / one.get("pandas")).where(medians.n_cutoffs == 1).round(2)
    medians["over_sql"] = (medians.seconds / one[BY_HAND]).where(medians.n_cutoffs == 1).round(2)
    medians["over_one_cutoff"] = (medians.seconds / medians.way.map(one)).round(2)
    medians["cpu_over_one_cutoff"] = (medians.cpu_seconds / medians.way.map(cpu)).round(2)
    medians = medians.assign(n_events=n_events, n_rounds=N_ROUNDS, n_cpus=os.cpu_count())
    files.write_frame(medians, RESULTS)
    print(medians.to_string(index=False))


def make_clean_tables(folder, *, n_customers, n_cutoffs):
    """Simulate, prepare and preprocess, all below ``folder``; the last two cutoffs validate and test."""
    params, shop, yaml = read_params(), read_shop("simulated"), str(Path("shops/simulated.yaml").resolve())
    raw, knobs = files.RAW / "simulated", {"n_threads": params.n_threads, "memory_gb": params.memory_gb}
    with contextlib.chdir(folder):
        write_shop(params.simulate.model_copy(update={"n_customers": n_customers}), raw=raw, truth=files.TRUTH)
        with connect(**knobs) as connection:
            take_in(connection, shop, raw, files.TABLES, yaml=yaml, **params.prepare.model_dump())
        with engine("duckdb", **knobs) as running:
            preprocess(running, at_cutoffs(params, n_cutoffs), shop)


def at_cutoffs(params, n_cutoffs):
    return params.model_copy(update={"cutoffs": params.cutoffs.model_copy(update={"n_train": n_cutoffs - 2})})


def fit_models(folder):
    params = read_params()
    with engine("duckdb", n_threads=params.n_threads, memory_gb=params.memory_gb) as running:
        rows, lines = (running.scan(folder / path) for path in (files.SPLIT, files.CLEAN / "order_lines.parquet"))
        models = fit_loyalty(rows, lines, lookback_days=params.cutoffs.lookback_days)
    files.write_json(models_as_json(models), folder / MODELS)


def run_alone(way, n_cutoffs, folder):
    """Return the times and the peak memory of one way in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engines", "--alone", way, str(n_cutoffs), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    printed, _ = process.communicate()
    memory.stop()
    if process.returncode:
        sys.exit(f"error: {way} ended with {process.returncode}")
    seconds, cpu_seconds = map(float, printed.splitlines()[-1].split())
    times = {"seconds": seconds, "cpu_seconds": cpu_seconds}
    return {"way": way, "n_cutoffs": n_cutoffs} | times | {"peak_gb": memory.peak / 1e9}


def now():
    """Return the wall clock's and this process's own seconds (of Spark, which is another, none)."""
    return np.array([time.perf_counter(), time.process_time()])


def written(folder, way, n_cutoffs):
    return folder / f"{way}_{n_cutoffs}.parquet"


def time_features(name, n_cutoffs, folder):
    """Describe the rows of the last ``n_cutoffs`` cutoffs; print the wall and processor time in seconds."""
    params, shop = read_params(), read_shop("simulated")
    knobs = {"n_threads": params.n_threads, "memory_gb": params.memory_gb, "spark_master": params.spark_master}
    with engine(name, **knobs) as running:
        began = now()
        tables = {table: running.scan(folder / files.CLEAN / f"{table}.parquet") for table in CLEAN_TABLES}
        rows, models = running.scan(folder / files.SPLIT), models_of_json(files.read_json(folder / MODELS))
        if n_cutoffs == 1:
            rows = rows.filter(nw.col("part") == "test")
        features, _ = describe(rows, tables, engine=running, bg_nbd=models, **asked_by(params, shop))
        running.write(features, written(folder, name, n_cutoffs), sort_by=("row_id",))
        print(*(now() - began))


def time_sql(folder):
    """Run the SQL written by hand; print the wall and processor time in seconds."""
    params = read_params()
    spans = [*params.featurize.windows_days, params.cutoffs.lookback_days]
    with connect(n_threads=params.n_threads, memory_gb=params.memory_gb) as connection:
        began = now()
        cutoff = connection.read_parquet(str(folder / files.SPLIT)).max("cutoff").fetchall()[0][0]
        asked = {"cutoff": cutoff, "spans_days": spans, "half_lives_days": params.featurize.half_lives_days}
        connection.execute(hand_written.MACROS)
        sql = hand_written.statement(folder / "data", **asked)
        connection.execute(f"COPY ({sql}) TO '{written(folder, BY_HAND, 1)}' (FORMAT parquet)")
        print(*(now() - began))


def check_equal(paths):
    """Check that all tables hold the first one's rows and columns with its values; they may hold more rows."""
    first, *others = (pd.read_parquet(path).set_index("row_id") for path in paths)
    for path, other in zip(paths[1:], others, strict=True):
        names = [name for name in first if name in other or not name.startswith("bg_nbd")]
        found = other.loc[first.index, names]
        pd.testing.assert_frame_equal(first[names], found, rtol=1e-12, atol=0, check_dtype=False, obj=path.name)


if __name__ == "__main__":
    if sys.argv[1:2] != ["--alone"]:
        main()
    elif sys.argv[2] == BY_HAND:
        time_sql(Path(sys.argv[4]))
    else:
        time_features(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
