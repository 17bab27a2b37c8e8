import resource
import signal
import subprocess

from tests.pipeline.clone import SMALL, Clone

LAST = "train@lightgbm"

# Loaded by every Python that the run starts: ends the run, DVC included, in the stage that KILL_IN names, when one out
# is in place and the next is written but not yet moved there.
KILLER = """
import os, signal, sys

n_moved = 0

def kill(event, arguments):
    global n_moved
    if event == "os.rename" and str(arguments[0]).endswith(".part"):
        n_moved += 1
        if n_moved == 2:
            os.killpg(0, signal.SIGKILL)

if f"stages.{os.environ['KILL_IN']}" in sys.orig_argv:
    sys.addaudithook(kill)
"""


def kill_in(clone, stage):
    """Run ``dvc repro`` and kill it and all that it started in the middle of a stage."""
    killer = clone.folder.parent / "killer"
    killer.mkdir(exist_ok=True)
    (killer / "sitecustomize.py").write_text(KILLER, encoding="utf-8")
    command, environment = clone.command("repro", LAST)
    environment |= {"PYTHONPATH": str(killer), "KILL_IN": stage}
    done = subprocess.run(
        command, cwd=clone.folder, env=environment, capture_output=True, text=True, start_new_session=True, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert f"Running stage '{stage}" in done.stdout


def outs_up_to_last(clone, reproduced):
    return {stage: outs for stage, outs in reproduced.lock().items() if stage in clone.lock()}


def test_a_run_killed_in_every_stage_ends_with_the_bytes_of_an_undisturbed_one(tmp_path, reproduced):
    clone = Clone(tmp_path / "clone")
    clone.set(SMALL)
    for stage in ("simulate", "prepare", "preprocess", "featurize", "train"):
        kill_in(clone, stage)
    assert list(clone.folder.rglob("*.part"))
    clone.dvc("repro", LAST)
    assert clone.lock() == outs_up_to_last(clone, reproduced)
    assert not list(clone.folder.rglob("*.part"))


def test_a_disk_that_fills_stops_a_stage_without_a_half_written_out(tmp_path, reproduced, warm):
    clone = Clone(tmp_path, warm)
    clone.set(SMALL)
    clone.dvc("repro", "simulate")
    largest = max(path.stat().st_size for path in (clone.folder / "data/raw/simulated").iterdir())

    def allow_small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 50, largest // 50))

    # By the user's shell, so that the limit, which a process hands on to those that it starts, is the stage's too.
    done = Clone.at(tmp_path).dvc("repro", "prepare", check=False, preexec_fn=allow_small_files_only)
    assert done.returncode != 0
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone.folder / "data/tables").exists()
    clone.dvc("repro", LAST)
    assert clone.lock() == outs_up_to_last(clone, reproduced)
