"""A copy of the work tree in which an audit runs the stages, so that nobody's results change."""

import os
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from purchase.audit import watch
from purchase.audit.findings import PARAMS, Declared
from purchase.files import ParamsError

TREE = "repository"
RECORDS = "records"
SHELL = "shell"
GIT_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")


def copy_work_tree(root, tree):
    """Copy what Git keeps, or would keep, of a repository to the folder ``tree``: a repository of its own, no results.

    Raises
    ------
    OSError
        If ``root`` is no Git repository.
    """
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=root, capture_output=True, check=False)
    if listed.returncode:
        raise OSError(f"{root.resolve()} is no Git repository ({os.fsdecode(listed.stderr).strip()}). Clone it by Git.")
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (root / name).is_file() and name != "dvc.lock":
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, tree / name)
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True, env=_environment())


def set_params(path, changes):
    """Change values of ``params.yaml``: ``key=value``, the key dotted, the value as YAML writes it.

    Raises
    ------
    ParamsError
        If a change is not of that form, names a key that is not there, or has a value that is not YAML.
    """
    yaml = YAML()
    content = yaml.load(path.read_text(encoding="utf-8"))
    for change in changes:
        key, is_set, value = change.partition("=")
        *sections, name = key.split(".")
        section = content
        for part in sections:
            section = section.get(part) if isinstance(section, dict) else None
        if not is_set or not isinstance(section, dict) or name not in section:
            raise ParamsError(f"--set {change}: needs KEY=VALUE with a key of {PARAMS}, such as train.svm.C=0.2.")
        try:
            section[name] = YAML(typ="safe").load(value)
        except MarkedYAMLError as error:
            raise ParamsError(f"--set {change}: the value is not YAML: {' '.join(str(error).split())}") from None
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def declared_stages(tree):
    """Return {stage: Declared} of the stages that run a command, as DVC resolves them."""
    with Repo(str(tree)) as repo:
        return {stage.name: _declared(stage, tree.resolve()) for stage in repo.index.stages if stage.cmd}


def _declared(stage, tree):
    named = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
    in_params = [dep for dep in named if _inside(dep, tree) == PARAMS]
    deps = [dep for dep in stage.deps if dep not in in_params]
    return Declared(
        deps=frozenset(filter(None, (_inside(dep, tree) for dep in deps))),
        params=frozenset(name for dep in in_params for name in dep.params),
        outs=frozenset(filter(None, (_inside(out, tree) for out in stage.outs))),
        logs=frozenset((stage.meta or {}).get("logs", ())),
    )


def _inside(dep, tree):
    """Return the path of a dep or an out relative to the repository; None if it lies elsewhere."""
    return Path(dep.fs_path).relative_to(tree).as_posix() if dep.is_in_repo else None


def bring_raw_data(root, tree, stages):
    """Copy what stages read, none writes and Git does not hold (a shop's own files), and remove results that Git holds.

    Raises
    ------
    OSError
        If such a dep is not there.
    """
    outs = {out for declared in stages.values() for out in declared.outs}
    for path in sorted(outs):
        shutil.rmtree(tree / path) if (tree / path).is_dir() else (tree / path).unlink(missing_ok=True)
    for path in sorted({dep for declared in stages.values() for dep in declared.deps}):
        if any(path == out or path.startswith(f"{out}/") or out.startswith(f"{path}/") for out in outs):
            continue
        if not (root / path).exists():
            raise OSError(f"{path}, a dep, is not here. Run `dvc pull {path}`, or put the shop's files there.")
        if (root / path).is_dir():
            shutil.copytree(root / path, tree / path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        elif not (tree / path).exists():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / path, tree / path)


def reproduce(folder, targets):
    """Run every stage of the copy in ``folder / TREE``, or those that the targets need, under watch.

    DVC runs a stage's command by the shell that ``SHELL`` names. That one is ours, so that ``dvc.yaml`` is what it is.

    Returns
    -------
    status : int
        What ``dvc repro`` ended with.
    """
    tree, records, shell = folder.resolve() / TREE, folder.resolve() / RECORDS, folder.resolve() / SHELL
    records.mkdir()
    words = [sys.executable, "-P", watch.__file__, str(tree), str(records)]
    shell.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8", errors="surrogateescape")
    shell.chmod(shell.stat().st_mode | stat.S_IXUSR)
    command = [sys.executable, "-m", "dvc", "repro", "--force", *targets]
    return subprocess.run(command, cwd=tree, env=_environment() | {"SHELL": str(shell)}, check=False).returncode


def _environment():
    """Return the environment for Git and DVC in the copy: ``python`` is this one, no other repository is meant."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {name: value for name, value in os.environ.items() if name not in GIT_ELSEWHERE} | {"PATH": path}
