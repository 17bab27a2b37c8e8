"""Score PropensityClassifier() on UCI Online Shoppers: `python -m benchmarks.classifier [SEED ...]`.

Five stratified folds of each seed (0 unless said otherwise) on the rows in file order and the 17 columns as they are;
the estimator gets a fold's training rows and nothing else, and has no time budget. ``PageValues`` is among the columns:
these figures compare models, and promise nothing for scoring live sessions (benchmarks/online_shoppers.py).

Needs the folder of the data sets in the environment variable REAL_DATA. Writes benchmarks/results/classifier.csv: a row
a fold, with the processor seconds of fit and prediction, two folds at a time on a thread each, and what each family
weighs in the blend.
"""

import os
import sys
import time
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from benchmarks.online_shoppers import read_sessions
from purchase.files import write_frame
from purchase.models import PropensityClassifier
from purchase.models.columns import feature_kinds
from purchase.params import FAMILIES

RESULTS = Path("benchmarks/results/classifier.csv")
N_AT_A_TIME = 2  # folds


def score_fold(X, y, *, seed, fold):
    """Return a fold's row: seed, fold, metrics on its test rows, processor seconds, weights by family."""
    train, test = list(StratifiedKFold(5, shuffle=True, random_state=seed).split(X, y))[fold]
    started = time.process_time()
    model = PropensityClassifier(n_threads=1).fit(X.iloc[train], y[train])
    fitted = time.process_time()
    propensity = model.predict_proba(X.iloc[test])[:, 1]
    weights = dict.fromkeys(FAMILIES, 0.0)
    for member, weight in zip(model.members_, model.weights_, strict=True):
        weights[member.family] += weight
    return {
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
    asked = [delayed(score_fold)(X, y, seed=seed, fold=fold) for seed in seeds for fold in range(5)]
    done = Parallel(N_AT_A_TIME, return_as="generator")(asked)
    scores = pd.DataFrame(tqdm(done, total=len(asked), disable=None))
    means = scores.drop(columns="fold").groupby("seed", as_index=False).mean().assign(fold="mean")
    table = pd.concat([means, scores])[list(scores.columns)]
    write_frame(table, RESULTS)
    print(table.to_string(index=False, float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
