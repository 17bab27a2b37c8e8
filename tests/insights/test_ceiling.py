from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from purchase import files
from purchase.insights.about import truth_or_reason
from purchase.insights.build import ceiling_part
from purchase.insights.parts import NotAvailable

RESAMPLING = {"n_bootstrap": 50, "interval": 0.9, "seed": 0}


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The truth of both tasks in a simulated shop's folder: of 1,000 sessions, and of a customer at a cutoff."""
    chances = np.random.default_rng(0).beta(1, 3, 1000)
    sessions = pd.DataFrame({"session_id": [f"s{n}" for n in range(1000)], "true_propensity": chances})
    customers = pd.DataFrame({"customer_id": ["a"], "cutoff": [1], "true_propensity": [0.5]})
    monkeypatch.chdir(tmp_path)
    files.TRUTH.mkdir(parents=True)
    files.write_frame(sessions, files.TRUTH / "session_propensity.parquet")
    files.write_frame(customers, files.TRUTH / "customer_propensity.parquet")
    return SimpleNamespace(sessions=sessions, customers=customers)


def params_of(shop="simulated", horizon_days=30):
    days = {"cutoffs": SimpleNamespace(horizon_days=horizon_days), "simulate": SimpleNamespace(truth_horizon_days=30)}
    return SimpleNamespace(shop=shop, **days)


def shop_of(task, scoring_moment="session_start"):
    return SimpleNamespace(task=task, scoring_moment=scoring_moment)


def test_sessions_without_a_customer_are_held_against_their_own_chances(told):
    """Most sessions name no customer, several start at one instant, and one is not in the shop's tables."""
    truth = truth_or_reason(shop_of("session"), params_of())
    draw, chances = np.random.default_rng(1), told.sessions["true_propensity"]
    predictions = pd.DataFrame(
        {
            "customer_id": [None] * 600 + ["a", "b"] * 200,
            "session_id": told.sessions["session_id"],
            "cutoff": np.arange(1000) // 3,
            "group": [*range(600), *[600, 601] * 200],
            "label": (draw.random(1000) < chances).astype(int),
            "propensity": chances,
        }
    ).sample(frac=1, random_state=0)
    stranger = predictions.iloc[:1].assign(session_id="stranger")
    part = ceiling_part(pd.concat([predictions, stranger]), truth, base_rate=0.25, **RESAMPLING)
    assert (part.numbers["n_rows"], part.numbers["n_unknown"]) == (1000, 1)
    assert part.numbers["share_of_the_way"] == {"value": 1, "low": 1, "high": 1}
    says_nothing = predictions.assign(propensity=0.25)
    part = ceiling_part(says_nothing, truth, base_rate=0.25, **RESAMPLING)
    assert part.numbers["share_of_the_way"]["value"] == 0


def test_each_task_has_the_truth_of_its_own_rows(told):
    pd.testing.assert_frame_equal(truth_or_reason(shop_of("session"), params_of()), told.sessions)
    pd.testing.assert_frame_equal(truth_or_reason(shop_of("customer"), params_of()), told.customers)


def test_a_truth_of_another_question_is_refused_with_the_reason(told):
    assert "only the simulated shop" in truth_or_reason(shop_of("customer"), params_of(shop="mine"))
    assert "horizon_days is 14" in truth_or_reason(shop_of("customer"), params_of(horizon_days=14))
    assert isinstance(truth_or_reason(shop_of("session"), params_of(horizon_days=14)), pd.DataFrame)  # has no horizon
    reason = truth_or_reason(shop_of("session", "session_end"), params_of())
    assert "told for its start, and scoring_moment is session_end" in reason
    with pytest.raises(NotAvailable, match="told for its start"):
        ceiling_part(pd.DataFrame(), reason, base_rate=0.25, **RESAMPLING)
