"""Time the data stages on ever larger simulated shops: ``python -m benchmarks.scaling N_EVENTS [N_EVENTS ...]``.

For each size, in a temporary folder of its own: a shop is simulated (untimed), then prepare, preprocess and featurize
run with the committed params but MEMORY_GB, each in a process of its own. Writes the wall time, the processor time
and the peak memory of each to benchmarks/results/scaling.csv as soon as a size is done; a size that is there already
is not run again, so that a run that was cut off goes on where it was. ``growth`` is the wall time over that of the
smallest size, over the ratio of events, and ``cpu_growth`` the same of processor time, which other work on the
machine disturbs less: 1 is linear. The stage ``all`` is the three together. Draws benchmarks/results/scaling.png.
"""

import contextlib
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil
import pyarrow.parquet as pq
from matplotlib.ticker import EngFormatter, FixedLocator, LogLocator, NullLocator
from ruamel.yaml import YAML

from benchmarks.engines import EVENTS_PER_CUSTOMER
from benchmarks.pipeline import Memory
from purchase import files
from purchase.evaluation import style
from purchase.params import PARAMS, read_params
from purchase.simulation.writing import write_shop

RESULTS = Path("benchmarks/results/scaling.csv")
PICTURE = RESULTS.with_suffix(".png")
STAGES = ("prepare", "preprocess", "featurize")
ALL = "all"
MEMORY_GB = 8


def main():
    done = pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame(columns=["asked_events"])
    for n_events in sorted(map(int, sys.argv[1:])):
        if n_events in set(done.asked_events):
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = pd.DataFrame(time_stages(Path(folder), n_events)).assign(n_cpus=os.cpu_count())
        found["machine_gb"] = round(psutil.virtual_memory().total / 1e9, 1)
        done = with_growth(pd.concat([done, found], ignore_index=True) if len(done) else found)
        files.write_frame(done, RESULTS)
        draw(done, PICTURE)
    print(done.to_string(index=False))


def time_stages(folder, n_events):
    """Return a row a stage, and one of all: wall and processor time in seconds, and the most memory that it held."""
    write_raw(folder, n_events)
    rows = [{"asked_events": n_events, "stage": stage} | run_stage(stage, folder) for stage in STAGES]
    sums = {name: round(sum(row[name] for row in rows), 1) for name in ("seconds", "cpu_seconds")}
    rows.append({"asked_events": n_events, "stage": ALL} | sums | {"peak_gb": max(row["peak_gb"] for row in rows)})
    n_clean = pq.read_metadata(folder / files.CLEAN / "events.parquet").num_rows
    return [row | {"n_events": n_clean} for row in rows]


def write_raw(folder, n_events):
    """Simulate a shop of about so many events below ``folder``, beside the params and the shops' YAMLs."""
    (folder / "shops").symlink_to(Path("shops").resolve())
    params = YAML().load(PARAMS)
    YAML().dump(params | {"memory_gb": MEMORY_GB}, folder / PARAMS)
    with contextlib.chdir(folder):
        knobs = read_params().simulate.model_copy(update={"n_customers": n_events // EVENTS_PER_CUSTOMER})
        write_shop(knobs, raw=files.RAW / "simulated", truth=files.TRUTH)
    shutil.rmtree(folder / files.TRUTH)


def run_stage(stage, folder):
    began, cpu_before = time.perf_counter(), cpu_seconds_of_children()
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen([sys.executable, "-m", f"stages.{stage}"], cwd=folder, env=environment)
    memory = Memory(process.pid)
    if process.wait():
        sys.exit(f"error: {stage} ended with {process.returncode}")
    seconds = time.perf_counter() - began
    memory.stop()
    cpu_seconds = cpu_seconds_of_children() - cpu_before
    times = {"seconds": round(seconds, 1), "cpu_seconds": round(cpu_seconds, 1)}
    return times | {"peak_gb": round(memory.peak / 1e9, 2)}


def cpu_seconds_of_children():
    """Return the processor time, user's and system's, of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def with_growth(table):
    """Add ``growth`` and ``cpu_growth`` to each stage's rows, beside the smallest size."""
    table = table.sort_values(["asked_events", "stage"], kind="stable", ignore_index=True)
    first = table.groupby("stage").transform("first")
    more = table["n_events"] / first["n_events"]
    grown = {"growth": "seconds", "cpu_growth": "cpu_seconds"}
    return table.assign(**{name: (table[of] / first[of] / more).round(2) for name, of in grown.items()})


def draw(table, path):
    """Draw time and peak memory of each stage against the events; dotted, what would be linear."""
    machine = f"{table.n_cpus.iloc[-1]} cores, {table.machine_gb.iloc[-1]:.0f} GB of memory"
    with style.look():
        drawing, (times, peaks) = style.figure(width=11, height=4.5, ncols=2)
        for stage in (*STAGES, ALL):
            of_stage = table[table.stage == stage]
            (line,) = times.plot(of_stage.n_events, of_stage.seconds, "o-", label=stage)
            linear = of_stage.seconds.iloc[0] * of_stage.n_events / of_stage.n_events.iloc[0]
            times.plot(of_stage.n_events, linear, ":", color=line.get_color())
            if stage != ALL:
                peaks.plot(of_stage.n_events, of_stage.peak_gb, "o-")
        style.title(times, "Time, seconds", f"dotted: linear; {machine}")
        style.title(peaks, "Peak memory, GB", f"DuckDB's own limit: memory_gb, here {MEMORY_GB}")
        times.set(xscale="log", yscale="log", xlabel="events")
        peaks.set(xscale="log", ylim=(0, None), xlabel="events")
        times.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        times.yaxis.set_major_formatter("{x:.0f}")
        times.yaxis.set_minor_locator(NullLocator())
        for axis in (times.xaxis, peaks.xaxis):
            axis.set_major_locator(FixedLocator(table.n_events.unique()))
            axis.set_major_formatter(EngFormatter(places=1))
            axis.set_minor_locator(NullLocator())
        times.legend()
        style.save(drawing, path)


if __name__ == "__main__":
    main()
