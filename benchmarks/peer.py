"""Fit one system on a table and score another: ``PYTHON benchmarks/peer.py SYSTEM FOLDER``, run by benchmarks.peers.

PYTHON is that of the environment that has the system. FOLDER holds train.parquet (features, ``label`` and, where rows
have times, ``time``) and test.parquet (features). Writes FOLDER/<system>.parquet with ``propensity``. Each system gets
what its own documentation tells a user to give it, and log loss to aim at; no network is used.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import pandas as pd

warnings.filterwarnings("ignore")

BUDGET_S = {"ours": 90, "autogluon": 240, "flaml": 120}  # of wall time a fit
KEYS = ["label", "time"]


def ours(train, test):
    from purchase.models import PropensityClassifier

    X, y, times = split(train)
    model = PropensityClassifier(time_budget_s=BUDGET_S["ours"])
    return model.fit(X, y, times=times).predict_proba(test)[:, 1]


def autogluon(train, test):
    from autogluon.tabular import TabularPredictor

    X, y, _ = split(train)
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor("label", eval_metric="log_loss", path=folder, verbosity=0)
        predictor.fit(
            X.assign(label=y), presets="best_quality", time_limit=BUDGET_S["autogluon"], num_cpus=2, num_gpus=0
        )
        return predictor.predict_proba(test)[1]


def flaml(train, test):
    from flaml import AutoML

    X, y, times = split(train)
    model = AutoML()
    asked = {"task": "classification", "metric": "log_loss", "n_jobs": 2, "seed": 0, "verbose": 0}
    if times is not None:  # FLAML's own way to validate on the later rows; they must come in order
        order = times.sort_values(kind="stable").index
        X, y, asked = X.loc[order], y.loc[order], asked | {"split_type": "time"}
    model.fit(X, y, time_budget=BUDGET_S["flaml"], **asked)
    return model.predict_proba(test)[:, 1]


def split(train):
    """Return features, labels, and times or None."""
    keys = {name: train.get(name) for name in KEYS}
    return train.drop(columns=[name for name in KEYS if name in train]), *keys.values()


SYSTEMS = {"ours": ours, "autogluon": autogluon, "flaml": flaml}


def main():
    system, folder = sys.argv[1], Path(sys.argv[2])
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    pd.DataFrame({"propensity": SYSTEMS[system](train, test)}).to_parquet(folder / f"{system}.parquet")


if __name__ == "__main__":
    main()
