import numpy as np
import pandas as pd
import pytest

from purchase.evaluation.bootstrap import bootstrap_metrics, percentile_interval
from purchase.evaluation.metrics import METRICS
from purchase.review.paired import BETTER, NOISE, WORSE, compare, judge, pair_rows

THRESHOLDS = {"base": 0.3, "head": 0.3}


def predictions(propensity, labels, **more):
    n = len(labels)
    keys = {"row_id": [f"r{i}" for i in range(n)], "group": np.arange(n), "cutoff": 1}
    return pd.DataFrame(keys | {"label": labels, "propensity": propensity} | more)


def shop(n, seed):
    """Return the true propensities of ``n`` customers and whether they ordered."""
    rng = np.random.default_rng(seed)
    truth = rng.beta(1, 4, size=n)
    return truth, (rng.random(n) < truth).astype(int)


def noisy(truth, seed, scale):
    logit = np.log(truth / (1 - truth)) + np.random.default_rng(seed).normal(scale=scale, size=len(truth))
    return 1 / (1 + np.exp(-logit))


def verdicts(base, head, labels, n_bootstrap=200):
    rows = pair_rows(predictions(base, labels), predictions(head, labels))
    table = compare(rows, thresholds=THRESHOLDS, n_bootstrap=n_bootstrap, interval=0.95, seed=0)
    return table.set_index("metric")


def test_the_same_model_is_within_noise_by_nothing():
    truth, labels = shop(400, 1)
    table = verdicts(truth, truth, labels)
    assert list(table.index) == list(METRICS)
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)
    assert set(table["verdict"]) == {NOISE}


def test_a_model_nearer_to_the_truth_is_better_and_its_opposite_worse():
    truth, labels = shop(4000, 2)
    poor = noisy(truth, 3, 1.5)
    for base, head, verdict in ((poor, truth, BETTER), (truth, poor, WORSE)):
        table = verdicts(base, head, labels)
        for metric in ("roc_auc", "average_precision", "log_loss", "brier", "calibration_slope"):
            assert table.loc[metric, "verdict"] == verdict, metric
    # Log loss falls when the model is better; the sign of the difference is not the verdict.
    assert verdicts(poor, truth, labels).loc["log_loss", "high"] < 0


def test_two_equally_noisy_models_are_called_different_about_as_seldom_as_the_interval_says():
    called = []
    for seed in range(60):
        truth, labels = shop(300, seed)
        table = verdicts(noisy(truth, 1000 + seed, 0.5), noisy(truth, 2000 + seed, 0.5), labels, n_bootstrap=100)
        called.append(table.loc["log_loss", "verdict"] != NOISE)
    # 5 % of 60 are 3; more than 9 happens to a true 95 % interval once in 900 times.
    assert sum(called) <= 9


def test_pairing_makes_a_difference_visible_that_each_ones_own_interval_hides():
    truth, labels = shop(2000, 5)
    poor = noisy(truth, 6, 0.4)
    row = verdicts(poor, truth, labels).loc["log_loss"]
    assert row["verdict"] == BETTER
    samples = bootstrap_metrics(
        labels, {"poor": poor}, np.arange(2000), thresholds={"poor": 0.3}, n_bootstrap=200, seed=0
    )
    low, high = percentile_interval(samples["poor"][METRICS.index("log_loss")], interval=0.95)
    assert low < row["head"] < row["base"] < high


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.1, 0.2, BETTER), (-0.2, -0.1, WORSE), (-0.1, 0.1, NOISE), (0, 0.1, NOISE)]
)
def test_a_verdict_needs_an_interval_on_one_side_of_nothing(low, high, verdict):
    assert judge(low, high) == verdict


def test_rows_are_paired_by_their_id_whatever_their_order():
    truth, labels = shop(50, 7)
    head = predictions(truth / 2, labels)
    rows = pair_rows(predictions(truth, labels).sample(frac=1, random_state=1), head)
    assert rows.same
    assert np.array_equal(rows.table["head"] * 2, rows.table["base"])


def test_rows_that_only_one_has_or_whose_label_differs_are_no_pair():
    truth, labels = shop(50, 7)
    base, head = predictions(truth, labels), predictions(truth, labels).iloc[5:]
    rows = pair_rows(base, head)
    assert (rows.same, rows.n_base, rows.n_head, len(rows.table)) == (False, 50, 45, 45)
    flipped = head.assign(label=np.where(head["row_id"] == "r9", 1 - head["label"], head["label"]))
    rows = pair_rows(base, flipped)
    assert (rows.same, len(rows.table)) == (False, 44)


def test_an_old_revision_without_groups_is_resampled_by_customer_and_then_by_row():
    truth, labels = shop(6, 7)
    old = predictions(truth, labels, customer_id=list("aabbcc")).drop(columns="group")
    new = predictions(truth, labels, customer_id=list("aabbcc"))
    assert pair_rows(old, new).group == "customer_id"
    assert pair_rows(old.assign(customer_id=None), new.assign(customer_id=None)).group == "row_id"
    assert pair_rows(new, new).group == "group"
