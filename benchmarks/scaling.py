"""Time the data stages on ever larger simulated shops: ``python -m benchmarks.scaling N_EVENTS [N_EVENTS ...]``.

For each size, in a temporary folder of its own: a shop is simulated (untimed), then prepare, preprocess and featurize
run with the committed params, each in a process of its own. Writes the wall time and the peak memory of each to
benchmarks/results/scaling.csv as soon as a size is done; a size that is there already is not run again, so that a run
that was cut off goes on where it was. ``growth`` is the time over that of the smallest size, over the ratio of events:
1 is linear.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.engines import EVENTS_PER_CUSTOMER
from benchmarks.pipeline import Memory
from purchase import files
from purchase.params import read_params
from purchase.simulation.writing import write_shop

RESULTS = Path("benchmarks/results/scaling.csv")
STAGES = ("prepare", "preprocess", "featurize")


def main():
    done = pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame(columns=["asked_events"])
    for n_events in sorted(map(int, sys.argv[1:])):
        if n_events in set(done.asked_events):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = pd.DataFrame(time_stages(Path(folder), n_events)).assign(n_cpus=os.cpu_count())
        done = with_growth(pd.concat([done, found], ignore_index=True) if len(done) else found)
        files.write_frame(done, RESULTS)
    print(done.to_string(index=False))


def time_stages(folder, n_events):
    """Return a row a stage: its wall time in seconds, and the most memory that it held."""
    for name in ("shops", "params.yaml"):
        (folder / name).symlink_to(Path(name).resolve())
    with contextlib.chdir(folder):
        knobs = read_params().simulate.model_copy(update={"n_customers": n_events // EVENTS_PER_CUSTOMER})
        write_shop(knobs, raw=files.RAW / "simulated", truth=files.TRUTH)
    shutil.rmtree(folder / files.TRUTH)
    rows = [{"asked_events": n_events, "stage": stage} | run_stage(stage, folder) for stage in STAGES]
    n_clean = pq.read_metadata(folder / files.CLEAN / "events.parquet").num_rows
    return [row | {"n_events": n_clean} for row in rows]


def run_stage(stage, folder):
    began = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen([sys.executable, "-m", f"stages.{stage}"], cwd=folder, env=environment)
    memory = Memory(process.pid)
    if process.wait():
        sys.exit(f"error: {stage} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    memory.stop()
    return {"seconds": round(seconds, 1), "peak_gb": round(memory.peak / 1e9, 2)}


def with_growth(table):
    """Add ``growth`` to each stage's rows, beside the smallest size."""
    table = table.sort_values(["asked_events", "stage"], kind="stable", ignore_index=True)
    first = table.groupby("stage").transform("first")
    growth = (table["seconds"] / first["seconds"]) / (table["n_events"] / first["n_events"])
    return table.assign(growth=growth.round(2))


if __name__ == "__main__":
    main()
