"""PropensityClassifier beside AutoGluon and FLAML: ``python -m benchmarks.peers PYTHON KEPT [DATA SET ...]``.

PYTHON is that of an environment with benchmarks/requirements-peers.txt. KEPT is a folder outside the repository that
keeps what each system said, KEPT/<data set>/<fold>/<system>.parquet: what is there is not run again, so that a change
of ours is measured beside the same peers once its own files are deleted. Each system fits the same training rows and
scores the same test rows, one after another in processes of their own; processor time is that of the process with all
of its threads and children. AutoGluon takes ``best_quality`` with 240 s a fit, FLAML 120 s and ours 90 s; see
benchmarks/peer.py. Budgets by the clock mean less on a busy machine: run it on an idle one.

Data sets, the first three from the folder in the environment variable REAL_DATA: ``online_shoppers`` (all 17 columns,
five stratified folds, seed 0); ``online_shoppers_start``, the same without what is not known when a visit begins;
``online_retail`` (customers, the last cutoff for test, as benchmarks.features); ``simulated`` (customers of the
default shop, after ``dvc repro``); ``simulated_sessions`` (does a visit end with an order, asked when it starts: the
same shop with SESSION_CUSTOMERS accounts, made here, its last visits for test). Rows of those named are replaced in
benchmarks/results/peers.csv (a row a system and metric: its mean over folds, and ours less its with a 95 % interval by
a paired bootstrap of each fold's test groups; of the simulated shop, what share of the way in log loss from the base
rate to the true chances it goes) and in peers_folds.csv (a row a system and fold, with the numbers of rows).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from benchmarks import features as retail
from benchmarks.online_shoppers import read_sessions
from benchmarks.peer import SYSTEMS
from purchase import files
from purchase.evaluation.bootstrap import bootstrap_metrics, percentile_interval
from purchase.evaluation.ceiling import truth_path, with_truth
from purchase.evaluation.metrics import METRICS, metrics_at
from purchase.models.columns import feature_kinds
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.simulation.writing import write_shop

RESULTS = Path("benchmarks/results")
SHOWN = ("roc_auc", "average_precision", "log_loss")
N_BOOTSTRAP, INTERVAL = 1000, 0.95
SESSION_CUSTOMERS = 8500  # of simulated_sessions: about as many rows to train on (90,000) as in ``simulated``


def main():
    parser = argparse.ArgumentParser("benchmarks.peers")
    parser.add_argument("python", help="of an environment with benchmarks/requirements-peers.txt")
    parser.add_argument("kept", type=Path, help="the folder that keeps what each system said")
    parser.add_argument("names", nargs="*", metavar="data set", help=f"of {', '.join(DATA_SETS)}; none: all")
    asked = parser.parse_args()
    if asked.kept.name in DATA_SETS:
        parser.error(f"{asked.kept} is named like a data set: the folder that keeps what each system said comes first")
    if strange := set(asked.names) - set(DATA_SETS):
        parser.error(f"{sorted(strange)} are no data sets; there are {', '.join(DATA_SETS)}")
    for name in asked.names or DATA_SETS:
        kept = asked.kept / name
        folds = [score_fold(asked.python, kept / str(n), name, n, *fold) for n, fold in enumerate(DATA_SETS[name]())]
        keep("peers_folds", name, pd.concat([scores for scores, _ in folds]))
        keep("peers", name, compare(name, *zip(*folds, strict=True)))


def online_shoppers(columns=None):
    """Yield five folds: training rows and test rows as feature tables."""
    sessions = read_sessions(os.environ["REAL_DATA"])
    if columns is not None:
        sessions = sessions.drop(columns=[name for name in feature_kinds(sessions) if name not in columns])
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(sessions, sessions["label"]):
        yield sessions.iloc[train], sessions.iloc[test]


def online_shoppers_start():
    extra = read_shop("online_shoppers").tables["sessions"].extra.values()
    yield from online_shoppers([one.column for one in extra if one.known_at == "session_start"])


def online_retail():
    """Yield one fold: all cutoffs before the last, and the last."""
    with tempfile.TemporaryDirectory() as folder:
        retail.make_features(Path(folder), retail.params_of_shop())
        parts = retail.read_features(Path(folder))
    yield parts["train"], parts["test"]


def simulated():
    """Yield one fold: all cutoffs of the default shop before the last, and the last with its true chances."""
    parts = retail.read_features(Path())
    yield parts["train"], with_truth(parts["test"], files.read_frame(truth_path("customer")))


def simulated_sessions(n_customers=SESSION_CUSTOMERS):
    """Yield one fold: visits of a simulated shop as they start, and later ones with their true chances."""
    params, shop = read_params(), read_shop("simulated").model_copy(update={"task": "session"})
    params = params.model_copy(
        update={
            "shop": "simulated",
            "simulate": params.simulate.model_copy(update={"n_customers": n_customers}),
            "featurize": params.featurize.model_copy(update={"sequence_length": None}),
        }
    )
    with tempfile.TemporaryDirectory() as name:
        folder, raw = Path(name), Path(name, files.RAW / "simulated")
        write_shop(params.simulate, raw=raw, truth=folder / files.TRUTH)
        retail.run_data_stages(folder, shop, raw, params)
        parts = retail.read_features(folder)
        test = with_truth(parts["test"], files.read_frame(folder / truth_path("session")))
    yield parts["train"], test


DATA_SETS = {
    "online_shoppers": online_shoppers,
    "online_shoppers_start": online_shoppers_start,
    "online_retail": online_retail,
    "simulated": simulated,
    "simulated_sessions": simulated_sessions,
}


def score_fold(python, folder, name, number, train, test):
    """Return a row a system with its metrics and times, and the test rows with each system's propensities.

    Parameters
    ----------
    python : str
        Of the peers' environment.
    folder : Path
        Of this fold; a system whose answer it keeps is not run.
    train, test : DataFrame
        Feature tables; ``test`` may hold ``true_propensity``, which no system is given.

    Raises
    ------
    SystemExit
        If the folder keeps answers about other rows.
    """
    columns, rows, propensities = list(feature_kinds(train)), [], {}
    timed = train["cutoff"].notna().all()
    keys = {"time": train["cutoff"]} if timed else {}
    put(train[columns].assign(label=train["label"], **keys), folder / "train.parquet")
    put(test[columns], folder / "test.parquet")
    for system in tqdm(SYSTEMS, desc=f"{name}, fold {number}", disable=None):
        if not (folder / f"{system}.json").exists():
            seconds = run(sys.executable if system == "ours" else python, system, folder)
            files.write_json(seconds, folder / f"{system}.json")
        propensities[system] = pd.read_parquet(folder / f"{system}.parquet")["propensity"].to_numpy()
        scores = metrics_at(test["label"].to_numpy(), propensities[system], threshold=0.5)
        row = {"data": name, "system": system, "fold": number, **{metric: scores[metric] for metric in SHOWN}}
        seconds = files.read_json(folder / f"{system}.json")
        rows.append(row | seconds | {"n_train": len(train), "n_test": len(test)})
        print(rows[-1], flush=True)
    return pd.DataFrame(rows), (test, propensities, train["label"].mean())


def put(table, path):
    """Write the rows that the systems are given; refuse a folder in which they were given others."""
    table = table.reset_index(drop=True)
    if path.exists() and not pd.read_parquet(path).equals(table):
        sys.exit(f"{path} holds other rows than there are now: delete {path.parent} to run all systems on these.")
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path, index=False)


def run(python, system, folder):
    """Run a system, and return the seconds of the clock and of the processor that it took."""
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": "." if system == "ours" else ""}
    subprocess.run([python, "benchmarks/peer.py", system, folder], check=True, env=environment)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime,
    }


def compare(name, scores, found):
    """Return a row a system and metric: its mean over folds, and ours less its with the paired interval."""
    means = pd.concat(scores).groupby("system", sort=False).mean(numeric_only=True)
    samples = mean_samples(found)
    rows = []
    for system in SYSTEMS:
        for metric in SHOWN:
            row = {"data": name, "system": system, "metric": metric, "value": means.loc[system, metric]}
            row["ours_less_its"] = means.loc["ours", metric] - row["value"]
            differences = (samples["ours"] - samples[system])[METRICS.index(metric)]
            row |= dict(zip(("low", "high"), percentile_interval(differences, interval=INTERVAL), strict=True))
            row["ours_over_its_cpu"] = means.loc["ours", "cpu_seconds"] / means.loc[system, "cpu_seconds"]
            rows.append(row)
    table, test = pd.DataFrame(rows), found[0][0]
    return table.merge(shares_of_ceiling(*found[0]), how="left") if "true_propensity" in test else table


def mean_samples(found):
    """Return {system: array of shape (n_metrics, n_bootstrap)}, the mean over folds of every resample's metrics."""
    drawn = {"thresholds": dict.fromkeys(SYSTEMS, 0.5), "n_bootstrap": N_BOOTSTRAP, "seed": 0}
    folds = [bootstrap_metrics(test["label"], propensities, test["group"], **drawn) for test, propensities, _ in found]
    return {system: np.mean([fold[system] for fold in folds], axis=0) for system in SYSTEMS}


def shares_of_ceiling(test, propensities, base_rate):
    """Return each system's share of the way in log loss from the base rate to the truth, on the rows that it knows."""
    known = test["true_propensity"].notna().to_numpy()
    asked = {"base": np.full(len(test), base_rate), "truth": test["true_propensity"].to_numpy()}
    labels, asked = test["label"].to_numpy()[known], {who: p[known] for who, p in (asked | propensities).items()}
    loss = {who: metrics_at(labels, p, threshold=0.5)["log_loss"] for who, p in asked.items()}
    way = {system: (loss["base"] - loss[system]) / (loss["base"] - loss["truth"]) for system in propensities}
    return pd.DataFrame({"system": list(way), "metric": "log_loss", "share_of_ceiling": list(way.values())})


def keep(table, name, rows):
    """Replace a data set's rows in a table of the results."""
    path = RESULTS / f"{table}.csv"
    if path.exists():
        others = pd.read_csv(path)
        rows = pd.concat([others[others["data"] != name], rows], ignore_index=True)
    files.write_frame(rows.round(5), path)
    print(rows[rows["data"] == name].round(4).to_string(index=False))


if __name__ == "__main__":
    main()
