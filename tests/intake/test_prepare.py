"""The stage writes all of its outputs or none, and the same bytes every time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
YAML = """
title: T
source: S
task: customer
time_zone: Europe/London
tables:
  events:
    files: "*.csv"
    columns: {event_at: time, event_type: type, customer_id: who, price_cents: price}
    missing_customer: reject
"""


@pytest.fixture
def checkout(tmp_path):
    """A folder with a shop of 5,000 events, a tenth of them dirty, and all that the stage asks for."""
    params = (ROOT / "params.yaml").read_text(encoding="utf-8")
    (tmp_path / "params.yaml").write_text(params.replace("shop: simulated", "shop: mine"), encoding="utf-8")
    (tmp_path / "shops").mkdir()
    (tmp_path / "shops" / "mine.yaml").write_text(YAML, encoding="utf-8")
    raw = tmp_path / "data" / "raw" / "mine"
    raw.mkdir(parents=True)
    for part in range(2):
        rows = [
            f"2020-0{1 + row % 6}-01 0{row % 10}:00:00,{('view', 'purchase', 'jump')[row % 41 % 3]},"
            f"{'' if row % 30 == 0 else row % 99},{row % 500 / 7:.3f}{',more' if row % 50 == 0 else ''}"
            for row in range(2_500)
        ]
        (raw / f"{part}.csv").write_text("time,type,who,price\n" + "\n".join(rows), encoding="utf-8")
    return tmp_path


def run_prepare(folder, **environment):
    return subprocess.run(
        [sys.executable, "-m", "stages.prepare"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def outputs(folder):
    found = [*folder.glob("data/tables/*"), *folder.glob("metrics/*")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_two_runs_write_the_same_bytes_whatever_the_machine_is_set_to(checkout):
    run = run_prepare(checkout, TZ="Asia/Tokyo", PYTHONHASHSEED="1")
    assert (run.returncode, run.stderr) == (0, "")
    first = outputs(checkout)
    assert sorted(first) == [
        *(f"data/tables/{table}.parquet" for table in ("blanked", "customers", "events", "orders")),
        *(f"data/tables/{table}.parquet" for table in ("rejected", "sessions")),
        "metrics/prepare.json",
    ]
    moved = checkout.with_name("elsewhere")
    shutil.copytree(checkout, moved, ignore=shutil.ignore_patterns("tables", "metrics"))
    assert run_prepare(moved, TZ="America/Lima", PYTHONHASHSEED="2", LC_ALL="C").returncode == 0
    assert outputs(moved) == first


def test_a_stop_leaves_no_output_and_one_line_to_read(checkout):
    (checkout / "data" / "raw" / "mine" / "2.csv").write_text("time,type,who,price\nnever,view,a,1\n", encoding="utf-8")
    run = run_prepare(checkout)
    assert run.returncode == 1
    assert run.stderr.startswith("error: data/raw/mine/2.csv: no value of 'time' is a time")
    assert len(run.stderr.splitlines()) == 1
    assert outputs(checkout) == {}
