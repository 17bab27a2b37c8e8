"""A clone without data fetches what its change needs, and nothing else."""

import re

import yaml

from tests.recipes import recipe, run_recipe
from tests.sharing.remotes import FOLDER, on
from tests.sharing.stores import FolderStore

pytestmark = on(FOLDER)


def objects_of(clone, oids):
    """The objects behind md5s of dvc.lock: files as they are, folders with their lists."""
    cache = FolderStore(clone.folder / ".dvc/cache")
    lists = [cache.read(oid).decode() for oid in oids if oid.endswith(".dir")]
    return set(oids) | {oid for content in lists for oid in re.findall(r"[0-9a-f]{32}", content)}


def test_a_clone_without_data_runs_what_changed_and_fetches_what_that_reads(team, tmp_path):
    mate = team.clone(tmp_path / "mate")
    mate.set({"evaluate.threshold": 0.2})
    done = run_recipe(mate, recipe("Change something without all the data")[0])
    assert mate.ran(done) == ["evaluate", "report"]
    lock = yaml.safe_load((mate.folder / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    deps = [dep for stage in mate.ran(done) for dep in lock[stage]["deps"]]
    made = {oid for stage in mate.ran(done) for oid in mate.lock()[stage].values()}
    made_by_stages = {out for outs in mate.lock().values() for out in outs if out.startswith(("data/", "models/"))}
    read = objects_of(team.owner, [dep["md5"] for dep in deps if dep["path"] in made_by_stages])
    fetched = FolderStore(mate.folder / ".dvc/cache").oids() & team.remote.store.oids()
    assert fetched - made == read - made
    assert len(read) < len(team.remote.store.oids())


def test_a_clone_without_data_and_without_a_change_fetches_nothing(team, tmp_path):
    mate = team.clone(tmp_path / "mate")
    done = run_recipe(mate, recipe("Change something without all the data")[0])
    assert mate.ran(done) == []
    assert FolderStore(mate.folder / ".dvc/cache").oids() == set()
    assert mate.git("status", "--porcelain") == ""
