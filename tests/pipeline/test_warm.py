"""What the warm shell runs ends as it would by itself, and says the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


def run_stage(folder, shell):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    command = [shell, "-c", "python -m stages.simulate"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("shell_is_warm", [True, False])
def test_a_stage_that_fails_ends_with_its_status_and_its_one_line_whoever_runs_it(tmp_path, warm, shell_is_warm):
    (tmp_path / "params.yaml").write_text("seed: 1\n", encoding="utf-8")
    done = run_stage(tmp_path, warm if shell_is_warm else "/bin/sh")
    assert done.returncode == 1
    assert done.stderr.startswith("error: params.yaml: ")
    assert "Traceback" not in done.stderr


def test_a_command_after_another_says_nothing_of_the_first(tmp_path, warm):
    one, other = (run_stage(folder, warm) for folder in (tmp_path, ROOT / "docs"))
    assert one.stderr == other.stderr
    assert one.stderr.count("error: ") == 1


def test_code_that_is_not_the_repositorys_is_refused_and_the_next_command_is_run(tmp_path, warm):
    changed = tmp_path / "changed"
    (changed / "stages").mkdir(parents=True)
    (changed / "stages/simulate.py").write_text("print('another stage')\n", encoding="utf-8")
    refused = run_stage(changed, warm)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"error: {changed} has other code than the repository")
    assert run_stage(tmp_path, warm).stderr.startswith("error: params.yaml")
