import numpy as np
import pandas as pd
import pytest

from purchase.evaluation.ceiling import compare_to_truth, with_truth

RESAMPLING = {"n_bootstrap": 100, "interval": 0.9, "seed": 0}


def rows_of(blur, n_rows=3000):
    rng = np.random.default_rng(0)
    logit = rng.normal(-1, 1.5, n_rows)
    truth = 1 / (1 + np.exp(-logit))
    seen = 1 / (1 + np.exp(-logit - rng.normal(0, blur, n_rows))) if blur else truth
    labels = (rng.random(n_rows) < truth).astype(int)
    return pd.DataFrame({"group": np.arange(n_rows), "label": labels, "propensity": seen, "true_propensity": truth})


def test_a_champion_that_says_the_truth_goes_all_of_the_way_and_a_blurred_one_less():
    rows = rows_of(0)
    table, share = compare_to_truth(rows, base_rate=rows["label"].mean(), **RESAMPLING)
    assert share == {"value": 1, "low": 1, "high": 1}
    losses = table[table["metric"] == "log_loss"].set_index("scores")["value"]
    assert losses["champion"] == losses["truth"] < losses["base rate"]
    _, less = compare_to_truth(rows_of(1.0), base_rate=rows["label"].mean(), **RESAMPLING)
    assert 0 < less["low"] < less["value"] < less["high"] < 1


def test_rows_that_the_truth_does_not_know_have_no_chance_and_no_chance_is_0():
    predictions = pd.DataFrame({"customer_id": ["a", "b"], "cutoff": 1, "label": 0, "propensity": 0.5})
    truth = pd.DataFrame({"customer_id": ["b", "a"], "cutoff": [1, 2], "true_propensity": 0.0})
    rows = with_truth(predictions, truth)
    assert list(rows["customer_id"]) == ["a", "b"]
    assert rows["true_propensity"].tolist() == pytest.approx([np.nan, 1e-6], nan_ok=True)


def test_sessions_are_joined_by_their_own_id_whoever_they_are_of():
    rows = pd.DataFrame({"customer_id": [None, None, "a", "a"], "session_id": ["s", "t", "u", "v"], "cutoff": 1})
    truth = pd.DataFrame({"session_id": ["v", "t", "x", "s"], "true_propensity": [0.1, 0.2, 0.3, 0.4]})
    found = with_truth(rows, truth)["true_propensity"]
    assert found.tolist() == pytest.approx([0.4, 0.2, np.nan, 0.1], nan_ok=True)


def test_rows_of_one_group_are_resampled_together():
    rows = rows_of(1.0)
    _, alone = compare_to_truth(rows, base_rate=rows["label"].mean(), **RESAMPLING)
    _, together = compare_to_truth(rows.assign(group=rows.index // 100), base_rate=rows["label"].mean(), **RESAMPLING)
    assert together["value"] == alone["value"]
    assert together["low"] != alone["low"]
