"""Score PropensityClassifier() on UCI Online Shoppers: `python -m benchmarks.classifier [SEED ...]`.

Five stratified folds of each seed (0 unless said otherwise) on the rows in file order and the 17 columns as they are;
the estimator gets a fold's training rows and nothing else, and has no time budget. ``PageValues`` is among the columns:
these figures compare models, and promise nothing for scoring live sessions (benchmarks/online_shoppers.py).

Needs the folder of the data sets in the environment variable REAL_DATA. Writes benchmarks/results/classifier.csv: a row
a fold, with the processor seconds of fit and prediction on all threads, and what each family weighs in the blend.
"""

import os
import sys
import time
from pathlib import Path

import pandas as pd
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from benchmarks.online_shoppers import read_sessions
from purchase.files import write_frame
from purchase.models import PropensityClassifier
from purchase.models.columns import feature_kinds
from purchase.params import FAMILIES

RESULTS = Path("benchmarks/results/classifier.csv")


def score_folds(X, y, *, seed, build=PropensityClassifier):
    """Yield a row a fold: seed, fold, metrics on the fold's test rows, processor seconds, weights by family."""
    splitter = StratifiedKFold(5, shuffle=True, random_state=seed)
    for fold, (train, test) in enumerate(splitter.split(X, y)):
        started = time.process_time()
        model = build().fit(X.iloc[train], y[train])
        fitted = time.process_time()
        propensity = model.predict_proba(X.iloc[test])[:, 1]
        weights = dict.fromkeys(FAMILIES, 0.0)
        for member, weight in zip(model.members_, model.weights_, strict=True):
            weights[member.family] += weight
        yield {
            "seed": seed,
            "fold": str(fold),
            "roc_auc": roc_auc_score(y[test], propensity),
            "average_precision": average_precision_score(y[test], propensity),
            "log_loss": log_loss(y[test], propensity),
            "fit_seconds": fitted - started,
            "predict_seconds": time.process_time() - fitted,
            **weights,
        }


def main():
    seeds = [int(seed) for seed in sys.argv[1:]] or [0]
    sessions = read_sessions(os.environ["REAL_DATA"])
    X, y = sessions[list(feature_kinds(sessions))], sessions["label"].to_numpy()
    rows = [row for seed in seeds for row in tqdm(score_folds(X, y, seed=seed), total=5, disable=None)]
    scores = pd.DataFrame(rows)
    means = scores.drop(columns="fold").groupby("seed", as_index=False).mean().assign(fold="mean")
    table = pd.concat([means, scores])[list(scores.columns)]
    write_frame(table, RESULTS)
    print(table.to_string(index=False, float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
