"""The recipes of docs/comparing.md, on the small shop."""

import re

import pytest

from tests.recipes import recipe, run_recipe

# One worker for all tests of this file, which share a clone.
pytestmark = pytest.mark.xdist_group("experiments")

PAGE = "docs/comparing.md"
ONE, SEVERAL, SHOW, TAKE = recipe("Many experiments", page=PAGE)


@pytest.fixture(scope="module")
def ran(reproduced, tmp_path_factory):
    """A clone in which the page's experiments have run, and what the queue printed."""
    clone = reproduced.copy(tmp_path_factory.mktemp("experiments") / "clone")
    run_recipe(clone, ONE)
    clone.git("checkout", "-q", "--", ".")
    clone.dvc("checkout", "-q")
    return clone, run_recipe(clone, SEVERAL)


def test_queued_experiments_run_two_at_a_time_and_take_what_they_do_not_touch_from_the_cache(ran):
    clone, done = ran
    assert set(clone.ran(done)) == {"evaluate", "report"}
    assert clone.git("status", "--porcelain") == ""
    listed = clone.dvc("exp", "list", "--name-only").stdout.split()
    assert {"low", "middle", "high"} <= set(listed)


def test_the_table_of_experiments_fits_a_terminal_of_80_columns(ran, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    clone, _ = ran
    shown = run_recipe(clone, SHOW).stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    for name, threshold in (("low", "0.1"), ("middle", "0.2"), ("high", "0.3")):
        assert re.search(rf"\[{name}\] +0\.\d+ +{threshold} ", shown), shown


def test_two_experiments_are_reviewed_by_their_names(ran):
    text = ran[0].python("-m", "purchase.review", "low", "high").stdout
    assert "| evaluate.threshold | 0.1 | 0.3 |" in text
    assert "Base: `low`. Head: `high`." in text


def test_an_experiment_is_taken_over_and_the_others_removed(ran, tmp_path):
    clone = ran[0].copy(tmp_path / "clone")
    run_recipe(clone, TAKE)
    assert "threshold: 0.1 " in clone.git("show", "HEAD:params.yaml")
    assert clone.dvc("exp", "list", "-A").stdout.strip() == ""
    assert clone.ran(clone.dvc("repro")) == []
    assert clone.git("status", "--porcelain") == ""


def test_differences_between_two_states_are_shown_and_reviewed(reproduced, tmp_path):
    clone = reproduced.copy(tmp_path / "clone")
    clone.set({"evaluate.threshold": 0.9})
    clone.dvc("repro")
    [diffs] = recipe("What changed", page=PAGE)
    shown = run_recipe(clone, diffs).stdout
    assert "evaluate.threshold" in shown
    assert "test.recall.value" in shown
    assert (clone.folder / "dvc_plots/index.html").exists()
    [review] = recipe("Is it real?", page=PAGE)
    assert "Champion: `" in run_recipe(clone, review).stdout
    clone.git("add", "-A")
    assert {line[3:].split("/")[0] for line in clone.git("status", "--porcelain").splitlines()} <= {
        "dvc.lock",
        "metrics",
        "params.yaml",
        "plots",
        "report",
    }
