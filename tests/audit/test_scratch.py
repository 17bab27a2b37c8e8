import subprocess

import pytest

from purchase.audit import scratch
from purchase.audit.findings import Declared
from purchase.files import ParamsError, read_yaml


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def files_in(folder):
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {path for path in paths if not path.startswith(".git/")}


@pytest.fixture
def root(tmp_path):
    """A repository with a file that Git holds, one that it would, one that it ignores, a result and raw data."""
    root = tmp_path / "root"
    make(root, "dvc.yaml", "dvc.lock", "metrics/a.json", "new.py", "x.pyc", "data/raw/mine/orders.csv")
    (root / ".gitignore").write_text("*.pyc\n/data/\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "dvc.yaml", "dvc.lock", ".gitignore", "metrics"], cwd=root, check=True)
    return root


STAGES = {
    "prepare": Declared(deps={"data/raw/mine", "dvc.yaml"}, outs={"data/tables", "metrics/a.json"}),
    "train": Declared(deps={"data/tables/orders.parquet", "new.py"}, outs={"models"}),
}


def test_a_copy_holds_code_and_raw_data_and_no_result(root, tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    scratch.copy_work_tree(root, tree)
    assert files_in(tree) == {"dvc.yaml", ".gitignore", "metrics/a.json", "new.py"}
    scratch.bring_raw_data(root, tree, STAGES)
    assert files_in(tree) == {"dvc.yaml", ".gitignore", "new.py", "data/raw/mine/orders.csv"}


def test_raw_data_that_are_not_here_are_named_with_the_mend(root, tmp_path):
    (root / "data/raw/mine/orders.csv").unlink()
    (root / "data/raw/mine").rmdir()
    with pytest.raises(OSError, match=r"data/raw/mine, a dep, is not here\. Run `dvc pull data/raw/mine`"):
        scratch.bring_raw_data(root, tmp_path / "tree", STAGES)


def test_params_are_set_by_dotted_key_and_keep_their_comments(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("train:\n  C: 1  # strength\n  kinds: [a]\n", encoding="utf-8")
    scratch.set_params(path, ["train.C=0.5", "train.kinds=[b, null]"])
    assert read_yaml(path) == {"train": {"C": 0.5, "kinds": ["b", None]}}
    assert "# strength" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("train.D=1", r"such as train\.svm\.C=0\.2"),
        ("train.C", r"needs KEY=VALUE"),
        ("train.C.x=1", r"needs KEY=VALUE"),
        ("trian.C=1", r"needs KEY=VALUE"),
        ("train.C=[1", r"the value is not YAML"),
    ],
)
def test_a_param_that_cannot_be_set_is_refused_with_the_change_and_the_reason(tmp_path, change, message):
    path = tmp_path / "params.yaml"
    path.write_text("train:\n  C: 1\n", encoding="utf-8")
    with pytest.raises(ParamsError, match=message):
        scratch.set_params(path, [change])
