import pandas as pd
import pytest

from purchase.models.folders import EVERY_MODEL

# One worker for all tests of this file, which share a clone.
pytestmark = pytest.mark.xdist_group("simulated")

TELLING = {"ensemble", "evaluate", "report"}  # insights too, where the champion is another then


@pytest.fixture(scope="module")
def clone(reproduced, tmp_path_factory):
    return reproduced.copy(tmp_path_factory.mktemp("simulated"))


def read_metrics(clone, name="evaluate"):
    return pd.read_json(clone.folder / f"metrics/{name}.json", typ="series")


def test_one_repro_leads_from_raw_files_to_a_champion_with_intervals(clone):
    metrics = read_metrics(clone)
    board = pd.read_csv(clone.folder / "metrics/leaderboard.csv")
    assert set(board.model) >= set(EVERY_MODEL)
    assert metrics.champion in set(board.model)
    for metric in ("roc_auc", "average_precision", "log_loss", "brier", "lift_at_10_percent", "f1"):
        scores = metrics.test[metric]
        assert scores["low"] <= scores["value"] <= scores["high"], metric
    predictions = pd.read_parquet(clone.folder / "data/predictions/test.parquet")
    assert predictions.propensity.between(0, 1).all()
    assert set(predictions.label) == {0, 1}


def test_every_row_read_is_kept_or_rejected_with_a_reason_and_then_kept_or_dropped(clone):
    for stage, lost in (("prepare", "rejected"), ("preprocess", "dropped")):
        accounts = read_metrics(clone, stage)
        for table in ("customers", "events", "orders", "sessions"):
            account = accounts[table]
            assert account["read"] == account["kept"] + account[lost]["total"], (stage, table)
            assert account[lost]["total"] == sum(account[lost]["by_reason"].values()), (stage, table)


def test_a_second_repro_runs_nothing(clone):
    assert "up to date" in clone.dvc("status").stdout
    assert clone.ran(clone.dvc("repro")) == []


def test_no_result_is_kept_by_git_and_every_small_one_is(clone):
    tracked = set(clone.git("ls-files").splitlines())
    assert not [
        name for name in tracked if name.startswith(("data/", "models/", "logs/")) and name != "data/.gitignore"
    ]
    assert {"dvc.lock", "metrics/evaluate.json", "metrics/leaderboard.csv", "plots/pictures/roc.png"} <= tracked
    assert {"metrics/insights.json", "plots/insights/profit.csv", "report/model_card.md"} <= tracked
    assert "report/report.html" not in tracked  # a megabyte of pictures, which every run draws anew


def test_another_search_space_reruns_its_familys_search_and_what_tells_of_it_alone(clone):
    reruns = {"tune@lightgbm", *TELLING}
    clone.set({"tune.lightgbm.space.num_leaves": [7]})
    try:
        assert reruns <= set(clone.ran(clone.dvc("repro"))) <= reruns | {"insights"}
    finally:
        clone.git("checkout", "-q", "--", ".")
        clone.dvc("checkout", "-q")


@pytest.mark.parametrize(
    ("key", "value", "stages"),
    [
        ("simulate.seed", 2, {"simulate"}),
        ("ensemble.n_rounds", 10, {"ensemble"}),
        ("train.sequence_network.n_states", 4, {"train_sequence_network"}),
        ("evaluate.threshold", 0.2, {"evaluate"}),
        ("insights.margin", 0.5, {"insights", "report"}),
    ],
)
def test_a_knob_changes_the_stages_that_name_it_and_no_other(clone, key, value, stages):
    before = (clone.folder / "params.yaml").read_text(encoding="utf-8")
    clone.set({key: value})
    try:
        lines = clone.dvc("status").stdout.splitlines()
        assert {line.rstrip(":") for line in lines if line and not line[0].isspace()} == stages
    finally:
        (clone.folder / "params.yaml").write_text(before, encoding="utf-8")


def test_the_graph_shows_every_stage_and_each_says_what_it_does(clone):
    graph, listed = clone.dvc("dag", "--md").stdout, clone.dvc("stage", "list").stdout
    stages = set(clone.lock())
    assert {stage for stage in stages if stage in graph} == stages
    assert {line.split()[0] for line in listed.splitlines() if len(line.split()) > 3} == stages
