import os
import subprocess
import sys
from pathlib import Path

import joblib
import pytest
import yaml

from purchase.models.store import load_model
from purchase.models.vouched import folder_hash
from purchase.tables import TableError
from tests.models.vouching import lock_for

ROOT = Path(__file__).parents[2]


class Hostile:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


@pytest.fixture
def model(tmp_path):
    """A folder that passes for a model."""
    folder = tmp_path / "model"
    folder.mkdir()
    card = '{"family": "logistic_regression", "settings": {"C": 1.0, "l1_ratio": 0.0}, "n_threads": 1, "features": {}}'
    (folder / "family.json").write_text(card, encoding="utf-8")
    for name in ("calibrator.joblib", "pipeline.joblib"):
        joblib.dump(None, folder / name)
    return folder


def test_a_hostile_file_in_place_of_a_model_is_named_with_both_hashes_and_never_runs(model, tmp_path):
    lock, vouched = lock_for(model), folder_hash(model)
    assert load_model(model, lock=lock).family == "logistic_regression"
    for name in ("calibrator.joblib", "pipeline.joblib"):
        joblib.dump(Hostile(tmp_path / "ran"), model / name)
        with pytest.raises(TableError) as caught:
            load_model(model, lock=lock)
        for words in (str(model), vouched, folder_hash(model), "dvc checkout"):
            assert words in str(caught.value)
        assert not (tmp_path / "ran").exists()
    # It would have run: the test is not idle.
    joblib.load(model / "pipeline.joblib")
    assert (tmp_path / "ran").exists()


def test_a_file_added_to_a_vouched_folder_closes_it(model):
    lock = lock_for(model)
    (model / "more.txt").touch()
    with pytest.raises(TableError, match="is not opened"):
        load_model(model, lock=lock)


def test_a_file_renamed_in_a_vouched_folder_closes_it(model):
    lock = lock_for(model)
    (model / "pipeline.joblib").rename(model / "other.joblib")
    with pytest.raises(TableError, match="is not opened"):
        load_model(model, lock=lock)


def test_a_model_that_no_stage_wrote_or_without_a_lock_is_not_opened(model, tmp_path):
    with pytest.raises(TableError, match=r"dvc.lock, which would vouch for it, does not exist"):
        load_model(model, lock=tmp_path / "dvc.lock")
    lock = lock_for(model)
    elsewhere = model.rename(tmp_path / "elsewhere")
    with pytest.raises(TableError, match=r"dvc.lock does not name it"):
        load_model(elsewhere, lock=lock)


def test_a_lock_that_changes_is_read_again(model):
    load_model(model, lock=lock_for(model))
    (model / "more.txt").touch()
    lock = lock_for(model)
    os.utime(lock, ns=(1, 1))
    assert load_model(model, lock=lock).family == "logistic_regression"


def test_the_hash_is_the_one_that_dvc_writes(tmp_path):
    for name in ("b.txt", "a/ä.txt", "a b.txt"):
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).write_text(name, encoding="utf-8")
    for words in (["init", "--no-scm", "-q"], ["add", "-q", "out"]):
        subprocess.run([sys.executable, "-m", "dvc", *words], cwd=tmp_path, check=True, capture_output=True)
    added = yaml.safe_load((tmp_path / "out.dvc").read_text(encoding="utf-8"))
    assert folder_hash(tmp_path / "out") == added["outs"][0]["md5"]


def test_only_the_store_and_its_families_open_files_that_may_run_code():
    openers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("purchase", "stages", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("joblib.load(", "import pickle", "skops"))
    }
    assert openers == {"purchase/models/store.py", "purchase/models/pipelines.py"}
