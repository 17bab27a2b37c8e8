"""Time the insights of a large shop: ``python -m benchmarks.insights [N_CUSTOMERS ...]`` (1,000,000).

Run it after ``dvc repro`` of the simulated shop. Its clean tables, features and predictions are written many times,
each time under new ids of customers, orders and rows, until the test cutoff has so many customers; products, dates and
the model stay. So every count is that of a larger shop, but no customer has a habit that the simulated shop's have not.
The stage ``insights``, which writes targets, segments and all else, then runs on them in a process of its own. Its wall
time, processor time and peak memory go to benchmarks/results/insights.csv.
"""

import os
import resource
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from benchmarks.scaling import run_stage
from purchase import files

RESULTS = Path("benchmarks/results/insights.csv")
COPIED = [
    *(files.CLEAN / f"{name}.parquet" for name in ("events", "orders", "order_lines")),
    *(files.FEATURES / f"{part}.parquet" for part in ("train", "validation", "test")),
    files.PREDICTIONS / "test.parquet",
    files.TRUTH / "customer_propensity.parquet",
]
SHARED = [
    *(Path(name) for name in ("shops", "params.yaml", "dvc.lock", "models", "plots/importance.csv")),
    *(files.FEATURES / name for name in ("bg_nbd.json", "dictionary.csv")),
]
IDS = ("customer_id", "order_id", "row_id", "session_id")
MOST_GROUPS = 100_000_000  # of a copy; groups are numbered from 0


def main():
    rows = [time_insights(int(n)) for n in sys.argv[1:] or ["1000000"]]
    table = pd.DataFrame(rows).assign(n_cpus=os.cpu_count())
    files.write_frame(table, RESULTS)
    print(table.to_string(index=False))


def time_insights(n_customers):
    """Return the stage's time and memory on a shop of at least ``n_customers`` at the test cutoff."""
    n_once = pq.read_metadata(files.PREDICTIONS / "test.parquet").num_rows
    n_copies = -(-n_customers // n_once)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in SHARED:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(path.resolve())
        for path in tqdm(COPIED, desc="copies", disable=None):
            write_copies(path, folder / path, n_copies)
        before = processor_seconds()
        found = run_stage("insights", folder)
        n_targets = sum(1 for _ in (folder / files.INSIGHTS / "targets.csv").open("rb")) - 1
    return {"n_customers": n_targets, "cpu_seconds": round(processor_seconds() - before, 1)} | found


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_copies(source, target, n_copies):
    """Write a table ``n_copies`` times below one another, each with ids and groups of its own."""
    table = pq.read_table(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(target, table.schema) as writer:
        for number in range(n_copies):
            writer.write_table(with_own_ids(table, number))


def with_own_ids(table, number):
    for place, field in enumerate(table.schema):
        if field.name in IDS:
            ids = pc.binary_join_element_wise(table[field.name].cast("string"), f"-{number}", "")
            table = table.set_column(place, field, ids.cast(field.type))
        elif field.name == "group":
            table = table.set_column(place, field, pc.add(table["group"], number * MOST_GROUPS))
    return table


if __name__ == "__main__":
    main()
