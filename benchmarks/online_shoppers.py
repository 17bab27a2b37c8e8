"""Score every family with its default settings on UCI Online Shoppers: `python -m benchmarks.online_shoppers`.

Five stratified folds, seed 0, on the rows in file order and the 17 columns as they are. What the library does in the
pipeline, it does here: inner folds, calibration and all encodings see a fold's training rows alone. All 17 columns
include ``PageValues``, which Google Analytics derives from the orders themselves, so these figures compare models and
promise nothing for scoring live sessions.

Needs the folder with online_shoppers_intention.csv (UCI Machine Learning Repository, data set 468) in the environment
variable REAL_DATA. Writes benchmarks/results/online_shoppers.csv. Families that are named after the command are scored
alone, and the rows of the others stay as they were.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from tqdm import tqdm

from purchase.files import write_frame
from purchase.models.folds import make_folds
from purchase.models.training import fit_model
from purchase.params import FAMILIES, read_params

FILE = "online_shoppers_intention.csv"
RESULTS = Path("benchmarks/results/online_shoppers.csv")
CATEGORIES = ["Month", "OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType"]  # codes, not amounts


def read_sessions(folder):
    """Return the file as a feature table: key columns, then 17 features."""
    raw = pd.read_csv(Path(folder) / FILE, dtype=dict.fromkeys(CATEGORIES, "str"))
    label = raw.pop("Revenue").astype("int8")
    numbers = raw.select_dtypes("number").columns
    raw[numbers] = raw[numbers].astype("float64")
    row = np.arange(len(raw))
    group = raw.groupby(list(raw.columns), sort=False).ngroup()  # the same session twice stays in one inner fold
    keys = {"row_id": row, "customer_id": None, "session_id": row.astype(str), "cutoff": None, "group": group}
    return pd.concat([pd.DataFrame(keys | {"label": label}), raw], axis=1)


def score_family(sessions, family, *, params):
    """Return a row a fold: family, fold, roc_auc, average_precision, log_loss."""
    rows = []
    splitter = StratifiedKFold(5, shuffle=True, random_state=0)
    for fold, (train, test) in enumerate(splitter.split(sessions, sessions["label"])):
        past, rest = sessions.iloc[train], sessions.iloc[test]
        model, _ = fit_model(
            past,
            getattr(params.train, family),
            family=family,
            folds=make_folds(past, n_folds=params.fit.n_folds, horizon_days=1, seed=params.seed),
            calibration=params.fit.calibration,
            seed=params.seed,
            n_threads=params.n_threads,
        )
        score, propensity = model.predict_score(rest), model.predict_propensity(rest)
        rows.append(
            {
                "family": family,
                "fold": str(fold),
                "roc_auc": roc_auc_score(rest["label"], score),
                "average_precision": average_precision_score(rest["label"], score),
                "log_loss": log_loss(rest["label"], propensity),
            }
        )
    return rows


def write_families(found, path):
    """Write a table by family: the rows found, and those that the file holds of other families."""
    if path.exists():
        before = pd.read_csv(path, dtype={"fold": "str"})
        found = pd.concat([found, before[~before["family"].isin(found["family"])]])
    ordered = found.sort_values("family", key=lambda names: names.map(FAMILIES.index), kind="stable", ignore_index=True)
    write_frame(ordered, path)
    return ordered


def main():
    sessions, params = read_sessions(os.environ["REAL_DATA"]), read_params()
    families = sys.argv[1:] or FAMILIES
    scores = pd.DataFrame(
        [row for family in tqdm(families, disable=None) for row in score_family(sessions, family, params=params)]
    )
    means = scores.drop(columns="fold").groupby("family", sort=False, as_index=False).mean().assign(fold="mean")
    table = write_families(pd.concat([means, scores])[list(scores.columns)], RESULTS)
    print(table.to_string(index=False, float_format="{:.4f}".format))


if __name__ == "__main__":
    main()
