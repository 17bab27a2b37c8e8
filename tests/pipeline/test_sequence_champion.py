import json

import pandas as pd

from tests.pipeline.clone import Clone

NAME = "train/sequence_network"
CHOICE = "if model not in baselines"


def crown(clone):
    """Have ``evaluate`` make the sequence network champion, whatever the validation rows say."""
    path = clone.folder / "purchase/evaluation/leaderboard.py"
    code = path.read_text(encoding="utf-8")
    assert CHOICE in code
    path.write_text(code.replace(CHOICE, f"if model == {NAME!r}"), encoding="utf-8")


def test_a_sequence_network_as_champion_is_evaluated_explained_reported_and_scores_new_files(reproduced, tmp_path):
    clone = Clone.at(reproduced.copy(tmp_path / "clone").folder)  # the user's shell: its code is another
    crown(clone)
    clone.dvc("repro")
    assert json.loads((clone.folder / "metrics/evaluate.json").read_text(encoding="utf-8"))["champion"] == NAME
    predictions = pd.read_parquet(clone.folder / "data/predictions/test.parquet").set_index("customer_id")
    targets = pd.read_csv(clone.folder / "data/insights/targets.csv")
    assert targets["reason_1"].notna().all()
    assert "sequence network (default settings)" in (clone.folder / "report/report.html").read_text(encoding="utf-8")
    out, day = tmp_path / "scores.parquet", pd.Timestamp(int(predictions["cutoff"].iloc[0]), unit="s").date()
    clone.python("-m", "purchase.predict", "data/raw/simulated", str(out), "--at", str(day))
    found = pd.read_parquet(out).set_index("customer_id")
    assert (found["propensity"] - predictions["propensity"]).abs().max() <= 5e-7  # written with six decimals
