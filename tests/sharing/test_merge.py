"""Two branches changed params and were run: the page's recipe leads to a lock that is true of both."""

import pytest
import yaml

from tests.recipes import recipe, run_recipe

STAGE = "featurize"  # the last stage that is run here
CHANGES = {"colleague": {"cutoffs.lookback_days": 150}, "mine": {"featurize.windows_days": [7, 30]}}


@pytest.fixture
def clone(reproduced, tmp_path):
    """A clone at the branch ``mine``, beside the branch ``colleague``: each changed one param, and was run."""
    clone = reproduced.copy(tmp_path / "clone")
    run_recipe(clone, recipe("A shared folder")[0], {"/mnt/team/purchase": tmp_path / "storage"})
    for branch, change in CHANGES.items():
        clone.git("checkout", "-q", "-b", branch, "main")
        clone.set(change)
        clone.dvc("repro", STAGE)
        clone.commit(branch)
    return clone


def test_a_merge_of_two_runs_ends_with_a_lock_that_is_true_of_both_changes(clone):
    parents = clone.git("rev-parse", "mine", "colleague")
    merge, run = recipe("Merge two branches that were both run")
    first, second = merge.splitlines(keepends=True)
    assert "Merge conflict in dvc.lock" in run_recipe(clone, first).stdout
    run_recipe(clone, second)
    assert f"{STAGE}:" in clone.dvc("status", STAGE).stdout
    done = run_recipe(clone, run, {"dvc repro --pull": f"dvc repro --pull {STAGE}"})
    assert clone.ran(done) == [STAGE]  # preprocess comes from the cache, since this clone has run it for colleague
    assert "up to date" in clone.dvc("status", STAGE).stdout
    locked = yaml.safe_load((clone.folder / "dvc.lock").read_text(encoding="utf-8"))["stages"][STAGE]
    assert locked["params"]["params.yaml"]["cutoffs"]["lookback_days"] == 150
    assert locked["params"]["params.yaml"]["featurize"]["windows_days"] == [7, 30]
    assert clone.git("rev-parse", "HEAD^1", "HEAD^2") == parents
    assert clone.git("status", "--porcelain") == ""
