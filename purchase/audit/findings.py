"""The rules: what a stage declares in ``dvc.yaml`` against what it touched."""

from dataclasses import dataclass, field

PINS = "requirements.txt"
PARAMS = "params.yaml"
# Params have rules of their own; dvc.lock vouches for the models that a stage opens, and changes with every stage.
EXEMPT = (PARAMS, "dvc.lock")


@dataclass(frozen=True)
class Declared:
    """What ``dvc.yaml`` says of a stage, paths relative to the repository; a folder stands for all below it.

    Parameters
    ----------
    deps, outs : frozenset of str
        Outs include metrics and plots.
    params : frozenset of str
        Dotted keys of ``params.yaml``; a section stands for all below it.
    logs : frozenset of str
        Files that no two runs share, and that can therefore be no outs: ``logs`` of the stage's ``meta``.
    """

    deps: frozenset = frozenset()
    params: frozenset = frozenset()
    outs: frozenset = frozenset()
    logs: frozenset = frozenset()


@dataclass(frozen=True)
class Touched:
    """What a stage did, paths relative to the repository.

    Parameters
    ----------
    opened : frozenset of str
        Files that were there when the stage began, and that any of its processes opened.
    changed : frozenset of str
        Files that it made, changed or removed.
    params : frozenset of str
        Dotted keys of the values that it read.
    past : frozenset of str
        Places that opened ``params.yaml`` otherwise than by ``read_params``.
    packages : frozenset of str
        Installed packages that it imported.
    """

    opened: frozenset = frozenset()
    changed: frozenset = frozenset()
    params: frozenset = frozenset()
    past: frozenset = frozenset()
    packages: frozenset = frozenset()


@dataclass(frozen=True, order=True)
class Finding:
    """A difference: the stage, the rule that it breaks, what breaks it, and how to mend it."""

    stage: str
    rule: str
    what: str
    mend: str = field(compare=False)


def find(stage, declared, touched):
    """Return the findings of a stage, sorted."""
    found = [*_reads(declared, touched), *_writes(declared, touched), *_params(declared, touched)]
    found += _pins(declared, touched)
    return sorted(Finding(stage, rule, what, mend) for rule, what, mend in found)


def _reads(declared, touched):
    for path in touched.opened - touched.changed:
        if path in EXEMPT or _covered(path, declared.deps | declared.outs | declared.logs):
            continue
        if path.endswith(".py"):
            yield "imported, but in no dep", path, f"add {path}, or its folder, to the deps; or do not import it"
        else:
            yield "read, but in no dep", path, f"add {path} to the deps; or do not read it"
    for dep in declared.deps - {PINS}:
        if not any(_covers(dep, path) for path in touched.opened):
            yield "a dep, but never read", dep, "take it out of the deps"


def _writes(declared, touched):
    outs = declared.outs | declared.logs
    for path in touched.changed:
        if not _covered(path, outs):
            yield "written, but no out", path, f"add {path} to the outs, or to meta.logs if no two runs share it"
    for out in outs:
        if not any(_covers(out, path) for path in touched.changed):
            yield (
                "an out, but not written",
                out,
                f"take it out of the {'outs' if out in declared.outs else 'meta.logs'}",
            )


def _params(declared, touched):
    for key in touched.params:
        if not any(_same_key(name, key) for name in declared.params):
            yield "a param used, but not named", key, f"add {key}, or its section, to the params; or do not use it"
    for name in declared.params:
        if not any(_same_key(name, key) for key in touched.params):
            yield "a param named, but not used", name, "take it out of the params"
    for place in touched.past:
        yield (
            "params.yaml opened past read_params",
            place,
            "read params by purchase.params.read_params",
        )


def _pins(declared, touched):
    if touched.packages and not _covered(PINS, declared.deps):
        first, *others = sorted(touched.packages)
        what = f"{first} and {len(others)} more" if others else first
        yield "imports packages, but its pins are no dep", what, f"add {PINS} to the deps"
    if PINS in declared.deps and not touched.packages:
        yield "a dep, but never read", PINS, "take it out of the deps: the stage imports no installed package"


def _covered(path, entries):
    return any(_covers(entry, path) for entry in entries)


def _covers(entry, path):
    return path == entry or path.startswith(f"{entry}/")


def _same_key(name, key):
    """Whether a key lies in what ``name`` names, or is a mapping or list in which ``name`` lies."""
    return name == key or key.startswith(f"{name}.") or name.startswith(f"{key}.")
