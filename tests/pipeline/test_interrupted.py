import os
import resource
import signal
import subprocess
import time

import pytest

from tests.pipeline.clone import SMALL, Clone

LAST = "train@lightgbm"

# One worker makes the fixture, for all tests of this file.
pytestmark = pytest.mark.xdist_group("interrupted")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The outs of an undisturbed run up to one model, by stage."""
    clone = Clone(tmp_path_factory.mktemp("undisturbed"))
    clone.set(SMALL)
    clone.dvc("repro", LAST)
    return clone.lock()


def kill_in(clone, stage, *, after):
    """Start ``dvc repro`` and kill it and all that it started, ``after`` seconds into a stage."""
    command, environment = clone.command("repro", LAST)
    environment["PYTHONUNBUFFERED"] = "1"
    process = subprocess.Popen(
        command, cwd=clone.folder, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    for line in process.stdout:
        if line.startswith(f"Running stage '{stage}'"):
            break
    time.sleep(after)
    assert process.poll() is None, "the run was over before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_run_killed_in_every_stage_ends_with_the_bytes_of_an_undisturbed_one(tmp_path, undisturbed):
    clone = Clone(tmp_path)
    clone.set(SMALL)
    for stage, after in (("simulate", 1.2), ("prepare", 1.6), ("preprocess", 1.8), ("featurize", 2.0), (LAST, 2.5)):
        kill_in(clone, stage, after=after)
    clone.dvc("repro", LAST)
    assert clone.lock() == undisturbed
    assert not list(clone.folder.rglob("*.part"))


def test_a_disk_that_fills_stops_a_stage_without_a_half_written_out(tmp_path, undisturbed):
    clone = Clone(tmp_path)
    clone.set(SMALL)
    clone.dvc("repro", "simulate")
    largest = max(path.stat().st_size for path in (clone.folder / "data/raw/simulated").iterdir())

    def allow_small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 50, largest // 50))

    done = clone.dvc("repro", "prepare", check=False, preexec_fn=allow_small_files_only)
    assert done.returncode != 0
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone.folder / "data/tables").exists()
    clone.dvc("repro", LAST)
    assert clone.lock() == undisturbed
