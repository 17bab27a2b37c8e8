"""The shell that an audited ``dvc repro`` gives its stages: it runs the command, and watches the tree meanwhile.

    python watch.py <tree> <records> -c <command>

Linux's inotify sees every process that opens a file in the tree, in whatever language (DuckDB and Arrow open files past
Python). What was written is told by a listing before and one after. Each command leaves a folder below <records>:
``files.json``, and what the processes of the command note there themselves (recorder/sitecustomize.py). A stage starts
in milliseconds of this, so it imports nothing but the standard library and inotify_simple.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from inotify_simple import INotify, flags

UNWATCHED = (".git", ".dvc", ".venv")
RECORDER = Path(__file__).parent / "recorder"
SENTINEL = "end"


class GapError(Exception):
    """Files were opened faster than they could be noted: the record has a gap."""


def main():
    tree, records, *shell_arguments = sys.argv[1:]
    tree, folder = Path(tree), Path(tempfile.mkdtemp(dir=records))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    paths = [str(RECORDER), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment |= {
        "SHELL": "/bin/sh",
        "PYTHONPATH": os.pathsep.join(paths),
        "PURCHASE_AUDIT_RECORD": str(folder),
        "PURCHASE_AUDIT_TREE": str(tree),
    }
    try:
        status, opened, changed = watch(["/bin/sh", *shell_arguments], tree, env=environment)
    except GapError as error:
        sys.exit(f"error: {error}")
    record = {"stage": os.environ["DVC_STAGE"], "opened": sorted(opened), "changed": sorted(changed)}
    (folder / "files.json").write_text(json.dumps(record), encoding="utf-8")
    sys.exit(status if status >= 0 else 128 - status)


def watch(command, tree, **options):
    """Run a command and tell which files of a tree it touched; its child processes count as itself.

    Parameters
    ----------
    command : list of str
    tree : Path
    **options
        Passed on to ``subprocess.run``.

    Returns
    -------
    status : int
        What the command ended with; negative if a signal ended it.
    opened : set of str
        Files that were there before and were opened, relative to ``tree``.
    changed : set of str
        Files that were made, changed or removed.

    Raises
    ------
    GapError
        If files were opened faster than they could be noted.
    """
    before = listing(tree)
    with Opens(tree) as opens:
        status = subprocess.run(command, check=False, **options).returncode
    after = listing(tree)
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return status, opens.paths & before.keys(), {path for path in changed if not _is_compiled(path)}


class Opens:
    """Collects, while it is entered, what anybody opens in a tree, folders too, as ``paths`` relative to the tree.

    Folders that appear meanwhile are not watched: what lies in them is new.
    """

    def __init__(self, tree):
        self.paths, self._overflowed = set(), False
        self._folders, self._opened = {}, set()  # watch descriptor -> folder; (watch descriptor, name)
        self._inotify = INotify()
        self._end = tempfile.TemporaryDirectory(prefix="audit_")
        self._end_descriptor = self._inotify.add_watch(self._end.name, flags.OPEN)
        for folder, _ in _folders(tree):
            descriptor = self._inotify.add_watch(folder, flags.OPEN | flags.ONLYDIR)
            self._folders[descriptor] = Path(folder).relative_to(tree)
        self._reader = threading.Thread(target=self._read)

    def __enter__(self):
        self._reader.start()
        return self

    def __exit__(self, *error):
        # The kernel queues events in their order: once this one is read, all before it were.
        (Path(self._end.name) / SENTINEL).touch()
        self._reader.join()
        self._inotify.close()
        self._end.cleanup()
        known = [(folder, name) for descriptor, name in self._opened if (folder := self._folders.get(descriptor))]
        self.paths = {(folder / name).as_posix() for folder, name in known}
        if self._overflowed:
            raise GapError(
                "files were opened faster than the audit could note them (fs.inotify.max_queued_events is too low). "
                "Raise it, for instance: sysctl fs.inotify.max_queued_events=1000000"
            )

    def _read(self):
        # As little as can be an event: while it is slower than those who open files, the kernel's queue fills.
        end = (self._end_descriptor, SENTINEL)
        while True:
            for descriptor, mask, _, name in self._inotify.read():
                if mask & flags.Q_OVERFLOW:
                    self._overflowed = True
                    return
                self._opened.add((descriptor, name))
            if end in self._opened:
                return


def listing(tree):
    """Return {path relative to the tree: (size, time of change, inode)} of every file."""
    found = {}
    for folder, files in _folders(tree):
        for name in files:
            path = Path(folder, name)
            about = path.lstat()
            found[path.relative_to(tree).as_posix()] = (about.st_size, about.st_mtime_ns, about.st_ino)
    return found


def _folders(tree):
    """Yield (folder, names of its files) of a tree, itself included, but for what belongs to Git, DVC and Python."""
    for folder, subfolders, files in os.walk(tree):
        subfolders[:] = [name for name in subfolders if name not in UNWATCHED]
        yield folder, files


def _is_compiled(path):
    """Whether Python keeps its compiled modules there."""
    return path.endswith(".pyc") or "__pycache__" in path.split("/")


if __name__ == "__main__":
    main()
