"""A remote that lies, breaks off or is not there: noticed, said in a line, mended by trying again."""

import re

import pytest

from tests.recipes import recipe, run_recipe
from tests.sharing.killer import kill_reading, kill_renaming, kill_writing
from tests.sharing.remotes import FOLDER, S3, SSH, on
from tests.sharing.servers import free_port
from tests.sharing.stores import FolderStore, damaged

TABLE = "data/features/test.parquet"
TABLES = "data/clean"
LARGE = "data/raw/simulated"
CANNOT_CONNECT = ("Connect call failed", "Could not connect")
N_OPENED = 60  # files of the cache that a push has opened when it is killed: some of those that it lists or sends


def cache_of(clone):
    return FolderStore(clone.folder / ".dvc/cache")


def out_of(clone, path):
    """The md5 of an out, and of the files that it consists of."""
    oid = next(outs[path] for outs in clone.lock().values() if path in outs)
    listed = cache_of(clone).read(oid).decode() if oid.endswith(".dir") else oid
    return oid, re.findall(r"[0-9a-f]{32}", listed)


@pytest.fixture
def damage(team):
    """A function that puts other content under an object's name on the remote, until the test ends."""
    sound = {}

    def put(oid, content):
        sound[oid] = team.remote.store.read(oid)
        team.remote.store.write(oid, content(sound[oid]))

    yield put
    for oid, content in sound.items():
        team.remote.store.write(oid, content)


def assert_one_line_says(done, *words):
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if any(word in line for word in words)]
    assert line.startswith("ERROR: ")


@on(FOLDER, SSH, S3)
def test_a_damaged_file_is_noticed_and_never_used(team, damage, tmp_path):
    oid, _ = out_of(team.owner, TABLE)
    damage(oid, lambda content: content[:-1] + bytes([content[-1] ^ 1]))
    mate = team.clone(tmp_path / "mate")
    done = mate.dvc("pull", TABLE, check=False)
    assert done.returncode != 0
    assert f"Checkout failed for following targets:\n{TABLE}" in done.stderr
    assert not (mate.folder / TABLE).exists()
    assert oid not in cache_of(mate).oids()


@on(FOLDER)
def test_what_a_damaged_remote_has_lost_is_made_again_to_the_same_bytes(team, damage, tmp_path):
    oid, _ = out_of(team.owner, TABLE)
    damage(oid, lambda content: b"")
    mate = team.clone(tmp_path / "mate")
    run_recipe(mate, recipe("When it goes wrong")[1].strip() + " featurize")
    assert cache_of(mate).read(oid) == cache_of(team.owner).read(oid)
    assert mate.lock() == team.owner.lock()
    assert mate.git("status", "--porcelain") == ""


@on(FOLDER)
def test_a_damaged_file_of_a_folder_is_noticed_and_never_used(team, damage, tmp_path):
    oid = out_of(team.owner, TABLES)[1][0]
    damage(oid, lambda content: content[: len(content) // 2])
    mate = team.clone(tmp_path / "mate")
    done = mate.dvc("pull", TABLES, check=False)
    assert done.returncode != 0
    assert f"Checkout failed for following targets:\n{TABLES}" in done.stderr
    assert oid not in cache_of(mate).oids()
    assert damaged(cache_of(mate)) == set()


@on(FOLDER)
def test_a_damaged_list_of_a_folder_is_noticed(team, damage, tmp_path):
    oid, (first, second, *_) = out_of(team.owner, TABLES)
    swap = {first: second, second: first}
    damage(oid, lambda content: re.sub("|".join(swap), lambda match: swap[match[0]], content.decode()).encode())
    mate = team.clone(tmp_path / "mate")
    mate.dvc("pull", TABLES, check=False)
    assert oid not in cache_of(mate).oids()
    assert f"not in cache:       {TABLES}" in mate.dvc("status", "preprocess").stdout


@on(FOLDER, SSH, S3)
def test_a_push_killed_half_way_is_finished_by_the_next(team, tmp_path):
    owner = team.owner.copy(tmp_path / "owner")
    url = owner.dvc("config", "remote.storage.url").stdout.strip()
    owner.dvc("remote", "modify", "storage", "url", f"{url}-again")
    store = team.remote.store.beside("again")
    kill_reading(owner, "push", path=".dvc/cache/files", n=N_OPENED)
    n_pushed = len(store.oids())
    assert 0 < n_pushed < len(team.remote.store.oids())
    assert damaged(store) == set()
    assert f"{len(team.remote.store.oids()) - n_pushed} files pushed" in owner.dvc("push").stdout
    assert store.oids() == team.remote.store.oids()
    assert damaged(store) == set()


@on(FOLDER, SSH)
def test_a_pull_killed_half_way_leaves_no_half_file_and_is_finished_by_the_next(team, tmp_path):
    mate = team.clone(tmp_path / "mate")
    _, files = out_of(team.owner, LARGE)
    sizes = [len(team.remote.store.read(oid)) for oid in files]
    kill_writing(mate, "pull", LARGE, n_bytes=max(sizes) // 2)
    assert damaged(cache_of(mate)) == set()
    assert not (mate.folder / LARGE).exists()
    kill_renaming(mate, "pull", LARGE, path="data/raw/simulated/", n=2)
    in_place = [path for path in (mate.folder / LARGE).iterdir() if path.suffix != ".tmp"]
    assert len(in_place) == 1
    assert in_place[0].read_bytes() == (team.owner.folder / LARGE / in_place[0].name).read_bytes()
    mate.dvc("pull", LARGE)
    for path in (team.owner.folder / LARGE).iterdir():
        assert (mate.folder / LARGE / path.name).read_bytes() == path.read_bytes()


@on(SSH, S3)
def test_a_remote_that_is_down_is_said_in_one_line(team, tmp_path, monkeypatch):
    mate = team.clone(tmp_path / "mate")
    config = mate.folder / ".dvc/config"
    text = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{free_port()}", config.read_text(encoding="utf-8"))
    config.write_text(text, encoding="utf-8")
    name, value = re.fullmatch(r"export (\w+)=(\d+)\n", recipe("When it goes wrong")[0]).groups()
    monkeypatch.setenv(name, value)
    assert_one_line_says(mate.dvc("pull", TABLE, check=False), *CANNOT_CONNECT)
    owner = team.owner.copy(tmp_path / "owner")
    (owner.folder / ".dvc/config").write_text(text, encoding="utf-8")
    assert_one_line_says(owner.dvc("push", TABLE, check=False), *CANNOT_CONNECT)
