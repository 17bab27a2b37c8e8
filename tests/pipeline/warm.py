"""A shell that runs stages in one Python that stays: what each of them loads anew takes longer than a small shop.

``dvc repro`` gives a stage's command to the shell that ``SHELL`` names. That of ``warm_shell`` hands it to a Python
that runs one stage after another as ``python -m`` would, each in its own folder, with its own arguments, environment
and status. What libraries keep from one stage to the next is not new, and so it is not for models whose bytes are the
claim: a pickle writes a text once or twice by whether two equal ones are the same object, which earlier stages change.
It runs the code of the repository, and refuses a folder that has another.
"""

import contextlib
import json
import os
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

from tests.conftest import ROOT

PATIENCE_SECONDS = 5  # between two looks whether the tests are still there
# The shell: it imports nothing that takes longer than a few milliseconds.
SHELL = """#!/bin/sh
exec {python} -S -E -c '
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    server.sendall(json.dumps([sys.argv[-1], os.getcwd(), dict(os.environ)]).encode())
    server.shutdown(socket.SHUT_WR)
    with server.makefile(encoding="utf-8") as answer:
        status, said = json.load(answer)
    sys.stderr.write(said)
    sys.exit(status)
' {address} "$@"
"""


@contextlib.contextmanager
def warm_shell():
    """Yield the path of the shell; its Python ends with the block."""
    with tempfile.TemporaryDirectory(prefix="warm_") as folder:  # a socket's path has to be short
        shell, address = Path(folder, "shell"), Path(folder, "socket")
        shell.write_text(SHELL.format(python=shlex.quote(sys.executable), address=address), encoding="utf-8")
        shell.chmod(0o700)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(address))
            server.listen()
            command = [sys.executable, "-m", "tests.pipeline.warm", str(server.fileno()), str(os.getpid())]
            with Path(folder, "said").open("w+b") as said:
                python = subprocess.Popen(command, cwd=ROOT, pass_fds=[server.fileno()], stdout=said, stderr=said)
        with python:
            try:
                yield shell
            finally:
                python.terminate()


def serve(server, parent):
    """Run commands one at a time, as they come, while the parent lives; answer each by its status and what it said."""
    server.settimeout(PATIENCE_SECONDS)
    while os.getppid() == parent:
        try:
            client, _ = server.accept()
        except TimeoutError:
            continue
        with client, client.makefile(encoding="utf-8") as request:
            status = run(*json.load(request))
            with contextlib.suppress(BrokenPipeError):  # whoever asked is gone
                client.sendall(json.dumps([status, what_was_said()]).encode())


def what_was_said():
    """Return what came to standard output and standard error, which are one file, since the last call.

    A file, since workers that a stage leaves behind would keep DVC's own pipes open.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    n_bytes = os.lseek(1, 0, os.SEEK_CUR)
    said = os.pread(1, n_bytes, 0).decode(errors="replace")
    os.ftruncate(1, 0)
    os.lseek(1, 0, os.SEEK_SET)
    return said


def code_in(folder):
    """Return {file: its bytes} of the code that stages run."""
    files = [path for room in ("purchase", "stages") for path in sorted((folder / room).rglob("*.py"))]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


CODE = code_in(ROOT)


def run(command, folder, environment):
    """Run ``python -m MODULE ARGUMENT ...`` and return its exit status."""
    python, dash_m, module, *arguments = shlex.split(command)
    if (python, dash_m) != ("python", "-m"):
        return refuse(f"{command!r} is not of the form python -m MODULE")
    if code_in(Path(folder)) not in ({}, CODE):
        return refuse(f"{folder} has other code than the repository: run it by the user's shell, without `warm`")
    for name in [name for name in sys.modules if name.partition(".")[0] == "stages"]:
        del sys.modules[name]  # a stage that another one had imported would be run a second time
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code or 0
    except Exception:  # whatever ends a stage ends it as Python would end by itself, and not the Python that stays
        traceback.print_exc()
        return 1
    return 0


def refuse(reason):
    print(f"error: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    # In good order, so that joblib's workers end too, and past what ends a stage.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with socket.socket(fileno=int(sys.argv[1])) as inherited:
        serve(inherited, int(sys.argv[2]))
