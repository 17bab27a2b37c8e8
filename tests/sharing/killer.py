"""End a ``dvc`` call at a known point, as a power cut would."""

import signal
import subprocess

# Loaded by every Python that the call starts: no error handler runs after it.
KILLER = """
import os, signal, sys

n_left = int(os.environ["KILL_AFTER"])

def kill(event, arguments):
    global n_left
    place = int(os.environ["KILL_ARGUMENT"])
    if event == os.environ["KILL_EVENT"] and os.environ["KILL_PATH"] in str(arguments[place]):
        n_left -= 1
        if n_left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
"""

# Likewise, but the system itself ends the call in the middle of writing a file: at its byte number FILE_LIMIT.
LIMITER = """
import os, resource, signal

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(os.environ["FILE_LIMIT"]),) * 2)
"""


def _run(clone, words, startup, settings):
    folder = clone.folder.parent / f"{clone.folder.name}_killer"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(startup, encoding="utf-8")
    command, environment = clone.command(*words)
    environment |= {"PYTHONPATH": str(folder)} | settings
    return subprocess.run(
        command, cwd=clone.folder, env=environment, capture_output=True, text=True, check=False
    ).returncode


def kill_reading(clone, *words, path, n):
    """Run ``dvc`` and kill it when it opens, for the n-th time, a file that has ``path`` in its name."""
    settings = {"KILL_EVENT": "open", "KILL_PATH": path, "KILL_ARGUMENT": "0", "KILL_AFTER": str(n)}
    assert _run(clone, words, KILLER, settings) == -signal.SIGKILL


def kill_renaming(clone, *words, path, n):
    """Run ``dvc`` and kill it when it is about to move, for the n-th time, a file to a name with ``path`` in it."""
    settings = {"KILL_EVENT": "os.rename", "KILL_PATH": path, "KILL_ARGUMENT": "1", "KILL_AFTER": str(n)}
    assert _run(clone, words, KILLER, settings) == -signal.SIGKILL


def kill_writing(clone, *words, n_bytes):
    """Run ``dvc`` and end it in the middle of the first file that is longer than ``n_bytes``."""
    assert _run(clone, words, LIMITER, {"FILE_LIMIT": str(n_bytes)}) == -signal.SIGXFSZ
