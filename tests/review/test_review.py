import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.pipeline.clone import Clone

# One worker for all tests of this file, which share two revisions.
pytestmark = pytest.mark.xdist_group("review")

PREDICTIONS = "data/predictions/test.parquet"
FEWER_TREES = {"xgboost": "n_estimators", "lightgbm": "n_estimators", "random_forest": "n_estimators"}
GH = """#!/usr/bin/env python3
# Stands for GitHub's API: keeps the comments of one pull request in a file.
import json, pathlib, sys
store = pathlib.Path(__file__).with_name("comments.json")
comments = json.loads(store.read_text()) if store.exists() else []
words = sys.argv[1:]
if "--method" not in words:
    ours = [c["id"] for c in comments if c["body"].startswith("<!-- purchase.review -->")]
    assert '.body | startswith("<!-- purchase.review -->")' in words[words.index("--jq") + 1]
    print("\\n".join(map(str, ours)))
else:
    method, path = words[words.index("--method") + 1 :][:2]
    field = words[words.index("--field") + 1]
    assert field.startswith("body=@")
    body = pathlib.Path(field[6:]).read_text()
    if method == "PATCH":
        [comment] = [c for c in comments if path.endswith(f"issues/comments/{c['id']}")]
        comment["body"] = body
    else:
        assert path == "repos/shop/purchase/issues/7/comments"
        comments.append({"id": 100 + len(comments), "body": body})
    store.write_text(json.dumps(comments))
"""


def clone_of(origin, folder):
    subprocess.run(["git", "clone", "-q", str(origin), str(folder)], check=True)
    (folder / ".venv").symlink_to(sys.prefix)
    return Clone.at(folder)


@pytest.fixture(scope="module")
def teammate(reproduced, tmp_path_factory):
    """A fresh clone, at a branch with fewer trees in the best family that has trees, of a bare origin with a remote."""
    folder = tmp_path_factory.mktemp("review")
    author = reproduced.copy(folder / "author")
    author.dvc("remote", "add", "-d", "storage", str(folder / "storage"))
    author.commit("Share results")
    author.dvc("push")
    ranked = pd.read_csv(author.folder / "metrics/leaderboard.csv")["model"].str.split("/").str[-1]
    family = next(name for name in ranked if name in FEWER_TREES)
    author.git("checkout", "-q", "-b", "fewer")
    author.set({f"train.{family}.{FEWER_TREES[family]}": 12})
    author.dvc("repro")
    author.commit("Fewer trees")
    author.dvc("push")
    author.git("init", "-q", "--bare", "-b", "main", str(folder / "origin.git"))
    author.git("push", "-q", str(folder / "origin.git"), "main", "fewer")
    clone = clone_of(folder / "origin.git", folder / "teammate")
    clone.git("checkout", "-q", "fewer")
    return clone


def script(clone, name, *words, **environment):
    command = [str(clone.folder / ".ci" / name), *words]
    return subprocess.run(
        command, cwd=clone.folder, env=clone.command()[1] | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def reviewed(teammate, tmp_path_factory):
    """What .ci/results and .ci/review do in a workflow run; the review's folder and its process."""
    summary = tmp_path_factory.mktemp("summary") / "summary.md"
    results = script(teammate, "results", "origin/main", "HEAD")
    assert results.returncode == 0, results.stderr
    done = script(teammate, "review", "origin/main", "review", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode in (0, 1), done.stderr
    assert summary.read_text(encoding="utf-8") == (teammate.folder / "review/review.md").read_text(encoding="utf-8")
    return done


def test_the_review_of_two_commits_gives_a_paired_verdict_with_its_interval(reviewed):
    head = r"## (Better|Worse|Within noise): log loss 0\.\d{4} -> 0\.\d{4}\n\nDifference [+-]0\.\d{4} "
    head += r"\[[+-]\S+, [+-]\S+\]: "
    assert re.match(
        head + r"95% interval of a paired bootstrap over `group` on the same [\d,]+ test rows", reviewed.stdout
    )
    assert (
        reviewed.stdout.count("within noise") + reviewed.stdout.count("better") + reviewed.stdout.count("worse") >= 11
    )
    assert re.search(r"\| train\.\w+\.n_estimators \| \d+ \| 12 \|", reviewed.stdout)
    assert "Champion: `" in reviewed.stdout
    assert "Rows and features that changed" not in reviewed.stdout


def test_the_review_brings_only_results_and_runs_nothing(reviewed, teammate):
    assert not (teammate.folder / "data/raw/simulated").exists()
    assert (teammate.folder / ".dvc/cache/files/md5").is_dir()


def test_both_curves_are_drawn(reviewed, teammate):
    pictures = sorted(path.name for path in (teammate.folder / "review").glob("*.png"))
    assert pictures == ["calibration.png", "lift.png", "precision_recall.png", "roc.png"]
    assert teammate.git("status", "--porcelain") == ""


def test_one_comment_is_made_and_then_updated(reviewed, teammate, tmp_path):
    gh = tmp_path / "gh"
    gh.write_text(GH, encoding="utf-8")
    gh.chmod(gh.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "comments.json").write_text(json.dumps([{"id": 1, "body": "Nice!"}]), encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), teammate.command()[1]["PATH"]])
    asked = {"PATH": path, "GITHUB_REPOSITORY": "shop/purchase", "PULL_REQUEST": "7", "GH_TOKEN": "none"}
    for text in ("first", "second"):
        (tmp_path / "review.md").write_text(text, encoding="utf-8")
        done = script(teammate, "comment", str(tmp_path / "review.md"), **asked)
        assert done.returncode == 0, done.stderr
        comments = json.loads((tmp_path / "comments.json").read_text(encoding="utf-8"))
        assert [comment["body"] for comment in comments] == ["Nice!", f"<!-- purchase.review -->\n{text}"]


def test_a_failed_gate_ends_with_1_and_says_what_failed(reviewed, teammate):
    params = teammate.folder / "params.yaml"
    before = params.read_text(encoding="utf-8")
    teammate.set({"gate.min_lift_at_10_percent": 9.9})
    done = teammate.python("-m", "purchase.review", "origin/main", check=False)
    params.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    assert re.search(r"Gate: \*\*failed\*\*\. .*lift at 10 % \S+ \(at least 9\.9\), \*\*failed\*\*", done.stdout)


def test_the_same_revision_twice_has_nothing_to_say(reviewed, teammate):
    done = teammate.python("-m", "purchase.review", "origin/main", "origin/main")
    assert done.stdout.startswith("## The same predictions")
    assert "Params, packages, data, features and drivers are the same." in done.stdout


def test_other_test_rows_give_no_paired_verdict_but_what_each_measured(reviewed, teammate):
    teammate.dvc("pull", "-q", PREDICTIONS)
    path = teammate.folder / PREDICTIONS
    rows = pd.read_parquet(path)
    path.unlink()  # a link to the cache, perhaps
    rows.iloc[: len(rows) // 2].to_parquet(path)
    text = teammate.python("-m", "purchase.review", "origin/main", check=False).stdout
    assert text.startswith("## No paired verdict is possible\n\nThe test rows differ: base has ")
    assert "## On the rows that both have: " in text


def test_results_that_are_nowhere_are_named_and_git_tells_the_rest(teammate, tmp_path):
    clone = clone_of(teammate.folder.parent / "origin.git", tmp_path / "clone")
    (clone.folder / ".dvc/config").write_text("[core]\n    analytics = false\n", encoding="utf-8")
    done = clone.python("-m", "purchase.review", "origin/main", "origin/fewer", check=False)
    assert (
        "## No paired verdict is possible\n\ndata/predictions/test.parquet of `origin/main` is neither in"
        in done.stdout
    )
    assert "Params that changed: 1" in done.stdout


def test_what_cannot_be_compared_is_one_line_with_its_mend(teammate, tmp_path):
    clone = teammate.copy(tmp_path / "clone")
    shutil.rmtree(clone.folder / "metrics")
    clone.commit("No results")
    for base, says in (
        ("nowhere", "error: Git knows no commit 'nowhere' here, and DVC no experiment"),
        ("HEAD", "error: HEAD has no results (metrics/evaluate.json is missing). Run `dvc repro` there"),
    ):
        done = clone.python("-m", "purchase.review", base, "origin/main", check=False)
        assert done.returncode == 2
        assert done.stderr.startswith(says)
        assert len(done.stderr.splitlines()) == 1


def test_a_review_that_fails_is_said_in_the_summary_too(teammate, tmp_path):
    done = script(teammate, "review", "nowhere", str(tmp_path / "review"))
    assert done.returncode == 2
    assert (tmp_path / "review/review.md").read_text(encoding="utf-8").startswith("## No review\n\nerror: Git knows no")


def test_the_workflow_asks_for_least_and_pins_every_action():
    text = (Path(__file__).parents[2] / ".github/workflows/pull_request.yml").read_text(encoding="utf-8")
    uses = re.findall(r"uses: (\S+)", text)
    assert uses
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", action) for action in uses)
    assert "pull_request_target" not in text
    assert "secrets." not in text
    assert text.count("write") == text.count("pull-requests: write") + text.count("may not write")
    for script_name in re.findall(r"run: \.ci/(\w+)", text):
        assert os.access(Path(__file__).parents[2] / ".ci" / script_name, os.X_OK), script_name
