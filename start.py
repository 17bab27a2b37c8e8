"""Set up .venv, then run the pipeline, the tests or the check of the lock: ``python3 start.py repro|test|lock``.

Needs Python 3.11 to 3.13 and nothing else. The environment is made once, and again when the pins change.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
PINS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
EXTRAS = [ROOT / f"requirements-{name}.txt" for name in ("dask", "polars", "spark")]  # only the tests need all


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "job",
        choices=("repro", "test", "lock"),
        help="run the pipeline; check the code and pass the tests; or rebuild the committed results from nothing",
    )
    parser.add_argument("more", nargs="*", help="passed on to `dvc repro`, pytest or purchase.rebuild, after --")
    arguments = parser.parse_args()
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"error: this is Python {sys.version.split()[0]}; the pins are for 3.11 to 3.13. Run another python3.")
    make_environment()
    if arguments.job == "repro":
        run("dvc", "repro", *arguments.more)
        run("python", "-m", "purchase.evaluation.summary")
    elif arguments.job == "lock":
        run("python", "-m", "purchase.rebuild", *arguments.more)
    else:
        install(EXTRAS)
        run("ruff", "check", ".")
        run("ruff", "format", "--check", ".")
        run("python", "-m", "pytest", "-n", "auto", "--dist", "loadgroup", *arguments.more)


def make_environment():
    """Make .venv and install the pins, unless that was done for these pins and this Python already."""
    stamp = ENVIRONMENT / "pins.md5"
    pins = hashlib.md5(sys.version.encode() + b"".join(path.read_bytes() for path in PINS)).hexdigest()
    if stamp.exists() and stamp.read_text() == pins:
        return
    print(f"Installing the pinned packages in {ENVIRONMENT} (once; about 2.7 GB, some minutes)", flush=True)
    try:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("error: Python's own `venv` cannot make an environment. On Debian: apt-get install python3-venv")
    install(PINS)
    run("python", "-m", "purchase.offline_plots")
    stamp.write_text(pins)


def install(paths):
    options = ["--quiet", "--disable-pip-version-check"]
    run("python", "-m", "pip", "install", *options, *(word for path in paths for word in ("-r", str(path))))


def run(program, *arguments):
    """Run a program of the environment, from the repository's root; stop with its status if it fails."""
    path = os.pathsep.join([str(BIN), os.environ.get("PATH", "")])
    done = subprocess.run([BIN / program, *arguments], cwd=ROOT, env={**os.environ, "PATH": path}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
