"""Hold the champion on the simulated shop against the truth: ``python -m benchmarks.ceiling``, after ``dvc repro``.

The simulated shop knows each row's true chance of an order: of a customer in the horizon, or of a session as it
starts, given traits and states that no shop can see. The scores of that chance are the ceiling. Prints, and writes to
benchmarks/results/ceiling.csv, the test scores of the base rate, the champion and the truth, with intervals by a
bootstrap of customers (sessions without one by themselves); and how much of the way from the base rate's log loss to
the truth's the champion goes.
"""

import sys
from pathlib import Path

import pandas as pd

from purchase.evaluation.ceiling import compare_to_truth, with_truth
from purchase.files import FEATURES, METRICS, PREDICTIONS, read_frame, read_json, write_frame
from purchase.insights.about import truth_or_reason
from purchase.params import read_params
from purchase.shops import read_shop
from purchase.tables import DAY

RESULTS = Path("benchmarks/results/ceiling.csv")


def main():
    params = read_params()
    truth = truth_or_reason(read_shop(params.shop, scoring_moment=params.featurize.scoring_moment), params)
    if isinstance(truth, str):
        sys.exit(f"error: {truth}")
    predictions = read_frame(PREDICTIONS / "test.parquet")
    rows = with_truth(predictions, truth).dropna(subset="true_propensity", ignore_index=True)
    unknown = len(predictions) - len(rows)
    print(f"{unknown} of {len(predictions)} test rows are not in the shop's own tables, and are left out")
    base_rate = read_frame(FEATURES / "train.parquet", columns=["label"])["label"].mean()
    resampling = {"n_bootstrap": params.evaluate.n_bootstrap, "interval": params.evaluate.interval, "seed": params.seed}
    table, share = compare_to_truth(rows, base_rate=base_rate, **resampling)
    write_frame(table, RESULTS)
    day = pd.Timestamp(rows["cutoff"].min() // DAY, unit="D").date()
    champion = read_json(METRICS / "evaluate.json")["champion"]
    print(f"{champion} on {len(rows)} rows from {day} on, of whom {rows['label'].sum()} ordered")
    print(table.to_string(index=False))
    print(
        "share of the way from the base rate's log loss to the truth's: "
        f"{share['value']:.2f} [{share['low']:.2f}, {share['high']:.2f}]"
    )


if __name__ == "__main__":
    main()
