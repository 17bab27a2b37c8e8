"""Servers on loopback that tests share results by; each ends with the ``with`` that started it."""

import contextlib
import functools
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

SSHD = shutil.which("sshd", path=os.pathsep.join([os.environ["PATH"], "/usr/sbin"]))

SSHD_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
Subsystem sftp internal-sftp
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextlib.contextmanager
def _process(command, *, port, log):
    """Run a server until the block ends; the block begins when the server answers at ``port``."""
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True) as server:
        try:
            _await_answer(server, port, log)
            yield server
        finally:
            server.terminate()


def _await_answer(server, port, log):
    for _ in range(600):
        if server.poll() is not None:
            break
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise RuntimeError(f"{server.args[0]} does not answer at port {port}: {log.read_text(errors='replace')}")


@contextlib.contextmanager
def ssh_server(folder):
    """Yield the port of an OpenSSH server that lets in whoever holds ``folder``/key."""
    for name in ("host_key", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where sshd locks itself up; otherwise made when Debian starts it
    port = free_port()
    config = folder / "sshd_config"
    config.write_text(SSHD_CONFIG.format(port=port, folder=folder), encoding="utf-8")
    with _process([SSHD, "-D", "-e", "-f", config], port=port, log=folder / "sshd.log"):
        yield port


@contextlib.contextmanager
def s3_server(folder):
    """Yield the URL of an S3 server, which keeps what it is given in memory."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _process(command, port=port, log=folder / "moto.log"):
        yield f"http://127.0.0.1:{port}"


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Say nothing."""


@contextlib.contextmanager
def web_server(folder):
    """Yield the URL of a web server of the files in ``folder``; it sends their times, and no ETag."""
    handler = functools.partial(_Files, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
