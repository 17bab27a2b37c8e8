"""Hold the champion on the simulated shop against the truth: ``python -m benchmarks.ceiling``, after ``dvc repro``.

The simulated shop knows each customer's true chance of ordering in the horizon, given traits and states that no shop
can see. The scores of that chance are the ceiling. Prints, and writes to benchmarks/results/ceiling.csv, the test
scores of the base rate, the champion and the truth, with bootstrap intervals over customers; and how much of the way
from the base rate's log loss to the truth's the champion goes.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import bootstrap_metrics
from purchase.evaluation.metrics import METRICS, metrics_at
from purchase.files import FEATURES, PREDICTIONS, TRUTH, read_frame, read_json, write_frame
from purchase.files import METRICS as METRICS_FOLDER
from purchase.params import read_params
from purchase.tables import DAY

RESULTS = Path("benchmarks/results/ceiling.csv")
SHOWN = ("roc_auc", "average_precision", "log_loss", "brier")


def main():
    params = read_params()
    if params.shop != "simulated" or params.cutoffs.horizon_days != params.simulate.truth_horizon_days:
        sys.exit("error: the truth is known for shop: simulated and cutoffs.horizon_days = simulate.truth_horizon_days")
    rows = read_frame(PREDICTIONS / "test.parquet")
    truth = read_frame(TRUTH / "customer_propensity.parquet")
    rows = rows.merge(truth, on=["customer_id", "cutoff"], how="left", validate="one_to_one")
    unknown = rows["true_propensity"].isna()
    print(f"{unknown.sum()} of {len(rows)} test rows are of customers whom the shop's table lacks; left out")
    rows = rows[~unknown]
    base = read_frame(FEATURES / "train.parquet", columns=["label"])["label"].mean()
    scores = {
        "base rate": np.full(len(rows), base),
        "champion": rows["propensity"].to_numpy(),
        "truth": rows["true_propensity"].clip(1e-6, 1 - 1e-6).to_numpy(),
    }
    table, share = compare(rows, scores, params.evaluate, seed=params.seed)
    write_frame(table, RESULTS)
    day = pd.Timestamp(rows["cutoff"].iloc[0] // DAY, unit="D").date()
    champion = read_json(METRICS_FOLDER / "evaluate.json")["champion"]
    print(f"{champion} on {len(rows)} customers at {day}, of whom {rows['label'].sum()} ordered in the horizon")
    print(table.to_string(index=False))
    print("share of the way from the base rate's log loss to the truth's: {:.2f} [{:.2f}, {:.2f}]".format(*share))


def compare(rows, scores, settings, *, seed):
    """Return a table of metrics with intervals, and (value, low, high) of the share of the way in log loss."""
    labels, thresholds = rows["label"].to_numpy(), dict.fromkeys(scores, 0.5)
    samples = bootstrap_metrics(
        labels, scores, rows["customer_id"], thresholds=thresholds, n_bootstrap=settings.n_bootstrap, seed=seed
    )
    tails = [(1 - settings.interval) / 2, (1 + settings.interval) / 2]
    lines = []
    for name, propensity in scores.items():
        value = metrics_at(labels, propensity, threshold=0.5)
        for metric in SHOWN:
            low, high = np.quantile(samples[name][list(METRICS).index(metric)], tails)
            lines.append({"scores": name, "metric": metric, "value": value[metric], "low": low, "high": high})
    table = pd.DataFrame(lines)
    losses = {name: samples[name][list(METRICS).index("log_loss")] for name in scores}
    low, high = np.quantile(_share(losses), tails)
    value = _share(table[table.metric == "log_loss"].set_index("scores")["value"])
    return table, (value, low, high)


def _share(losses):
    return (losses["base rate"] - losses["champion"]) / (losses["base rate"] - losses["truth"])


if __name__ == "__main__":
    main()
