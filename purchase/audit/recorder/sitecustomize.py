"""Notes which params and packages a Python process uses; Python loads a module of this name before all others.

The audit puts its folder on PYTHONPATH of the stages that it runs, and so of every Python process that they start. The
notes go to a file of the process' own in the folder ``PURCHASE_AUDIT_RECORD``, a line each: a kind, a space, and

- ``param``: the dotted key of a value that was read from the tree that ``read_params`` returned;
- ``read_params``: that ``read_params`` was called (nothing follows);
- ``past``: the place that opened params.yaml otherwise;
- ``import``: a top-level module that is not Python's own.
"""

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

PARAMS_MODULE = "purchase.params"


class Notes:
    """The file of this process; every note is written once, and at once, since a process may be killed."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self._noted = set()

    def add(self, kind, what=""):
        if (kind, what) not in self._noted:
            self._noted.add((kind, what))
            # A forked process has another number.
            with (self._folder / f"{os.getpid()}.txt").open("a", encoding="utf-8", errors="surrogateescape") as file:
                file.write(f"{kind} {what}\n")


class Finder:
    """Notes imports on their way to Python's own finders, and wraps ``purchase.params`` once it is there."""

    def __init__(self, notes, reads):
        self._notes, self._reads = notes, reads

    def find_spec(self, name, path=None, target=None):
        if path is None and "." not in name and name not in sys.stdlib_module_names:
            self._notes.add("import", name)
        spec = PathFinder.find_spec(name, path, target) if name == PARAMS_MODULE else None
        if spec is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                self._reads.wrap(module)

            spec.loader.exec_module = exec_module
        return spec


class ParamReads:
    """Notes which values of a tree of params are read, by attribute or by the section as a whole.

    Whatever takes a section as a whole (``model_dump``, iteration, copying, pickling for another process) asks it for
    its ``__dict__``, and so counts as reading every value in it. A list or a mapping counts as one value.
    """

    def __init__(self, notes):
        self._notes = notes
        self._sections = {}  # id -> (section: held, so that no other object takes its id, {field: key}, all keys below)
        self.reading = False  # whether read_params is at work

    def wrap(self, module):
        """Follow what ``read_params`` of a freshly loaded ``purchase.params`` returns."""
        original, strict = module.read_params, module.Strict
        usual = strict.__getattribute__

        def read_params(*arguments, **keywords):
            self.reading = True
            try:
                params = original(*arguments, **keywords)
            finally:
                self.reading = False
            self._notes.add("read_params")
            self._follow(params, "", strict)
            return params

        def __getattribute__(section, name):
            value = usual(section, name)
            if id(section) in self._sections:
                self._note(section, name)
            return value

        module.read_params = read_params
        strict.__getattribute__ = __getattribute__

    def _follow(self, section, prefix, strict):
        """Remember a section and those in it; return the keys of all values below it."""
        fields, keys = {}, []
        for name in type(section).__pydantic_fields__:
            value = getattr(section, name)
            if isinstance(value, strict):
                keys += self._follow(value, f"{prefix}{name}.", strict)
            else:
                fields[name] = f"{prefix}{name}"
        keys += fields.values()
        self._sections[id(section)] = (section, fields, keys)
        return keys

    def _note(self, section, name):
        _, fields, keys = self._sections[id(section)]
        for key in keys if name == "__dict__" else filter(None, [fields.get(name)]):
            self._notes.add("param", key)


def watch_params_file(tree, notes, reads):
    """Note whatever opens params.yaml while ``read_params`` is not at work."""
    params = os.path.realpath(os.path.join(tree, "params.yaml"))  # noqa: PTH118

    def hook(event, arguments):
        if event == "open" and not reads.reading and isinstance(arguments[0], (str, bytes, os.PathLike)):
            path = os.fsdecode(arguments[0])
            if path.endswith("params.yaml") and os.path.realpath(path) == params:
                notes.add("past", _place(sys._getframe(1), tree))

    sys.addaudithook(hook)


def _place(frame, tree):
    """Return the file and line of the repository's code nearest to a frame."""
    while frame is not None:
        if frame.f_code.co_filename.startswith(f"{tree}{os.sep}"):
            return f"{frame.f_code.co_filename[len(tree) + 1 :]} line {frame.f_lineno}"
        frame = frame.f_back
    return "a process of the stage"


def start():
    """Begin to note, if this is a process of an audited stage."""
    folder = os.environ.get("PURCHASE_AUDIT_RECORD")
    if folder:
        notes = Notes(folder)
        reads = ParamReads(notes)
        sys.meta_path.insert(0, Finder(notes, reads))
        watch_params_file(os.environ["PURCHASE_AUDIT_TREE"], notes, reads)


start()
