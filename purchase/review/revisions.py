"""What a revision holds: its texts from Git, its data by ``dvc.lock`` from DVC's cache or remote."""

import io
import json
import subprocess
from functools import cached_property
from pathlib import Path

import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

WORK_TREE = None


class ReviewError(ValueError):
    """The two revisions cannot be compared: says which, and how to mend it."""


class Revision:
    """A Git revision, or the work tree as it stands.

    Parameters
    ----------
    name : str or None
        What Git takes for a commit (``main``, ``HEAD~1``, a hash), or an experiment of DVC's; None is the work tree.

    Raises
    ------
    ReviewError
        If there is no such commit.
    """

    def __init__(self, name):
        self.name = name or "work tree"
        self.commit = name and _commit_of(name)

    def text(self, path):
        """Return a file that Git keeps, or None where the revision has none."""
        if self.commit is WORK_TREE:
            return Path(path).read_text(encoding="utf-8") if Path(path).is_file() else None
        done = subprocess.run(["git", "show", f"{self.commit}:./{path}"], capture_output=True, check=False)
        return None if done.returncode else done.stdout.decode("utf-8")

    def json(self, path):
        """Return the content of a JSON file; empty where the revision has none."""
        return json.loads(self.text(path) or "{}")

    def csv(self, path):
        """Return a CSV file as a DataFrame, or None where the revision has none."""
        text = self.text(path)
        return None if text is None else pd.read_csv(io.StringIO(text))

    @cached_property
    def params(self):
        """The content of params.yaml as it is: an old one may not fit today's model of it."""
        return self._yaml("params.yaml")

    @cached_property
    def hashes(self):
        """{out: md5} of dvc.lock."""
        stages = self._yaml("dvc.lock").get("stages", {}).values()
        return {out["path"]: out.get("md5") for stage in stages for out in stage.get("outs", ())}

    @cached_property
    def evaluation(self):
        """metrics/evaluate.json.

        Raises
        ------
        ReviewError
            If the revision has no results.
        """
        found = self.json("metrics/evaluate.json")
        if not found:
            raise ReviewError(
                f"{self.name} has no results (metrics/evaluate.json is missing). Run `dvc repro` there, and commit "
                "what it writes."
            )
        return found

    def table(self, path):
        """Return a Parquet out, or None where neither the cache nor the remote has it."""
        try:
            if self.commit is WORK_TREE:
                return pd.read_parquet(path)
            with self._files.open(path) as file:
                return pd.read_parquet(io.BytesIO(file.read()))
        except (OSError, DvcException):
            return None

    @cached_property
    def _files(self):
        return DVCFileSystem(".", rev=self.commit)

    def _yaml(self, path):
        try:
            return YAML(typ="safe").load(self.text(path) or "{}")
        except YAMLError as error:
            place = " ".join(str(error).split())
            raise ReviewError(f"{path} of {self.name} is not YAML: {place}. A merge conflict, perhaps?") from None


def _commit_of(name):
    for candidate in (name, *_experiments_called(name)):
        verify = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}"]
        done = subprocess.run(verify, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    raise ReviewError(
        f"Git knows no commit {name!r} here, and DVC no experiment of that name. Run `git fetch origin`; in a shallow "
        "clone, `git fetch --unshallow`."
    )


def _experiments_called(name):
    """Return Git's references of DVC's experiments of a name: refs/exps/<start of the base>/<base>/<name>."""
    listing = ["git", "for-each-ref", "--format=%(refname)", "refs/exps/"]
    references = subprocess.run(listing, capture_output=True, text=True, check=False).stdout.split()
    return [reference for reference in references if reference.split("/", 4)[-1] == name]
