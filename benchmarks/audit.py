"""Time the audit of the small shop against a plain run of it, in turn.

Run ``python -m benchmarks.audit`` from the repository's root: both work on copies of the work tree in temporary
folders, and ``benchmarks/results/audit.csv`` gets a row a pair of runs.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from tests.pipeline.clone import SMALL, Clone

RESULTS = Path(__file__).parent / "results"
N_PAIRS = 3


def main():
    rows = pd.DataFrame([{"plain_seconds": time_plain(), "audit_seconds": time_audit()} for _ in range(N_PAIRS)])
    rows.to_csv(RESULTS / "audit.csv", index=False)
    print(rows.to_string(index=False))
    ratio = statistics.median(rows.audit_seconds / rows.plain_seconds)
    print(f"the audit over a plain run: {ratio:.2f} times (median of {N_PAIRS})")


def time_plain():
    """Return the wall time of ``dvc repro`` of the small shop, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(folder)
        clone.set(SMALL)
        began = time.perf_counter()
        clone.dvc("repro")
        return round(time.perf_counter() - began, 1)


def time_audit():
    """Return the wall time of the whole command: copy, run under watch, comparison."""
    changes = [word for key, value in SMALL.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "purchase.audit", *changes], check=True, capture_output=True)
    return round(time.perf_counter() - began, 1)


if __name__ == "__main__":
    main()
