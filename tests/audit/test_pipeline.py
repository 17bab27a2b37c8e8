import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from tests.conftest import ROOT
from tests.pipeline.clone import SMALL, Clone

# One worker for the tests that share an audited run.
pytestmark = pytest.mark.xdist_group("audit")

ELSEWHERE = {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Chatham", "LC_ALL": "C"}


def audit(root, *words, settings, **options):
    """Run the audit of the repository in a folder, with other params."""
    changes = [word for key, value in settings.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    command = [sys.executable, "-m", "purchase.audit", *changes, *words]
    environment = Clone.at(root).command()[1] | options.pop("environment", {})
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, encoding="utf-8", check=False, **options
    )


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    """The finished audit of the small shop, and the clone that it kept: ``dvc repro --force`` in another folder."""
    folder = tmp_path_factory.mktemp("audited") / "other földer"
    done = audit(ROOT, "--folder", str(folder), settings=SMALL, environment=ELSEWHERE, umask=0o077)
    return done, Clone.at(folder / "repository")


def test_every_stage_touches_what_it_declares_and_nothing_else(audited):
    done, clone = audited
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Stages audited: {len(clone.lock())}. Each touches what dvc.yaml says of it" in done.stdout


def test_another_folder_hash_seed_time_zone_locale_and_umask_change_no_byte(audited, reproduced):
    _, clone = audited
    expected = reproduced.lock()
    assert {"simulate", "evaluate", "tune@neural_network"} <= set(expected)
    assert clone.lock() == expected


BROKEN = """
import duckdb
import purchase.shops
from pathlib import Path
duckdb.sql("SELECT content FROM read_text('README.md')").fetchall()
Path("leftover.txt").touch()
Path("params.yaml").read_text()
read_params().seed
"""
FOUND = {
    "a dep, but never read": ("docs/shops.md", "take it out of the deps"),
    "a param named, but not used": ("tune.svm", "take it out of the params"),
    "a param used, but not named": ("seed", "add seed, or its section, to the params"),
    "an out, but not written": ("logs/never.csv", "take it out of the meta.logs"),
    "imported, but in no dep": ("purchase/shops.py", "add purchase/shops.py, or its folder, to the deps"),
    "imports packages, but its pins are no dep": (r".* and \d+ more", "add requirements.txt to the deps"),
    "params.yaml opened past read_params": (r"stages/simulate\.py line \d+", "by purchase.params.read_params"),
    "read, but in no dep": ("README.md", "add README.md to the deps"),
    "written, but no out": ("leftover.txt", "add leftover.txt to the outs"),
}


def break_every_rule(clone):
    """Have the stage ``simulate`` break each rule once."""
    path = clone.folder / "stages/simulate.py"
    path.write_text(path.read_text(encoding="utf-8").replace("\ndef main", f"{BROKEN}\n\ndef main"), encoding="utf-8")
    path = clone.folder / "dvc.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    stage = content["stages"]["simulate"]
    stage["deps"].remove("requirements.txt")
    stage["deps"].append("docs/shops.md")
    stage["params"].append("tune.svm")
    stage["meta"] = {"logs": ["logs/never.csv"]}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_each_rule_broken_in_a_real_run_is_in_the_table_once_with_its_mend(tmp_path):
    clone = Clone(tmp_path)
    break_every_rule(clone)
    done = audit(tmp_path, "simulate", settings=SMALL | {"simulate.n_customers": 300})
    assert done.returncode == 1, done.stdout + done.stderr
    rows = [re.split(r" {2,}", line) for line in done.stdout.splitlines() if re.match(r"simulate {2,}", line)]
    assert [rule for _, rule, _, _ in rows] == sorted(FOUND)
    for _, rule, what, mend in rows:
        expected, mended = FOUND[rule]
        assert re.fullmatch(expected, what), rule
        assert mended in mend, rule
    assert f"Stages audited: 1, findings: {len(FOUND)}." in done.stdout
    assert clone.git("status", "--porcelain").split("\n") == [" M dvc.yaml", " M stages/simulate.py", ""]


def test_a_stage_that_fails_ends_the_audit_with_its_error_and_another_status(tmp_path):
    done = audit(ROOT, "simulate", settings={"simulate.n_days": "many"})
    assert done.returncode == 2
    assert "simulate.n_days='many'" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: a stage failed, or could not be watched")


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine").touch()
    done = audit(ROOT, "--folder", str(tmp_path), settings={})
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert os.listdir(tmp_path) == ["mine"]  # noqa: PTH208
