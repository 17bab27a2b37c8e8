"""A clone of the repository as it stands, in a folder of its own, on which tests run ``dvc``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]

# The same pipeline in seconds: every stage and family, little of each.
SMALL = {
    "simulate.n_customers": 2500,
    "cutoffs.n_train": 3,
    "fit.n_folds": 2,
    "train.random_forest.n_estimators": 20,
    "train.xgboost.n_estimators": 30,
    "train.lightgbm.n_estimators": 30,
    "train.svm.n_components": 30,
    "train.neural_network.epochs": 1,
    "train.sequence_network.epochs": 1,
    "tune.logistic_regression.space": {"C": [0.01, 0.1]},
    "tune.random_forest.n_candidates": 1,
    "tune.xgboost.n_candidates": 1,
    "tune.lightgbm.n_candidates": 1,
    "tune.svm.n_candidates": 1,
    "tune.neural_network.n_candidates": 1,
    "evaluate.n_bootstrap": 100,
    "evaluate.n_importance_repeats": 1,
    "gate.better_than_baselines": None,  # with so few orders in the test part, noise hides by how much
}


class Clone:
    """A clone at ``folder``; it shares neither cache nor results with the repository.

    Parameters
    ----------
    folder : path
    shell : path or None
        Which DVC has run the stages: one of ``warm_shell``, or the user's.
    """

    def __init__(self, folder, shell=None):
        self.folder, self.shell = Path(folder), shell
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file() and name != "dvc.lock" and not name.startswith(("metrics/", "plots/")):
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.folder / name)
        self.git("init", "-q", "-b", "main")
        self.commit("Start")

    @classmethod
    def at(cls, folder, shell=None):
        """The clone that is in ``folder`` already: one that Git made, or a copy."""
        clone = cls.__new__(cls)
        clone.folder, clone.shell = Path(folder), shell
        return clone

    def copy(self, folder):
        """Return a copy of this clone in ``folder``, with its results and its cache."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Clone.at(folder, self.shell)

    def git(self, *arguments):
        identity = ["-c", "user.name=Tests", "-c", "user.email=tests@shop.test"]
        return subprocess.run(
            ["git", *identity, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        ).stdout

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def set(self, changes):
        """Change params: {dotted key: value}."""
        path = self.folder / "params.yaml"
        yaml12 = YAML()
        content = yaml12.load(path)
        for key, value in changes.items():
            *sections, name = key.split(".")
            section = content
            for part in sections:
                section = section[part]
            if name not in section:
                raise KeyError(key)
            section[name] = value
        yaml12.dump(content, path)

    def command(self, *words):
        """The words of a ``dvc`` call and the environment that it runs in."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
        if self.shell:
            environment["SHELL"] = str(self.shell)
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            environment.pop(name, None)
        return [sys.executable, "-m", "dvc", *words], environment

    def dvc(self, *words, check=True, **options):
        """Run ``dvc`` and return the finished process; with ``check``, a failure shows what it printed."""
        return self.python("-m", "dvc", *words, check=check, **options)

    def python(self, *words, check=True, **options):
        """Run this Python in the clone, as ``dvc`` is run."""
        _, environment = self.command()
        command = [sys.executable, *words]
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, **options
        )
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def lock(self):
        """Return {stage: {out: md5}} of dvc.lock."""
        stages = yaml.safe_load((self.folder / "dvc.lock").read_text(encoding="utf-8"))["stages"]
        return {name: {out["path"]: out["md5"] for out in stage["outs"]} for name, stage in stages.items()}

    def ran(self, done):
        """Return the names of the stages that a ``dvc repro`` ran."""
        lines = done.stdout.splitlines()
        return [line.split("'")[1] for line in lines if line.startswith("Running stage '")]
