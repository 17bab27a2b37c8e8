"""Two ``dvc repro`` at once in one folder."""

import os
import subprocess

from tests.pipeline.clone import Clone

STAGE = "featurize"

# Loaded by every Python of the first run: the stage waits, once it has begun, until somebody opens the pipe to write.
WAIT = f"""
import os, sys

if "stages.{STAGE}" in sys.orig_argv:
    open(os.environ["PIPE"]).close()
"""


def test_of_two_runs_at_once_one_is_told_to_wait_and_neither_damages_the_other(reproduced, tmp_path):
    clone = Clone.at(reproduced.copy(tmp_path / "clone").folder)  # each stage is a Python of its own, which can wait
    pipe, startup = tmp_path / "pipe", tmp_path / "startup"
    os.mkfifo(pipe)
    startup.mkdir()
    (startup / "sitecustomize.py").write_text(WAIT, encoding="utf-8")
    command, environment = clone.command("repro", "--force", "--single-item", STAGE)
    environment |= {"PYTHONPATH": str(startup), "PIPE": str(pipe)}
    with subprocess.Popen(command, cwd=clone.folder, env=environment, stdout=subprocess.DEVNULL) as first:
        with pipe.open("w"):  # returns when the stage of the first run reads, and lets it go on at the end of the block
            second = clone.dvc("repro", "--force", "--single-item", STAGE, check=False)
        assert first.wait() == 0
    assert second.returncode != 0
    assert "Traceback" not in second.stderr
    assert "is busy, it is being" in second.stderr
    assert f"(PID {first.pid})" in second.stderr
    assert clone.lock() == reproduced.lock()
    assert clone.git("status", "--porcelain") == ""
    assert "up to date" in clone.dvc("status").stdout
