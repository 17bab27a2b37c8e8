"""Compare two Git revisions: ``python -m purchase.review BASE [HEAD]``.

Prints Markdown: whether head's champion is better or worse than base's, or within noise, on the same test rows; what
changed in params, packages, data and features; the gate. HEAD is the work tree as it stands unless it is named. Ends
with 1 if the gate of head's params fails, with 2 if the revisions cannot be compared.
"""

import argparse
import sys
from pathlib import Path

from purchase.evaluation.drift import drift
from purchase.evaluation.gate import hold
from purchase.evaluation.style import save
from purchase.review import changes, words
from purchase.review.draw import CURVES, draw_curves
from purchase.review.paired import compare, pair_rows
from purchase.review.revisions import ReviewError, Revision
from purchase.tables import TableError

PREDICTIONS = "data/predictions/test.parquet"
SETTINGS = {"evaluate.n_bootstrap": 1000, "evaluate.interval": 0.95, "seed": 0, "review.max_drift": 0.2}
PARTS = ("train", "test")  # whose features may drift: what the models learn from, and what they are judged on


def main():
    parser = argparse.ArgumentParser(prog="python -m purchase.review", description=__doc__.splitlines()[0])
    parser.add_argument("base", help="a commit, branch, tag or experiment; for a branch of yours: main")
    parser.add_argument(
        "head", nargs="?", help="a commit, branch, tag or experiment; the work tree as it stands if left out"
    )
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write both champions' curves there, as PNG")
    arguments = parser.parse_args()
    try:
        lines, passed = review(Revision(arguments.base), Revision(arguments.head), arguments.pictures)
    except (ReviewError, TableError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    print("\n".join(lines).rstrip())
    sys.exit(0 if passed else 1)


def review(base, head, pictures=None):
    """Return the review's lines, and whether head passes its gate."""
    before, now = base.evaluation, head.evaluation
    settings = {name: changes.flat(head.params).get(name, default) for name, default in SETTINGS.items()}
    gate = hold(head.params.get("gate") or {}, now)
    lines = [
        *verdict(base, head, settings),
        "",
        words.champion_line(before, now),
        words.gate_line(gate),
        f"Base: `{base.name}`. Head: `{head.name}`.",
        "",
        *what_changed(base, head, max_drift=settings["review.max_drift"]),
    ]
    if pictures:
        curves = [{name: r.csv(f"plots/{name}.csv") for name in CURVES} for r in (base, head)]
        for name, drawing in draw_curves(*curves, names=(base.name, head.name)):
            save(drawing, pictures / f"{name}.png")
        lines += [f"Curves of both champions: {pictures}/*.png"]
    return lines, gate["passed"]


def verdict(base, head, settings):
    """Return the lines that say whether head is better."""
    before, now = base.evaluation, head.evaluation
    if base.hashes.get(PREDICTIONS) == head.hashes.get(PREDICTIONS) and before["threshold"] == now["threshold"]:
        return ["## The same predictions", "", "Both champions predict the same for every test row, to the byte."]
    tables = [revision.table(PREDICTIONS) for revision in (base, head)]
    for revision, table in zip((base, head), tables, strict=True):
        if table is None:
            reason = (
                f"{PREDICTIONS} of `{revision.name}` is neither in DVC's cache nor on a remote: check that revision "
                "out and run `dvc pull` or `dvc repro`."
            )
            return words.unpaired_lines(reason, before, now)
    rows = pair_rows(*tables)
    drawn = {"n_bootstrap": settings["evaluate.n_bootstrap"], "interval": settings["evaluate.interval"]}
    thresholds = {"base": before["threshold"], "head": now["threshold"]}
    said = []
    if not rows.same:
        reason = (
            f"The test rows differ: base has {rows.n_base:,}, head {rows.n_head:,}, and {len(rows.table):,} are in "
            "both with the same label."
        )
        said = [*words.unpaired_lines(reason, before, now), ""]
    if rows.table["label"].nunique() < 2:
        return said
    compared = compare(rows, thresholds=thresholds, seed=settings["seed"], **drawn)
    shown = {"metric": now["champion_metric"], "interval": settings["evaluate.interval"]}
    return said + words.verdict_lines(compared, rows, **shown)


def what_changed(base, head, *, max_drift):
    """Return the lines on params, packages, rows, features and drivers; one line if nothing of it changed."""
    packages = [changes.pins(revision.text("requirements.txt")) for revision in (base, head)]
    rows = [
        changes.accounts(*(revision.json(f"metrics/{stage}.json") for stage in ("prepare", "preprocess", "featurize")))
        for revision in (base, head)
    ]
    lines = [
        *words.changed_lines("Params that changed", "param", changes.changed(base.params, head.params)),
        *words.changed_lines("Packages that changed", "package", changes.changed(*packages)),
        *words.changed_lines("Rows and features that changed", "count of", changes.changed(*rows)),
        *feature_lines(base, head, max_drift=max_drift),
        *driver_lines(base, head),
    ]
    return lines or ["Params, packages, data, features and drivers are the same."]


def feature_lines(base, head, *, max_drift):
    lines = []
    for part in PARTS:
        path = f"data/features/{part}.parquet"
        if base.hashes.get(path) == head.hashes.get(path):
            continue
        tables = [revision.table(path) for revision in (base, head)]
        if any(table is None for table in tables):
            lines += [f"{path} differs, but is not in DVC's cache for both: no drift is measured (`dvc fetch`).", ""]
            continue
        names = [set(table.columns) for table in tables]
        gone, new = sorted(names[0] - names[1]), sorted(names[1] - names[0])
        lines += words.section(f"Features of {part} that are gone or new", ["gone", "new"], _side_by_side(gone, new))
        drifted = drift(*tables)
        rows = [[r.feature, f"{r.drift:.2f}"] for r in drifted.itertuples() if r.drift > max_drift]
        heading = f"Features of {part} that drift by more than {max_drift:g}: {len(rows)} of {len(drifted)}"
        lines += words.section(heading, ["feature", "population stability index"], rows)
        if not rows:
            lines += [f"No feature of {part} drifts by more than {max_drift:g} (population stability index).", ""]
    return lines


def _side_by_side(gone, new):
    length = max(len(gone), len(new))
    return [[*pair] for pair in zip(gone + [""] * (length - len(gone)), new + [""] * (length - len(new)), strict=True)]


def driver_lines(base, head):
    tables = [revision.csv("plots/importance.csv") for revision in (base, head)]
    if any(table is None for table in tables):
        return []
    moved = changes.moved_drivers(*tables)
    rows = [[r.feature, *(f"{value:.5f}" for value in (r.base, r.head, r.difference))] for r in moved.itertuples()]
    heading = f"Drivers that moved beyond {changes.SPREADS} spreads (rise in log loss when shuffled): {len(rows)}"
    return words.section(heading, ["feature", "base", "head", "difference"], rows)


if __name__ == "__main__":
    main()
