"""Names that modules import, or take from a module of ours, and that are not there: ``python -m tests.names``."""

import ast
import importlib
from types import ModuleType

from tests.conftest import ROOT

OURS = ("purchase", "stages", "benchmarks")
# Of the extras, and of the environments that benchmarks/requirements-*.txt make: need not be installed here.
ELSEWHERE = {"autogluon", "distributed", "featuretools", "flaml", "polars", "py4j", "pyspark"}


def missing_names(path):
    """Say which names a Python file uses that are not there, in whatever function it asks for them.

    Parameters
    ----------
    path : Path
        Its imports are made, and so the code of what it imports is run.

    Returns
    -------
    list of str
        A line each, with the place.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes, modules, lines = list(ast.walk(tree)), {}, []
    for node in nodes:
        for module, name, alias in _imports(node):
            found, problem = _resolve(module, name)
            lines += [f"{path}, line {node.lineno}: {problem}"] if problem else []
            if isinstance(found, ModuleType) and found.__name__.split(".")[0] in OURS:
                modules[alias] = found
    for name in _rebound(nodes):
        modules.pop(name, None)
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            if not hasattr(module, node.attr):
                lines.append(f"{path}, line {node.lineno}: {module.__name__} has no {node.attr}")
    return lines


def _imports(node):
    """Yield (module, name or None, what it is called here) of an import."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, None, alias.asname or alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from ((node.module, alias.name, alias.asname or alias.name) for alias in node.names)


def _resolve(module, name):
    """Return what an import finds, and what is wrong with it; None for the one that is not the case."""
    try:
        found = importlib.import_module(module)
        if name is not None:
            found = getattr(found, name) if hasattr(found, name) else importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError as error:
        return None, None if error.name.split(".")[0] in ELSEWHERE else str(error)
    except ImportError as error:
        return None, str(error)
    return found, None


def _rebound(nodes):
    """Yield the names that a file also gives to something else than a module: to a variable or an argument."""
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def main():
    paths = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))]
    lines = [line for path in paths for line in missing_names(path)]
    print("\n".join([*lines, f"{len(paths)} modules"]))


if __name__ == "__main__":
    main()
