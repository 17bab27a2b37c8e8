"""Time each family with its default settings on 100,000 rows of 200 columns: `python -m benchmarks.families`.

Families that are named after the command are timed alone, and the rows of the others stay as they were.

180 numbers (a tenth of the values missing, half of the columns counts with many zeros) and 20 categories of 5 to 300
values; 5 % of the rows are positive, by a few of the columns. One fit of all rows with ``train``'s settings of
params.yaml, preparation included, and then a prediction for the same rows, both on ``n_threads`` of params.yaml.

Writes benchmarks/results/families.csv: wall and processor seconds of the fit, rows predicted a second of either.
"""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks.online_shoppers import write_families
from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.registry import family_module, predict
from purchase.params import FAMILIES, read_params

RESULTS = Path("benchmarks/results/families.csv")
N_ROWS, N_NUMBERS, N_CATEGORIES, SHARE = 100_000, 180, 20, 0.05


def wide_table(n_rows=N_ROWS, seed=0):
    """Return the features, and the labels of shape (n_rows,)."""
    draw = np.random.default_rng(seed)
    log_odds, columns = np.zeros(n_rows), {}
    for place in range(N_NUMBERS):
        values = draw.lognormal(size=n_rows) if place % 2 else draw.poisson(0.7, n_rows).astype("float64")
        if place < 10:
            log_odds += draw.normal() * np.log1p(values)
        values[draw.random(n_rows) < 0.1] = np.nan
        columns[f"number_{place}"] = values
    for place, n_values in enumerate(np.geomspace(5, 300, N_CATEGORIES).astype(int)):
        codes = draw.zipf(1.5, n_rows) % n_values
        if place < 5:
            log_odds += draw.normal(size=n_values)[codes]
        columns[f"category_{place}"] = np.char.add("v", codes.astype(str))
    noisy = log_odds + draw.logistic(size=n_rows)
    return pd.DataFrame(columns), (noisy > np.quantile(noisy, 1 - SHARE)).astype("int8")


def time_family(frame, label, family, *, params):
    """Return a row: family, fit_seconds, fit_cpu_seconds, rows_per_second, rows_per_cpu_second."""
    module = family_module(family)  # TensorFlow is loaded before the clock runs
    pipeline = module.build(getattr(params.train, family), seed=params.seed, n_threads=params.n_threads)
    with threadpool_limits(params.n_threads):
        fit, fit_cpu = _timed(lambda: pipeline.fit(frame, label))
        scored, scored_cpu = _timed(lambda: predict(family, pipeline, frame))
    return {
        "family": family,
        "n_rows": len(frame),
        "n_columns": frame.shape[1],
        "fit_seconds": round(fit, 1),
        "fit_cpu_seconds": round(fit_cpu, 1),
        "rows_per_second": round(len(frame) / scored),
        "rows_per_cpu_second": round(len(frame) / scored_cpu),
    }


def _timed(call):
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def main():
    table, label = wide_table()
    frame, params = feature_frame(table, feature_kinds(table)), read_params()
    families = sys.argv[1:] or FAMILIES
    rows = [time_family(frame, label, family, params=params) for family in tqdm(families, disable=None)]
    found = write_families(pd.DataFrame(rows), RESULTS)
    print(found.to_string(index=False))


if __name__ == "__main__":
    main()
