"""A search on a real Dask cluster: a scheduler and two worker processes on loopback."""

import os
import subprocess
import sys
import threading
import time

import pandas as pd
import pytest

from purchase.models.search import search_settings
from purchase.params import TuneParams
from purchase.tables import TableError
from tests.conftest import ROOT
from tests.models.feature_tables import quick_settings
from tests.models.test_search import FOLDS, TABLE, Counter

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(tmp_path):
    """Yield (address, worker processes); all are stopped in the end."""
    file, quiet = tmp_path / "scheduler.json", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    started = [subprocess.Popen([*command, "--scheduler-file", str(file), "--no-dashboard"], env=env, **quiet)]
    command = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1"]
    command += ["--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path)]
    started += [subprocess.Popen(command, env=env, **quiet) for _ in range(2)]
    try:
        with distributed.Client(scheduler_file=str(file), timeout=60) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def search(progress=None, **at):
    space = {"min_samples_leaf": [2, 3, 4, 6, 8, 10, 15, 20]}
    section = TuneParams.model_fields["random_forest"].annotation(search="grid", space=space)
    common = {"family": "random_forest", "folds": FOLDS, "scoring": "neg_log_loss", "seed": 0, "n_threads": 1}
    settings = quick_settings("random_forest").model_copy(update={"n_estimators": 60})
    return search_settings(TABLE, settings, section, at=at or None, progress=progress or Counter(), **common)


def test_a_search_on_a_cluster_finds_the_same_and_loses_nothing_when_a_worker_is_killed(cluster):
    address, running = cluster
    best, table, _ = search()
    progress = Counter()
    killer = threading.Thread(target=kill_in_the_middle, args=(progress, running[0]), daemon=True)
    killer.start()
    on_cluster = search(progress, backend="dask", n_jobs=2, address=address)
    killer.join()
    assert running[0].poll() is not None
    assert progress.n == progress.total == 9 * len(FOLDS)
    assert on_cluster[0] == best
    pd.testing.assert_frame_equal(on_cluster[1], table, check_exact=True)


def kill_in_the_middle(progress, worker):
    while progress.n < 4:
        time.sleep(0.01)
    worker.kill()
    worker.wait()


def test_a_scheduler_that_does_not_answer_is_named_with_the_mend(monkeypatch):
    monkeypatch.setattr("purchase.models.workers.WAIT_SECONDS", 1)
    with pytest.raises(TableError, match=r"search.address='tcp://127.0.0.1:9'.*no Dask scheduler answers.*loky"):
        search(backend="dask", n_jobs=2, address="tcp://127.0.0.1:9")
