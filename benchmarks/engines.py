"""Time the features of one cutoff on each engine: ``python -m benchmarks.engines [n_events] [engine ...]``.

By default 5,000,000 events and duckdb, polars, pandas. The simulated shop is made, prepared and cleaned once (by
DuckDB, in a temporary folder); then each engine in turn, in a process of its own, reads the clean tables, describes
every customer at the test cutoff and writes the table, three times over. Checks that all wrote the same, and writes the
medians of the wall time (without the start of Python or of Spark) and the peak memory of all processes to
benchmarks/results/engines.csv.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import narwhals as nw
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.pipeline import Memory
from purchase import files
from purchase.engines.duckdb import connect
from purchase.engines.registry import engine
from purchase.features.build import describe
from purchase.intake.take_in import take_in
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.simulation.writing import write_shop
from stages.featurize import CLEAN_TABLES
from stages.preprocess import preprocess

RESULTS = Path("benchmarks/results/engines.csv")
EVENTS_PER_CUSTOMER = 50  # of the simulated shop with the committed params
N_ROUNDS = 3


def main():
    n_events = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    engines = sys.argv[2:] or ["duckdb", "polars", "pandas"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        make_clean_tables(Path(folder), n_customers=n_events // EVENTS_PER_CUSTOMER)
        for _ in range(N_ROUNDS):
            rows += [run_alone(name, Path(folder)) for name in engines]
        check_equal([Path(folder, f"{name}.parquet") for name in engines])
        n_events = pq.read_metadata(Path(folder, files.CLEAN, "events.parquet")).num_rows
        n_rows = pq.read_metadata(Path(folder, f"{engines[0]}.parquet")).num_rows
    medians = pd.DataFrame(rows).groupby("engine", sort=False).median().round(2)
    medians["over_slowest"] = (medians.seconds / medians.seconds.max()).round(2)
    medians = medians.assign(n_events=n_events, n_rows=n_rows, n_rounds=N_ROUNDS, n_cpus=os.cpu_count()).reset_index()
    files.write_frame(medians, RESULTS)
    print(medians.to_string(index=False))


def make_clean_tables(folder, *, n_customers):
    """Simulate, prepare and preprocess, all below ``folder``."""
    params, shop, yaml = read_params(), read_shop("simulated"), str(Path("shops/simulated.yaml").resolve())
    raw, knobs = files.RAW / "simulated", {"n_threads": params.n_threads, "memory_gb": params.memory_gb}
    with contextlib.chdir(folder):
        write_shop(params.simulate.model_copy(update={"n_customers": n_customers}), raw=raw, truth=files.TRUTH)
        with connect(**knobs) as connection:
            take_in(connection, shop, raw, files.TABLES, yaml=yaml, **params.prepare.model_dump())
        with engine("duckdb", **knobs) as running:
            preprocess(running, params, shop)


def run_alone(name, folder):
    """Return the wall time and the peak memory of one engine in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.engines", "--alone", name, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    printed, _ = process.communicate()
    memory.stop()
    if process.returncode:
        sys.exit(f"error: {name} ended with {process.returncode}")
    return {"engine": name, "seconds": float(printed.splitlines()[-1]), "peak_gb": memory.peak / 1e9}


def time_features(name, folder):
    """Describe the rows of the test part, and print the seconds that it took."""
    params, shop = read_params(), read_shop("simulated")
    knobs = {"n_threads": params.n_threads, "memory_gb": params.memory_gb, "spark_master": params.spark_master}
    with engine(name, **knobs) as running:
        began = time.perf_counter()
        tables = {table: running.scan(folder / files.CLEAN / f"{table}.parquet") for table in CLEAN_TABLES}
        features, _ = describe(
            running.scan(folder / files.SPLIT).filter(nw.col("part") == "test"),
            tables,
            task=shop.task,
            scoring_moment=shop.scoring_moment,
            windows_days=params.featurize.windows_days,
            lookback_days=params.cutoffs.lookback_days,
            time_zone=shop.time_zone,
            extras={"customers": {}, "sessions": {}},
        )
        running.write(features, folder / f"{name}.parquet", sort_by=("row_id",))
        print(time.perf_counter() - began)


def check_equal(paths):
    first, *others = (pd.read_parquet(path) for path in paths)
    for path, other in zip(paths[1:], others, strict=True):
        pd.testing.assert_frame_equal(first, other, rtol=1e-12, atol=0, obj=path.name)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        time_features(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
