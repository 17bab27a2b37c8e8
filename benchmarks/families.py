"""Time each family with its default settings on a wide table: ``python -m benchmarks.families [N_ROWS] [FAMILY ...]``.

100,000 rows of 200 columns unless said otherwise, and all families, with the ensemble. The linear and the boosting
families are to train on a million rows within 12 GB::

    python -m benchmarks.families 1000000 logistic_regression xgboost lightgbm

180 numbers (a tenth of the values missing, half of the columns counts with many zeros) and 20 categories of 5 to 300
values; 5 % of the rows are positive, by a few of the columns. One fit of all rows with ``train``'s settings of
params.yaml, and then predictions for the same rows, both with their preparation and on ``n_threads`` of params.yaml.
``ensemble`` is the mean of a model of each family, where the stage ``ensemble`` leaves out those without a weight.

Each runs in a process of its own. Writes benchmarks/results/families.csv, a row a family and number of rows, others
stay: wall and processor seconds of the fit, rows predicted a second of either (the median of N_ROUNDS), and the most
memory that the process held, with the table itself (1.6 GB for a million rows) and the libraries.
"""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from benchmarks.pipeline import Memory
from purchase.files import write_frame
from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.ensemble import Ensemble
from purchase.models.registry import family_module
from purchase.models.store import Model
from purchase.params import FAMILIES, read_params

RESULTS = Path("benchmarks/results/families.csv")
N_ROWS, N_NUMBERS, N_CATEGORIES, SHARE = 100_000, 180, 20, 0.05
N_ROUNDS = 3
NAMES = (*FAMILIES, Ensemble.family)


def main():
    n_rows, names = asked(sys.argv[1:])
    for name in tqdm(names, disable=None):
        found = with_others(pd.DataFrame([run_alone(name, n_rows)]), RESULTS)
        write_frame(found, RESULTS)
    print(found.to_string(index=False))


def asked(words):
    """Return the number of rows and the names that the command asks for."""
    n_rows = int(words.pop(0)) if words and words[0].isdigit() else N_ROWS
    return n_rows, words or NAMES


def run_alone(name, n_rows):
    """Return the row of a family in a process of its own, with the most memory that it held."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        memory = Memory(pool.submit(os.getpid).result())
        row = pool.submit(time_family, name, n_rows).result()
        memory.stop()
    return row | {"peak_gb": round(memory.peak / 1e9, 2)}


def time_family(name, n_rows):
    """Return a row: family, n_rows, n_columns, seconds of the fit, and rows that are predicted a second."""
    (table, label), params = wide_table(n_rows), read_params()
    families = FAMILIES if name == Ensemble.family else [name]
    for family in families:
        family_module(family)  # TensorFlow is loaded before the clock runs
    fit, fit_cpu, models = _timed(lambda: {family: fitted(family, table, label, params) for family in families})
    model = Ensemble(dict.fromkeys(models, 1 / len(models)), models) if name == Ensemble.family else models[name]
    scored = [_timed(lambda: model.predict_propensity(table))[:2] for _ in range(N_ROUNDS)]
    wall, processor = np.median(scored, axis=0)
    return {
        "family": name,
        "n_rows": n_rows,
        "n_columns": table.shape[1],
        "fit_seconds": round(fit, 1),
        "fit_cpu_seconds": round(fit_cpu, 1),
        "rows_per_second": round(n_rows / wall),
        "rows_per_cpu_second": round(n_rows / processor),
    }


def fitted(family, table, label, params):
    """Return a family fitted on all rows, as the stage ``train`` fits it after its folds; without a calibrator."""
    settings, kinds = getattr(params.train, family), feature_kinds(table)
    pipeline = family_module(family).build(settings, seed=params.seed, n_threads=params.n_threads)
    with threadpool_limits(params.n_threads):
        pipeline.fit(feature_frame(table, kinds), label)
    return Model(family, settings, kinds, pipeline, None, params.n_threads)


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
    return pd.DataFrame(columns, copy=False), (noisy > np.quantile(noisy, 1 - SHARE)).astype("int8")


def _timed(call):
    wall, processor = time.perf_counter(), time.process_time()
    returned = call()
    return time.perf_counter() - wall, time.process_time() - processor, returned


def with_others(found, path):
    """Return the rows found with those that the file holds of other families and numbers of rows, in order."""
    if path.exists():
        found = pd.concat([found, pd.read_csv(path)]).drop_duplicates(["family", "n_rows"])
    order = found["family"].map(NAMES.index)
    return found.assign(order=order).sort_values(["n_rows", "order"], ignore_index=True).drop(columns="order")


if __name__ == "__main__":
    main()
