import copy
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import BaseModel, ConfigDict

from purchase.audit import watch
from purchase.audit.recorder.sitecustomize import ParamReads
from purchase.audit.touched import read_records
from tests.conftest import ROOT

ALL = {"space.C", "space.gamma", "values", "search"}


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True)


class Space(Strict):
    C: float = 1.0
    gamma: float = 2.0


class Search(Strict):
    search: str = "grid"
    space: Space = Space()
    values: list[int] = [1, 2]


class Notes(set):
    def add(self, kind, what=""):
        super().add((kind, what))


@pytest.fixture
def followed(monkeypatch):
    """A watched read_params, and a function that tells the keys read so far."""
    notes = Notes()
    module = SimpleNamespace(Strict=Strict, read_params=Search)
    monkeypatch.setattr(Strict, "__getattribute__", Strict.__getattribute__)  # put back at the end
    ParamReads(notes).wrap(module)
    return module.read_params, lambda: {what for kind, what in notes if kind == "param"}


def test_a_value_is_read_when_its_attribute_is(followed):
    read_params, read = followed
    params = read_params()
    space = params.space  # a section is no value
    assert read() == set()
    assert space.C == 1.0
    assert read() == {"space.C"}
    assert params.values == [1, 2]
    assert read() == {"space.C", "values"}


@pytest.mark.parametrize(
    "take", [dict, copy.copy, copy.deepcopy, pickle.dumps, repr, Search.model_dump, Search.model_dump_json]
)
def test_taking_a_section_as_a_whole_reads_every_value_in_it(followed, take):
    read_params, read = followed
    params = read_params()
    take(params)
    assert read() == ALL


def test_taking_an_inner_section_reads_nothing_outside_it(followed):
    read_params, read = followed
    params = read_params()
    params.space.model_copy(update={"C": 3.0})
    assert read() == {"space.C", "space.gamma"}


def test_sections_that_did_not_come_from_read_params_are_not_followed(followed):
    read_params, read = followed
    read_params()  # what it returns is dropped, and may leave its place in memory to another
    assert all(Search().values == [1, 2] for _ in range(100))
    assert read() == set()


# A stage of two commands: what a worker of joblib reads, what a child reads past read_params.
BY_A_WORKER = """
from joblib import Parallel, delayed
def use(name):
    from purchase.params import read_params
    return getattr(read_params().train.svm, name)
print(Parallel(n_jobs=2, backend="loky")(delayed(use)(name) for name in ("C", "n_components")))
"""
PAST = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "open('params.yaml').close(); open('dvc.yaml').close()"], check=True)
"""


def record(folder, code):
    folder.mkdir()
    environment = os.environ | {"PURCHASE_AUDIT_RECORD": str(folder), "PURCHASE_AUDIT_TREE": str(ROOT)}
    environment["PYTHONPATH"] = os.pathsep.join([str(watch.RECORDER), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True)
    files = {"stage": "train", "opened": ["params.yaml"], "changed": []}
    (folder / "files.json").write_text(json.dumps(files), encoding="utf-8")


def test_what_workers_and_children_use_is_noted_and_commands_are_taken_together(tmp_path):
    record(tmp_path / "1", BY_A_WORKER)
    record(tmp_path / "2", PAST)
    touched = read_records(tmp_path)["train"]
    assert touched.params == {"train.svm.C", "train.svm.n_components"}
    assert touched.past == {"a process of the stage"}
    assert touched.packages >= {"joblib", "pydantic"}
    assert not touched.packages & {"purchase", "stages"}
    notes = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*/*.txt"))
    assert "import joblib\n" in notes
    assert "import json\n" not in notes


def record_by_hand(folder, **files):
    folder.mkdir()
    (folder / "files.json").write_text(json.dumps({"stage": "a", "changed": []} | files), encoding="utf-8")


def test_params_opened_by_a_program_that_leaves_no_notes_are_opened_past_read_params(tmp_path):
    record_by_hand(tmp_path / "1", opened=["params.yaml"])
    assert read_records(tmp_path)["a"].past == {"a program that is not Python"}


def test_a_compiled_module_counts_as_its_source(tmp_path):
    compiled = Path("purchase/__pycache__") / f"tables.{sys.implementation.cache_tag}.pyc"
    record_by_hand(tmp_path / "1", opened=[compiled.as_posix(), "data/a.csv"])
    assert read_records(tmp_path)["a"].opened == {"purchase/tables.py", "data/a.csv"}
