import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from inotify_simple import INotify

from purchase.audit import watch

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")

# A process that starts a process that opens files past Python's own open().
BY_A_CHILD_OF_A_CHILD = """
import subprocess, sys
inner = '''
import duckdb, pyarrow.parquet
duckdb.read_parquet("data/by_duckdb.parquet").fetchall()
pyarrow.parquet.read_table("data/by_arrow.parquet")
'''
subprocess.run([sys.executable, "-c", inner], check=True)
"""

BY_WORKERS = """
from pathlib import Path
from joblib import Parallel, delayed
Parallel(n_jobs=2, backend="loky")(delayed(Path.read_text)(Path(f"data/{name}")) for name in ("one", "two"))
"""

OFTEN = """
for _ in range(5):
    for name in range(2000):
        open(f"data/{name}").close()
"""


def run(code, tree):
    status, opened, changed = watch.watch([sys.executable, "-c", code], tree, cwd=tree)
    assert status == 0
    return opened, changed


def make(tree, *names):
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("text", encoding="utf-8")


def test_a_file_that_a_child_of_a_child_opens_past_python_is_seen(tmp_path):
    make(tmp_path, "data/unread")
    for name in ("by_duckdb", "by_arrow"):
        pd.DataFrame({"a": [1]}).to_parquet(tmp_path / f"data/{name}.parquet")
    assert run(BY_A_CHILD_OF_A_CHILD, tmp_path) == ({"data/by_duckdb.parquet", "data/by_arrow.parquet"}, set())


def test_a_file_that_a_worker_of_joblib_opens_is_seen(tmp_path):
    make(tmp_path, "data/one", "data/two", "data/three")
    assert run(BY_WORKERS, tmp_path) == ({"data/one", "data/two"}, set())


def test_each_of_many_files_opened_in_a_row_is_seen(tmp_path):
    names = {f"data/{name}" for name in range(2000)}
    make(tmp_path, *names)
    assert run(OFTEN, tmp_path) == (names, set())


def test_files_made_changed_and_removed_are_told_and_others_are_not(tmp_path):
    make(tmp_path, "changed", "removed", "kept", "read", ".git/config")
    code = """
from pathlib import Path
Path("made/below").mkdir(parents=True)
Path("made/below/file").touch()
Path("changed").write_text("TEXT")
Path("removed").unlink()
Path("read").read_text()
Path("passing").touch()
Path("passing").unlink()
Path(".git/config").write_text("of Git")
Path("__pycache__").mkdir()
Path("__pycache__/x.cpython-311.pyc").touch()
list(Path("kept").parent.iterdir())
"""
    opened, changed = run(code, tmp_path)
    assert changed == {"made/below/file", "changed", "removed"}
    assert opened == {"changed", "read"}


def test_what_was_opened_before_the_end_is_noted_however_slowly_it_is_read(tmp_path, monkeypatch):
    names = {f"data/{name}" for name in range(20)}
    make(tmp_path, *names)
    all_open, queue, read = threading.Event(), [], INotify.read

    def read_one(self):
        all_open.wait()
        if not queue:
            queue.extend(read(self))
        return [queue.pop(0)]

    monkeypatch.setattr(INotify, "read", read_one)
    with watch.Opens(tmp_path) as opens:
        for name in names:
            (tmp_path / name).open().close()
        all_open.set()
    assert opens.paths >= names


def test_opens_that_the_kernel_could_not_queue_stop_the_audit_with_the_mend(tmp_path, monkeypatch):
    make(tmp_path, "one", "two")
    may_read, read = threading.Event(), INotify.read
    monkeypatch.setattr(INotify, "read", lambda self: (may_read.wait(), read(self))[1])

    def open_more_than_the_queue_holds():
        with watch.Opens(tmp_path):
            for number in range(int(QUEUE.read_text(encoding="ascii")) + 2):
                (tmp_path / ("one", "two")[number % 2]).open().close()  # the same file twice in a row is one event
            may_read.set()

    with pytest.raises(watch.GapError, match=r"sysctl fs\.inotify\.max_queued_events="):
        open_more_than_the_queue_holds()


def test_the_status_of_the_command_is_handed_on(tmp_path):
    assert watch.watch(["/bin/sh", "-c", "exit 3"], tmp_path)[0] == 3
    assert watch.watch(["/bin/sh", "-c", "kill -9 $$"], tmp_path)[0] == -9
