import pytest
from filelock import FileLock

from tests.pipeline.clone import SMALL, Clone
from tests.pipeline.warm import warm_shell


@pytest.fixture(scope="session")
def warm():
    """The shell that has stages run in a Python that has loaded everything: one a worker."""
    with warm_shell() as shell:
        yield shell


@pytest.fixture(scope="session")
def reproduced(tmp_path_factory, worker_id, warm):
    """The small simulated shop, reproduced and committed, once for all workers. Nobody changes it: take a ``copy``.

    It was made by the user's shell, each stage a Python of its own; its copies run theirs in the warm one, whose random
    forests are the same in other bytes: what is pickled there shares other texts.
    """
    base = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    folder, done = base / "reproduced", base / "reproduced.done"
    with FileLock(base / "reproduced.lock"):
        if not done.exists():
            clone = Clone(folder)
            clone.set(SMALL)
            clone.dvc("repro")
            clone.commit("Run")
            done.touch()
    return Clone.at(folder, warm)
