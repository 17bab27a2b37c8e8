from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import peers
from purchase.models.columns import feature_kinds


@pytest.fixture(scope="module")
def sessions():
    """Rows to train on and rows for test of a small simulated shop."""
    (fold,) = peers.simulated_sessions(n_customers=400)
    return fold


def test_a_session_s_chance_is_its_own_and_all_that_train_are_earlier(sessions):
    train, test = sessions
    assert train["session_id"].is_unique
    assert train["cutoff"].max() < test["cutoff"].min()
    known = test[test["true_propensity"].notna()]
    assert len(known) > 0.95 * len(test) > 500
    chance, ordered = known["true_propensity"], known["label"] == 1
    assert abs(ordered.sum() - chance.sum()) < 3.5 * np.sqrt((chance * (1 - chance)).sum())
    assert chance[ordered].mean() > 1.5 * chance[~ordered].mean()


def test_no_system_sees_the_truth_and_one_that_says_it_goes_all_of_the_way(sessions, monkeypatch, tmp_path):
    train, test = sessions
    asked = []
    says = {"ours": test["true_propensity"].fillna(0.5), "flaml": np.full(len(test), train["label"].mean())}

    def run(python, system, folder):
        asked.append(system)
        features = list(feature_kinds(train))
        assert list(pd.read_parquet(Path(folder, "train.parquet"))) == [*features, "label", "time"]
        assert list(pd.read_parquet(Path(folder, "test.parquet"))) == features
        pd.DataFrame({"propensity": says[system]}).to_parquet(Path(folder, f"{system}.parquet"))
        return {"seconds": 1.0, "cpu_seconds": 1.0}

    monkeypatch.setattr(peers, "SYSTEMS", says)
    monkeypatch.setattr(peers, "run", run)
    scores, found = peers.score_fold("python", tmp_path, "simulated_sessions", 0, train, test)
    table = peers.compare("simulated_sessions", [scores], [found])
    shares = table[table["metric"] == "log_loss"].set_index("system")["share_of_ceiling"]
    assert shares.to_dict() == pytest.approx({"ours": 1, "flaml": 0}, abs=1e-3)

    again, _ = peers.score_fold("python", tmp_path, "simulated_sessions", 0, train, test)
    pd.testing.assert_frame_equal(again, scores)
    assert asked == ["ours", "flaml"]  # what is kept is not asked for again
    with pytest.raises(SystemExit, match=f"test.parquet holds other rows than there are now: delete {tmp_path}"):
        peers.score_fold("python", tmp_path, "simulated_sessions", 0, train, test[1:])


def test_the_share_of_the_way_is_of_log_loss_on_the_rows_that_the_truth_knows():
    test = pd.DataFrame({"label": [1, 0, 1], "true_propensity": [0.9, 0.1, None]})
    half = 0.45**0.5  # its logarithm lies halfway between those of 0.5 and 0.9
    says = {"truth": [0.9, 0.1, 0.001], "half": [half, 1 - half, 0.001], "base": [0.5, 0.5, 0.999]}
    shares = peers.shares_of_ceiling(test, {name: np.array(p) for name, p in says.items()}, base_rate=0.5)
    assert shares["share_of_ceiling"].tolist() == pytest.approx([1, 0.5, 0])
