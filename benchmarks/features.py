"""Are the features worth it? ``REAL_DATA=... python -m benchmarks.features [PYTHON of Featuretools]``.

On Online Retail (orders in the next 30 days, a lookback of 365, the last cutoff for test): LightGBM on the
features, against BG/NBD, against recency, frequency and money alone, and, with the Python of an
environment with benchmarks/requirements-featuretools.txt, against LightGBM on what deep feature synthesis makes of the
same tables at the same cutoffs. All are fitted on all cutoffs before the test and calibrated on their
folds; settings that differ from the default were chosen on the last of those (docs/experiments.md). Writes the test
metrics and the differences, each with a paired bootstrap interval over customers, to
benchmarks/results/features.csv, and the times of both ways of making features to
benchmarks/results/featuretools.csv.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from purchase import files
from purchase.cleaning.split import PARTS
from purchase.engines.duckdb import connect
from purchase.engines.registry import engine
from purchase.evaluation.baselines import BG_NBD, fit_baselines
from purchase.evaluation.bootstrap import bootstrap_metrics, percentile_interval
from purchase.evaluation.metrics import METRICS, metrics_at
from purchase.features.bg_nbd import models_of_json
from purchase.features.build import asked_by, describe
from purchase.intake.take_in import take_in
from purchase.models.folds import make_folds
from purchase.models.training import fit_model
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.tables import KEY_COLUMNS
from stages.featurize import CLEAN_TABLES, featurize
from stages.preprocess import preprocess

SHOP, FILE = "online_retail", "online_retail.csv.gz"
LOOKBACK_DAYS, WINDOWS_DAYS = 365, [7, 30, 90, 180]  # better on validation than the default (docs/experiments.md)
LIGHTGBM = {"num_leaves": 7, "learning_rate": 0.03}  # likewise
RESULTS = Path("benchmarks/results")
SHOWN = ("roc_auc", "average_precision", "log_loss")
OURS, DEEP, MONEY = "lightgbm/ours", "lightgbm/featuretools", "recency_frequency_money"
N_ROUNDS = 3


def main():
    params = params_of_shop()
    with tempfile.TemporaryDirectory() as folder:
        make_features(Path(folder), params)
        features = read_features(Path(folder))
        propensities = propensities_of_ours(features, params)
        if sys.argv[1:]:
            times, deep = run_featuretools(sys.argv[1], Path(folder), params)
            deep = {part: rows[list(KEY_COLUMNS)].merge(deep, on="row_id") for part, rows in features.items()}
            propensities[DEEP] = fitted(deep, params, "lightgbm")
            files.write_frame(times, RESULTS / "featuretools.csv")
            print(times.to_string(index=False))
    table = compare(features["test"], propensities, params)
    files.write_frame(table, RESULTS / "features.csv")
    print(table.to_string(index=False))


def params_of_shop():
    params = read_params()
    return params.model_copy(
        update={
            "shop": SHOP,
            "train": params.train.model_copy(update={"lightgbm": params.train.lightgbm.model_copy(update=LIGHTGBM)}),
            "cutoffs": params.cutoffs.model_copy(update={"lookback_days": LOOKBACK_DAYS}),
            "featurize": params.featurize.model_copy(update={"windows_days": WINDOWS_DAYS}),
        }
    )


def make_features(folder, params):
    """Run the data stages on Online Retail below ``folder``."""
    raw = folder / "raw"
    raw.mkdir()
    (raw / FILE).symlink_to(Path(os.environ["REAL_DATA"], FILE).resolve())
    run_data_stages(folder, read_shop(SHOP), raw, params)


def run_data_stages(folder, shop, raw, params):
    """Run prepare, preprocess and featurize below ``folder`` on a shop whose raw files lie in the folder ``raw``."""
    yaml = str(Path(f"shops/{params.shop}.yaml").resolve())
    knobs = {"n_threads": params.n_threads, "memory_gb": params.memory_gb}
    with contextlib.chdir(folder):
        with connect(**knobs) as connection:
            take_in(connection, shop, raw, files.TABLES, yaml=yaml, **params.prepare.model_dump())
        with engine("duckdb", **knobs) as running:
            preprocess(running, params, shop)
            featurize(running, params, shop)


def read_features(folder):
    """Return the feature tables of the rows to learn from, validation among them, and of the test rows."""
    parts = {part: files.read_frame(folder / files.FEATURES / f"{part}.parquet") for part in PARTS}
    return {"train": pd.concat([parts["train"], parts["validation"]], ignore_index=True), "test": parts["test"]}


def propensities_of_ours(features, params):
    """Return {model: propensities of the test rows}."""
    money = ["days_since_order", f"n_orders_{LOOKBACK_DAYS}d", f"revenue_cents_{LOOKBACK_DAYS}d"]
    alone = {part: rows[[*KEY_COLUMNS, *money]] for part, rows in features.items()}
    return {
        OURS: fitted(features, params, "lightgbm"),
        BG_NBD: fit_baselines(features["train"])[BG_NBD].predict_propensity(features["test"]),
        f"logistic_regression/{MONEY}": fitted(alone, params, "logistic_regression"),
        f"lightgbm/{MONEY}": fitted(alone, params, "lightgbm"),
    }


def fitted(features, params, family):
    """Fit a family on the training part as the stage ``train`` does, and score the test part."""
    train, cutoffs = features["train"], params.cutoffs
    folds = make_folds(train, n_folds=params.fit.n_folds, horizon_days=cutoffs.horizon_days, seed=params.seed)
    more = {"calibration": params.fit.calibration, "seed": params.seed, "n_threads": params.n_threads}
    model, _ = fit_model(train, getattr(params.train, family), family=family, folds=folds, **more)
    return model.predict_propensity(features["test"])


def run_featuretools(python, folder, params):
    """Return the seconds that each takes to describe all rows, and Featuretools' features of them.

    Ours run before it and after it, so that a machine that others use too slows both.
    """
    out, engines = folder / "deep.parquet", ("duckdb", "polars")
    command = [python, "benchmarks/deep_features.py", str(folder / "data"), str(out), str(LOOKBACK_DAYS)]
    runs = [time_ours(name, folder, params) for name in engines for _ in range(N_ROUNDS)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    runs += [time_ours(name, folder, params) for name in engines for _ in range(N_ROUNDS)]
    seconds, cpu_seconds = map(float, printed.splitlines()[-1].split())
    deep = pd.read_parquet(out)
    rows = [{"way": "featuretools", "seconds": seconds, "cpu_seconds": cpu_seconds}, *runs]
    times = pd.DataFrame(rows).groupby("way", sort=False).median()
    ratios = times.loc["featuretools"] / times
    times = times.assign(featuretools_over=ratios["seconds"], featuretools_over_cpu=ratios["cpu_seconds"]).round(1)
    n_ours = len(pd.read_csv(folder / files.FEATURES / "dictionary.csv"))
    n_features = [deep.shape[1] - 1, n_ours, n_ours]
    return times.assign(n_features=n_features, n_rows=len(deep)).reset_index(), deep


def time_ours(name, folder, params):
    knobs = {"n_threads": params.n_threads, "memory_gb": params.memory_gb}
    with engine(name, **knobs) as running:
        tables = {table: running.scan(folder / files.CLEAN / f"{table}.parquet") for table in CLEAN_TABLES}
        models = models_of_json(files.read_json(folder / files.FEATURES / "bg_nbd.json"))
        began, used = time.perf_counter(), time.process_time()
        rows = running.scan(folder / files.SPLIT)
        features, _ = describe(rows, tables, engine=running, bg_nbd=models, **asked_by(params, read_shop(SHOP)))
        running.write(features, folder / "ours.parquet", sort_by=("row_id",))
        return {"way": name, "seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}


def compare(test, propensities, params):
    """Return a row a model and metric: its value, and ours less its, both with intervals over the same resamples."""
    labels, knobs = test["label"].to_numpy(), params.evaluate
    thresholds = dict.fromkeys(propensities, 0.5)  # of none of the metrics that are shown
    drawn = {"thresholds": thresholds, "n_bootstrap": knobs.n_bootstrap, "seed": params.seed}
    samples = bootstrap_metrics(labels, propensities, test["group"], **drawn)
    rows = []
    for model, propensity in propensities.items():
        values, ours = (metrics_at(labels, p, threshold=0.5) for p in (propensity, propensities[OURS]))
        for metric in SHOWN:
            at = METRICS.index(metric)
            found = {"model": model, "metric": metric, "value": values[metric]}
            found |= interval_of(samples[model][at], knobs.interval, "")
            found["ours_less_its"] = ours[metric] - values[metric]
            found |= interval_of(samples[OURS][at] - samples[model][at], knobs.interval, "difference_")
            rows.append(found)
    return pd.DataFrame(rows).assign(n_rows=len(test), n_positive=int(np.sum(labels))).round(4)


def interval_of(samples, interval, prefix):
    low, high = percentile_interval(samples, interval=interval)
    return {f"{prefix}low": float(low), f"{prefix}high": float(high)}


if __name__ == "__main__":
    main()
