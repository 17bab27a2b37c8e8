"""What the records of an audited run say of each stage."""

import json
from importlib.metadata import packages_distributions
from importlib.util import source_from_cache
from pathlib import Path

from purchase.audit.findings import PARAMS, Touched

ELSEWHERE = "a program that is not Python"


def read_records(folder):
    """Return {stage: Touched} of what ``watch.py`` and the recorder left in a folder.

    A stage of several commands has several records, which are taken together.
    """
    stages = {}
    for record in sorted(folder.glob("*/files.json")):
        files = json.loads(record.read_text(encoding="utf-8"))
        stages.setdefault(files["stage"], []).append((files, _notes(record.parent)))
    installed = packages_distributions()
    return {stage: _together(records, installed) for stage, records in stages.items()}


def _notes(folder):
    """Return {(kind, what)} of the notes of all processes of a command."""
    texts = [path.read_text(encoding="utf-8", errors="surrogateescape") for path in folder.glob("*.txt")]
    return {tuple(line.split(" ", 1)) for text in texts for line in text.splitlines()}


def _together(records, installed):
    opened = {_source(path) for files, _ in records for path in files["opened"]}
    notes = {note for _, notes in records for note in notes}
    past = _of(notes, "past")
    if PARAMS in opened and not past and not _of(notes, "read_params"):
        past = {ELSEWHERE}
    return Touched(
        opened=frozenset(opened),
        changed=frozenset(path for files, _ in records for path in files["changed"]),
        params=frozenset(_of(notes, "param")),
        past=frozenset(past),
        packages=frozenset(_of(notes, "import") & installed.keys()),
    )


def _of(notes, kind):
    return {what for noted, what in notes if noted == kind}


def _source(path):
    """Return the module that a compiled file was made from, and any other path as it is.

    Python opens either of them to import a module, and only asks for the time of change of the other.
    """
    if Path(path).suffix != ".pyc" or Path(path).parent.name != "__pycache__":
        return path
    return Path(source_from_cache(path)).as_posix()
