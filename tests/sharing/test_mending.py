"""Damage at rest, in the store of a remote or in one's own cache: found and mended by the page's recipes."""

import pytest

from tests.recipes import recipe, run_recipe
from tests.sharing.stores import FolderStore, damaged

pytestmark = pytest.mark.xdist_group("mending")

TABLE = "data/split.parquet"
MEND_STORE, PUSH, MEND_CACHE = recipe("When it goes wrong")[2:]


@pytest.fixture
def clone(reproduced, tmp_path):
    clone = reproduced.copy(tmp_path / "clone")
    run_recipe(clone, recipe("A shared folder")[0], {"/mnt/team/purchase": tmp_path / "storage"})
    clone.dvc("push")
    return clone


def damage_table(clone, store):
    """Damage a table in a store, and return its md5."""
    oid = clone.lock()["preprocess"][TABLE]
    store.write(oid, store.read(oid)[:-1])
    assert damaged(store) == {oid}
    return oid


def test_a_damaged_remote_is_mended_from_a_sound_clone(clone, tmp_path):
    store = FolderStore(tmp_path / "storage")
    whole = store.oids()
    damage_table(clone, store)
    run_recipe(clone, MEND_STORE, {"/mnt/team/purchase": tmp_path / "storage"})
    run_recipe(clone, PUSH)
    assert store.oids() == whole
    assert damaged(store) == set()


def test_a_damaged_cache_is_mended_from_the_remote(clone):
    cache = FolderStore(clone.folder / ".dvc/cache")
    oid = damage_table(clone, cache)
    sound = (clone.folder / TABLE).read_bytes()
    clone.dvc("checkout", "--relink")  # the damage comes into the clone's folder
    assert (clone.folder / TABLE).read_bytes() != sound
    assert oid in run_recipe(clone, MEND_CACHE).stdout.replace("/", "")
    assert damaged(cache) == set()
    assert (clone.folder / TABLE).read_bytes() == sound
