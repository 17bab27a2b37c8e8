"""Time the default pipeline: cold, stage by stage, with its peak memory; then a no-op against an empty pipeline.

Run ``python -m benchmarks.pipeline`` from the repository's root: it works on a fresh clone of HEAD in a temporary
folder, with a cache of its own, and writes ``benchmarks/results/pipeline.csv`` and ``no_op.csv``. The empty
pipeline has as many stages, each of which runs ``true`` and depends on one small file, and the repository's own
settings of DVC: as ``dvc init`` leaves it, each command would also report usage to DVC's makers, for 0.04 s.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import yaml

RESULTS = Path(__file__).parent / "results"
N_PAIRS = 7


def main():
    with tempfile.TemporaryDirectory() as folder:
        full, empty = Path(folder, "full"), Path(folder, "empty")
        subprocess.run(["git", "clone", "-q", ".", str(full)], check=True)
        (full / "dvc.lock").unlink(missing_ok=True)
        stages = time_cold_run(full)
        make_empty_pipeline(empty, n_stages=len(stages))
        no_op = pd.concat([time_no_ops(full, empty, word) for word in ("repro", "status")], ignore_index=True)
    RESULTS.mkdir(exist_ok=True)
    stages.to_csv(RESULTS / "pipeline.csv", index=False)
    no_op.to_csv(RESULTS / "no_op.csv", index=False)
    print(stages.to_string(index=False))
    print(f"cold run: {stages.seconds.sum() / 60:.1f} min, peak memory {stages.peak_gb.max():.2f} GB")
    print(no_op.to_string(index=False))
    for command, pairs in no_op.groupby("command"):
        ratio = statistics.median(pairs.full_seconds / pairs.empty_seconds)
        print(
            f"no-op {command} over an empty pipeline of {len(stages)} stages: {ratio:.2f} times (median of {N_PAIRS})"
        )


def dvc(*words):
    """The words of a dvc call and the environment that puts this Python first."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return [sys.executable, "-m", "dvc", *words], {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


def time_cold_run(folder):
    """Return a row a stage: its wall time in seconds, and the most memory that all its processes held at once."""
    command, environment = dvc("repro")
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
    memory = Memory(process.pid)
    rows, began = [], time.perf_counter()
    for line in process.stdout:
        if line.startswith("Running stage '"):
            close(rows, began, memory)
            rows.append({"stage": line.split("'")[1]})
            began = time.perf_counter()
    if process.wait():
        sys.exit(f"error: dvc repro ended with {process.returncode} in {rows[-1:]}")
    close(rows, began, memory)
    memory.stop()
    return pd.DataFrame(rows)


def close(rows, began, memory):
    peak = memory.peak_since_last_call()
    if rows:
        rows[-1] |= {"seconds": round(time.perf_counter() - began, 1), "peak_gb": round(peak / 1e9, 2)}


class Memory(threading.Thread):
    """Samples the resident memory of a process and all its children, five times a second."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.root, self.peak, self.stopped = psutil.Process(pid), 0, threading.Event()
        self.start()

    def run(self):
        while not self.stopped.wait(0.2):
            self.peak = max(self.peak, self.sample())

    def sample(self):
        total = 0
        try:
            for process in [self.root, *self.root.children(recursive=True)]:
                total += process.memory_info().rss
        except psutil.NoSuchProcess:  # it ended while we looked; the next sample counts the rest
            return total
        return total

    def peak_since_last_call(self):
        peak, self.peak = self.peak, 0
        return peak

    def stop(self):
        self.stopped.set()
        self.join()


def make_empty_pipeline(folder, *, n_stages):
    folder.mkdir()
    (folder / "input.txt").write_text("nothing changes here\n", encoding="utf-8")
    stages = {f"stage{i}": {"cmd": "true", "deps": ["input.txt"]} for i in range(n_stages)}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    for command in (["git", "init", "-q"], dvc("init", "-q")[0]):
        subprocess.run(command, cwd=folder, env=dvc()[1], check=True)
    shutil.copy(".dvc/config", folder / ".dvc/config")
    subprocess.run(dvc("repro", "-q")[0], cwd=folder, env=dvc()[1], check=True)


def time_no_ops(full, empty, word):
    """Return the wall times of a no-op ``dvc <word>`` in both, in turn, so that drift of the machine hits both."""
    rows = []
    for _ in range(N_PAIRS + 1):  # the first pair warms the disk cache
        row = {"command": f"dvc {word}"}
        for name, folder in (("full", full), ("empty", empty)):
            command, environment = dvc(word)
            began = time.perf_counter()
            subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
            row[f"{name}_seconds"] = round(time.perf_counter() - began, 2)
        rows.append(row)
    return pd.DataFrame(rows[1:])


if __name__ == "__main__":
    main()
