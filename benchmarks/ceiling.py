"""Hold the champion on the simulated shop against the truth: ``python -m benchmarks.ceiling``, after ``dvc repro``.

The simulated shop knows each customer's true chance of ordering in the horizon, given traits and states that no shop
can see. The scores of that chance are the ceiling. Prints, and writes to benchmarks/results/ceiling.csv, the test
scores of the base rate, the champion and the truth, with bootstrap intervals over customers; and how much of the way
from the base rate's log loss to the truth's the champion goes.
"""

import sys
from pathlib import Path

import pandas as pd

from purchase.evaluation.ceiling import compare_to_truth, with_truth
from purchase.files import FEATURES, METRICS, PREDICTIONS, TRUTH, read_frame, read_json, write_frame
from purchase.params import read_params
from purchase.tables import DAY

RESULTS = Path("benchmarks/results/ceiling.csv")


def main():
    params = read_params()
    if params.shop != "simulated" or params.cutoffs.horizon_days != params.simulate.truth_horizon_days:
        sys.exit("error: the truth is known for shop: simulated and cutoffs.horizon_days = simulate.truth_horizon_days")
    predictions = read_frame(PREDICTIONS / "test.parquet")
    rows = with_truth(predictions, read_frame(TRUTH / "customer_propensity.parquet"))
    unknown = len(predictions) - len(rows)
    print(f"{unknown} of {len(predictions)} test rows are of customers whom the shop's table lacks; left out")
    base_rate = read_frame(FEATURES / "train.parquet", columns=["label"])["label"].mean()
    resampling = {"n_bootstrap": params.evaluate.n_bootstrap, "interval": params.evaluate.interval, "seed": params.seed}
    table, share = compare_to_truth(rows, base_rate=base_rate, **resampling)
    write_frame(table, RESULTS)
    day = pd.Timestamp(rows["cutoff"].iloc[0] // DAY, unit="D").date()
    champion = read_json(METRICS / "evaluate.json")["champion"]
    print(f"{champion} on {len(rows)} customers at {day}, of whom {rows['label'].sum()} ordered in the horizon")
    print(table.to_string(index=False))
    print(
        "share of the way from the base rate's log loss to the truth's: "
        f"{share['value']:.2f} [{share['low']:.2f}, {share['high']:.2f}]"
    )


if __name__ == "__main__":
    main()
