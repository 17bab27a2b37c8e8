"""Time preprocess and featurize on each engine as shops grow: ``python -m benchmarks.when_to_switch [N_EVENTS ...]``.

1, 3 and 10 million events unless said otherwise. For each size, in a temporary folder, a shop is simulated and prepared
once (untimed); then DuckDB, Polars and Spark (``local[2]``) run both stages with the committed params, each stage a
process of its own, from the start of Python to the last file written. What Polars and Spark wrote is checked against
what DuckDB did: the same rows in the same order, whole numbers and texts equal, ratios to 1e-12. Writes the wall time
and the peak memory of all processes, Java's included, to benchmarks/results/when_to_switch.csv when a size is done.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import psutil
import pyarrow.parquet as pq
import yaml

from benchmarks.scaling import run_stage, write_raw
from purchase import files

RESULTS = Path("benchmarks/results/when_to_switch.csv")
ENGINES = ("duckdb", "polars", "pyspark")
STAGES = ("preprocess", "featurize")
WRITTEN = (files.CLEAN, files.FEATURES, files.SPLIT)


def main():
    sizes = [int(size) for size in sys.argv[1:]] or [1_000_000, 3_000_000, 10_000_000]
    done = []
    for n_events in sizes:
        with tempfile.TemporaryDirectory() as folder:
            done += time_engines(Path(folder), n_events)
        machine = {"n_cpus": os.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9, 1)}
        files.write_frame(pd.DataFrame(done).assign(**machine), RESULTS)
    print(pd.DataFrame(done).to_string(index=False))


def time_engines(folder, n_events):
    """Return a row an engine and stage: its wall time in seconds, and the most memory that it held."""
    write_raw(folder, n_events)
    run_stage("prepare", folder)
    rows = []
    for name in ENGINES:
        choose(name, folder)
        for stage in STAGES:
            found = run_stage(stage, folder)
            rows.append({"engine": name, "stage": stage, "seconds": found["seconds"], "peak_gb": found["peak_gb"]})
            print(n_events, rows[-1], flush=True)
        for path in WRITTEN:
            shutil.move(folder / path, folder / name / path.name)
        if name != ENGINES[0]:
            check_equal(folder / ENGINES[0], folder / name)
            shutil.rmtree(folder / name)
    n_clean = pq.read_metadata(folder / ENGINES[0] / files.CLEAN.name / "events.parquet").num_rows
    return [{"n_events": n_clean} | row for row in rows]


def choose(name, folder):
    """Write the committed params with another engine to the folder, and make room for what it will write."""
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8")) | {"engine": name}
    (folder / "params.yaml").unlink()
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (folder / name).mkdir()


def check_equal(first, other):
    """Raise if a Parquet file below ``other`` does not say the same as that below ``first``."""
    paths = sorted(path.relative_to(first) for path in first.rglob("*.parquet"))
    if paths != sorted(path.relative_to(other) for path in other.rglob("*.parquet")):
        raise AssertionError(f"{other.name} did not write the files that {first.name} wrote")
    for path in paths:
        tables = [duckdb.read_parquet(str(folder / path)) for folder in (first, other)]
        kinds, others_kinds = (dict(zip(table.columns, map(str, table.types), strict=True)) for table in tables)
        if kinds != others_kinds or len(tables[0]) != len(tables[1]):
            raise AssertionError(f"{path} has other columns or rows on {other.name} than on {first.name}")
        if different := n_different(first / path, other / path, kinds):
            raise AssertionError(f"{different:,} rows of {path} are others on {other.name} than on {first.name}")


def n_different(one, other, kinds):
    """Return how many rows of two files of as many rows differ in some column."""
    differs = [_differs(f'"{name}"', ratio=kind == "DOUBLE") for name, kind in kinds.items()]
    rows = f"read_parquet('{one}') AS a POSITIONAL JOIN read_parquet('{other}') AS b"
    return duckdb.execute(f"SELECT count(*) FROM {rows} WHERE {' OR '.join(differs)}").fetchall()[0][0]


def _differs(name, *, ratio):
    a, b = f"a.{name}", f"b.{name}"
    if not ratio:
        return f"{a} IS DISTINCT FROM {b}"
    return f"(({a} IS NULL) <> ({b} IS NULL) OR abs({a} - {b}) > 1e-12 * greatest(abs({a}), abs({b})))"


if __name__ == "__main__":
    main()
