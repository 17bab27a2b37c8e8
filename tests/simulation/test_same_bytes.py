import hashlib
import os
import subprocess
import sys
import tracemalloc

import numpy as np

from purchase.simulation.columns import n_rows
from purchase.simulation.shop import Shop
from purchase.simulation.writing import write_shop

SMALL = {"n_customers": 300, "n_days": 70, "drift_days": 20}
SCRIPT = """
import sys
from pathlib import Path
from purchase.params import SimulateParams
from purchase.simulation.writing import write_shop
params = SimulateParams.model_validate_json(sys.argv[1])
write_shop(params, raw=Path(sys.argv[2]) / "raw", truth=Path(sys.argv[2]) / "truth")
"""


def hashes(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def write(params, folder):
    write_shop(params, raw=folder / "raw", truth=folder / "truth")
    return hashes(folder)


def test_same_seed_writes_the_same_bytes_whatever_the_hash_seed_zone_and_locale(make_params, tmp_path):
    params = make_params(**SMALL)
    here = write(params, tmp_path / "here")
    changed = {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}
    there = tmp_path / "there"
    command = [sys.executable, "-c", SCRIPT, params.model_dump_json(), str(there)]
    subprocess.run(command, check=True, env=os.environ | changed)
    assert len(here) == 6
    assert hashes(there) == here


def test_another_seed_writes_other_bytes_in_every_file(make_params, tmp_path):
    one = write(make_params(**SMALL), tmp_path / "one")
    two = write(make_params(**SMALL, seed=2), tmp_path / "two")
    assert all(one[name] != two[name] for name in one)


def chunk_totals(params):
    """Return the truths of all sessions and customers, and the counts of rows, over a shop's chunks."""
    sessions, customers, n_events, n_lines = [], [], 0, 0
    for events, orders, known, truth in Shop(params).chunks():
        sessions.append(known["propensity"])
        customers += [cutoff["propensity"] for cutoff in truth]
        n_events, n_lines = n_events + n_rows(events), n_lines + n_rows(orders)
    return np.concatenate(sessions), np.concatenate(customers), n_events, n_lines


def test_chunk_days_change_memory_and_not_who_visits_and_orders(make_params):
    """Sessions and truths are the same to the bit; what is drawn within them agrees up to chance."""
    settings = {"n_customers": 2000, "n_days": 90, "dirt": 0.0}
    sessions, customers, n_events, n_lines = chunk_totals(make_params(**settings, chunk_days=7))
    for chunk_days in (1, 200):
        other = chunk_totals(make_params(**settings, chunk_days=chunk_days))
        assert np.array_equal(other[0], sessions)
        assert np.array_equal(other[1], customers)
        assert abs(other[2] / n_events - 1) < 0.03
        assert abs(other[3] / n_lines - 1) < 0.2


def test_a_chunk_is_all_that_is_held_in_memory(make_params):
    """Four times the days take about the same memory; a chunk of all days takes several times as much."""
    settings = {"n_customers": 8000, "dirt": 0.0}
    short = peak(make_params(**settings, n_days=50, chunk_days=5))
    long = peak(make_params(**settings, n_days=200, chunk_days=5))
    whole = peak(make_params(**settings, n_days=200, chunk_days=200))
    assert long < 1.5 * short
    assert whole > 2.5 * long


def peak(params):
    shop = Shop(params)
    tracemalloc.start()
    for _ in shop.chunks():
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_shop_of_fifty_customers_with_days_without_a_session_is_written(make_params, tmp_path):
    for dirt in (0.0, 0.2):
        params = make_params(n_customers=50, n_days=30, chunk_days=1, dirt=dirt)
        write_shop(params, raw=tmp_path / f"raw{dirt}", truth=tmp_path / f"truth{dirt}")
        assert (tmp_path / f"raw{dirt}" / "events.csv").read_text().count("\n") > 30
