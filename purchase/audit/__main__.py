"""Is declared what is touched? ``python -m purchase.audit [--set KEY=VALUE] [--folder FOLDER] [stage ...]``.

Runs the stages (all, or what the named ones need) in a copy of the work tree, with every file that they open and every
param that they read on record, and compares that with ``dvc.yaml``. Ends with 0 if each stage touches what it declares
and nothing else, with 1 and a table of findings if not, with 2 if the stages could not be run. Needs Linux (inotify).
"""

import argparse
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from purchase.files import ParamsError

COLUMNS = ("stage", "finding", "what", "mend")


def main():
    arguments = _arguments()
    if sys.platform != "linux":
        _stop(f"the audit watches files by Linux's inotify, and this is {sys.platform}. Run it on Linux or in CI.")
    kept = arguments.folder
    if kept and kept.exists() and any(kept.iterdir()):
        _stop(f"{kept} is not empty. Name a folder that is new, so that what is in it stays as it is.")
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="audit_") as folder:
        try:
            n_stages, findings = audit(Path(), Path(folder), arguments.stage, changes=arguments.set)
        except (AuditError, ParamsError, OSError) as error:
            _stop(error)
    if findings:
        print(
            f"\n{table(findings)}\n\nStages audited: {n_stages}, findings: {len(findings)}. Mend dvc.yaml or the code."
        )
        sys.exit(1)
    print(f"\nStages audited: {n_stages}. Each touches what dvc.yaml says of it, and nothing else.")


class AuditError(Exception):
    """The stages could not be run, or not be watched."""


def audit(root, folder, targets, *, changes=()):
    """Run stages of a copy of a repository and compare what they touch with what they declare.

    Parameters
    ----------
    root : Path
        The repository.
    folder : Path
        An empty folder, or a new one, for the copy and the records.
    targets : list of str
        Stages; empty for all.
    changes : list of str
        Params that differ in the copy, ``key=value``.

    Returns
    -------
    n_stages : int
    findings : list of Finding

    Raises
    ------
    AuditError, ParamsError, OSError
    """
    # DVC takes a second to import, inotify is Linux's: neither is needed to say what is wrong with the arguments.
    from dvc.exceptions import DvcException

    from purchase.audit import scratch
    from purchase.audit.findings import find
    from purchase.audit.touched import read_records

    tree = folder / scratch.TREE
    tree.mkdir(parents=True)
    scratch.copy_work_tree(root, tree)
    if changes:
        scratch.set_params(tree / "params.yaml", changes)
    try:
        declared = scratch.declared_stages(tree)
    except DvcException as error:
        raise AuditError(f"DVC cannot read dvc.yaml: {error}. `dvc stage list` says more.") from None
    scratch.bring_raw_data(root, tree, declared)
    if scratch.reproduce(folder, targets):
        raise AuditError("a stage failed, or could not be watched; the message above says why. Nothing was compared.")
    touched = read_records(folder / scratch.RECORDS)
    if not touched:
        raise AuditError("no stage ran under watch: does a stage of the wanted name run a command?")
    return len(touched), [finding for stage in touched for finding in find(stage, declared[stage], touched[stage])]


def table(findings):
    """Return findings as text, a line each, in columns."""
    rows = [COLUMNS, *((finding.stage, finding.rule, finding.what, finding.mend) for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m purchase.audit", description=__doc__.splitlines()[0])
    parser.add_argument("stage", nargs="*", help="run what these stages need; every stage if none is named")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a param in the copy: train.svm.C=0.2"
    )
    parser.add_argument("--folder", type=Path, help="keep the copy with its results here; otherwise it is removed")
    return parser.parse_args()


def _stop(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
