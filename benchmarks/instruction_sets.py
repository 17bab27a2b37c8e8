"""Which bytes depend on the processor: a small run of the pipeline under each library's narrower instructions.

Run ``python -m benchmarks.instruction_sets``: it reproduces HEAD on a small shop in temporary folders, first as
purchase/files.py settles it (AVX2 on every x86-64 processor), then with one library at a time, and at last all of them,
held to what processors before AVX2 have, which is as different as two processors that it runs on can be. It writes
``benchmarks/results/instruction_sets.csv``: how many outs have other bytes, and by how much metrics differ.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from ruamel.yaml import YAML

from purchase.files import read_yaml
from purchase.rebuild import DATA_STAGES, compare_metrics, read_metrics

RESULTS = Path(__file__).parent / "results"
SMALL = {"simulate": {"n_customers": 4000}, "cutoffs": {"n_train": 3}, "fit": {"n_folds": 2}}
NARROWER = {
    "BLAS (OpenBLAS)": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "NumPy": {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"},
    "the C library's exp, log and pow (glibc)": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"},
    "TensorFlow (oneDNN)": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
}
WIDEST = {"OPENBLAS_CORETYPE": "", "NPY_DISABLE_CPU_FEATURES": "", "ONEDNN_MAX_CPU_ISA": "DEFAULT"}


def main():
    everything = {name: value for settings in NARROWER.values() for name, value in settings.items()}
    runs = NARROWER | {"all four": everything, "the widest that this processor has": WIDEST}
    with tempfile.TemporaryDirectory() as folder:
        outs, metrics = reproduce(Path(folder) / "settled", {})
        rows = []
        for number, (what, settings) in enumerate(runs.items()):
            other_outs, other_metrics = reproduce(Path(folder) / str(number), settings)
            differ = [key for key in outs if outs[key] != other_outs[key]]
            largest, beyond = compare_metrics(metrics, other_metrics)
            rows.append(
                {
                    "other_instructions_in": what,
                    "n_outs": len(outs),
                    "n_other_bytes": len(differ),
                    "n_other_bytes_of_data": sum(stage in DATA_STAGES for stage, _ in differ),
                    "largest_relative_difference_of_a_metric": float(f"{largest:.1e}"),
                    "n_metrics_beyond_a_millionth": len(beyond),
                }
            )
            print(rows[-1], *beyond[:3], flush=True)
    RESULTS.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(RESULTS / "instruction_sets.csv", index=False)


def reproduce(clone, settings):
    """Run a clone of HEAD on the small shop; return {(stage, out): hash} and its metrics."""
    subprocess.run(["git", "clone", "-q", ".", str(clone)], check=True)
    yaml = YAML()
    params = yaml.load(clone / "params.yaml")
    for section, changes in SMALL.items():
        params[section].update(changes)
    yaml.dump(params, clone / "params.yaml")
    (clone / "dvc.lock").unlink()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, **settings}
    subprocess.run(
        [sys.executable, "-m", "dvc", "repro"], cwd=clone, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    stages = read_yaml(clone / "dvc.lock")["stages"]
    outs = {(stage, out["path"]): out["md5"] for stage, entry in stages.items() for out in entry["outs"]}
    return outs, read_metrics(clone)


if __name__ == "__main__":
    main()
