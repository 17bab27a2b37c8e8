import numpy as np
import pytest

from purchase.evaluation import summary
from purchase.evaluation.gate import hold
from purchase.evaluation.leaderboard import choose, evaluation_report, judge
from purchase.files import write_frame, write_json
from purchase.tables import TableError


def test_before_the_first_evaluation_the_summary_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TableError, match=r"leaderboard\.csv does not exist.*dvc repro"):
        summary.main()


def test_the_summary_shows_board_champion_threshold_and_where_things_lie(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [60, 20])
    models = {"tune/svm": (labels * 0.3 + rng.random(80)) / 2, "baseline/base_rate": np.full(80, 0.25)}
    choice = choose(labels, models, baselines=["baseline/base_rate"], champion_metric="brier", threshold=0.35)
    board = judge(labels, models, np.arange(80), choice, n_bootstrap=50, interval=0.9, seed=0)
    write_frame(board, summary.LEADERBOARD)
    error = {"value": 0.01, "low": 0.0, "high": 0.02}
    about = {"shop": "fake", "task": "customer", "n_validation": 80, "labels": labels}
    report = evaluation_report(board, choice, error, **about)
    gate = {"max_calibration_error": 0.005, "min_lift_at_10_percent": 1.0}
    write_json(report | {"gate": hold(gate, report), "no_model": {"train/some": "no rows"}}, summary.REPORT)
    summary.main()
    text = capsys.readouterr().out
    row = board.set_index("model").loc["tune/svm"]
    auc = f"{row['test_roc_auc']:.3f} [{row['test_roc_auc_low']:.3f}, {row['test_roc_auc_high']:.3f}]"
    line = next(line for line in text.splitlines() if line.startswith("tune/svm"))
    assert "champion" in line
    assert auc in line
    assert "validation brier" in text
    assert "a propensity of 0.3500" in text
    assert "20 ordered" in text
    assert "No train/some: no rows." in text
    assert "Gate: FAILED. calibration error 0.0100 (at most 0.005) FAILED; lift at 10 %" in text
    for place in ("metrics/leaderboard.csv", "data/predictions/test.parquet", "plots/", "report/report.html"):
        assert place in text
