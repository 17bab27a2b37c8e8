"""Write a large simulated shop on one core: ``python -m benchmarks.simulation [n_customers]`` (default 2,000,000).

Two million customers make about 100 million events, dirt and truth included (12 GB below the temporary folder). Prints,
and writes to benchmarks/results/simulation.csv, the events, the wall time and the peak memory of the process.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from purchase.files import write_frame
from purchase.params import read_params
from purchase.simulation.writing import write_shop

RESULTS = Path("benchmarks/results/simulation.csv")


def main():
    n_customers = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    params = read_params().simulate.model_copy(update={"n_customers": n_customers})
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        raw, truth = Path(folder, "raw"), Path(folder, "truth")
        began = time.perf_counter()
        write_shop(params, raw=raw, truth=truth)
        seconds = time.perf_counter() - began
        with (raw / "events.csv").open("rb") as lines:
            n_events = sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 24), b"")) - 1
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    row = {"n_customers": n_customers, "n_events": n_events, "seconds": round(seconds, 1), "peak_gb": round(peak_gb, 2)}
    write_frame(pd.DataFrame([row]), RESULTS)
    print(row, f"{n_events / seconds:,.0f} events a second on one core")


if __name__ == "__main__":
    main()
