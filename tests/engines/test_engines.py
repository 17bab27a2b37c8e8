"""An engine that cannot be used is one clear error; what an engine keeps and writes."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from purchase.cleaning.marks import normalise
from purchase.cleaning.split import span_of_records
from purchase.engines.base import EngineError
from purchase.engines.registry import engine
from purchase.params import Params, read_params
from purchase.tables import TableError
from tests.engines.conftest import KNOBS, lacking_for_spark

ROOT = Path(__file__).parents[2]
ENGINES = get_args(Params.model_fields["engine"].annotation)
COL = nw.col
needs_pyspark = pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed")
needs_spark = pytest.mark.skipif(bool(lacking_for_spark()), reason=lacking_for_spark())


def run_preprocess(folder, *, first="", timeout=120, **changed):
    """Run the stage in a folder with the committed params, changed; ``first`` is Python that runs before it."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")) | changed
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    (folder / "shops").symlink_to(ROOT / "shops")
    script = f"import sys\n{first}\nsys.argv = ['preprocess']\nfrom stages import preprocess\n"
    script += "from purchase.files import run\nrun(preprocess.main)"
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def assert_one_error(done, *words):
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert [word for word in words if word not in done.stderr] == []


def test_the_default_is_duckdb():
    assert read_params().engine == "duckdb"
    assert ENGINES == ("duckdb", "polars", "pandas", "pyspark")


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("polars", "polars", "requirements-polars.txt"), ("pyspark", "py4j", "requirements-spark.txt")],
)
def test_an_engine_that_is_not_installed_says_what_to_install(tmp_path, name, package, extra):
    absent = f"sys.modules[{package!r}] = sys.modules[{name!r}] = None"
    done = run_preprocess(tmp_path, first=absent, engine=name)
    assert_one_error(done, f"engine='{name}'", f"pip install -r {extra}", "engine: duckdb")
    assert (ROOT / extra).exists()


@pytest.mark.skipif(find_spec("polars") is None, reason="polars is not installed")
def test_polars_takes_n_threads():
    script = (
        "from purchase.engines.registry import engine\n"
        "with engine('polars', n_threads=3, memory_gb=1):\n"
        "    import polars\n"
        "    print(polars.thread_pool_size())\n"
    )
    plain = {name: value for name, value in os.environ.items() if name != "POLARS_MAX_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=plain, capture_output=True, text=True, check=True
    )
    assert done.stdout == "3\n"


def test_a_misspelt_engine_is_refused_with_the_nearest_name(tmp_path):
    assert_one_error(run_preprocess(tmp_path, engine="spark"), "engine='spark'", "'pyspark'")


@needs_spark
def test_a_spark_master_that_does_not_answer_is_one_error_within_seconds(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        master = f"spark://127.0.0.1:{closed.getsockname()[1]}"
        began = time.monotonic()
        done = run_preprocess(tmp_path, engine="pyspark", spark_master=master)
    assert_one_error(done, f"spark_master='{master}' does not answer", "spark_master: local[2]")
    assert time.monotonic() - began < 30


@needs_spark
@pytest.mark.xdist_group("waiting")  # not behind the tests that share a Spark
def test_a_spark_master_that_takes_the_connection_and_says_nothing_is_one_error_after_a_minute(tmp_path):
    # Spark asks three times, 20 seconds apart, and no setting of it changes that.
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        master = f"spark://127.0.0.1:{mute.getsockname()[1]}"
        done = run_preprocess(tmp_path, engine="pyspark", spark_master=master, timeout=240)
    error = done.stderr[done.stderr.index("error: ") :]  # after what Spark says of itself
    assert done.returncode == 1
    assert error.startswith(f"error: params.yaml: spark_master='{master}'")
    assert error.count("\n") == 1
    assert "spark_master: local[2]" in error


@needs_pyspark
def test_without_java_spark_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with (
        pytest.raises(EngineError, match=rf"JAVA_HOME={tmp_path} holds none.*openjdk-17"),
        engine("pyspark", **KNOBS),
    ):
        pass


@pytest.mark.parametrize("master", ["local [2]", "127.0.0.1:7077", ""])
def test_a_spark_master_of_no_known_form_is_refused(tmp_path, master):
    assert_one_error(run_preprocess(tmp_path, spark_master=master), f"spark_master={master!r}")


def test_a_table_that_is_not_there_says_how_to_get_it(running, tmp_path):
    with pytest.raises(TableError, match="dvc repro"):
        running.scan(tmp_path / "gone.parquet")


def test_a_settled_frame_is_written_in_the_order_asked_missing_first(running, tmp_path):
    names = pd.Series(["b", None, "Ä", "a", "B", "ab", ""], dtype=object)
    frame = running.lazy(pd.DataFrame({"name": names, "n": pd.array([1, 2, None, 4, 5, 6, 7], dtype="Int64")}))
    settled = running.settle(frame.filter(COL("n").is_null() | (COL("n") > 1)))
    running.write(settled, tmp_path / "out.parquet", sort_by=("name",))
    table = pq.read_table(tmp_path / "out.parquet")
    assert table["name"].to_pylist() == [None, "", "B", "a", "ab", "Ä"]
    assert table["n"].to_pylist() == [2, 7, 5, 4, 6, None]
    assert table.schema.field("n").type == "int64"
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_frames_are_written_one_after_the_other_gaps_in_the_later_ones_too(running, tmp_path):
    tables = [pd.DataFrame({"name": ["b", "a"], "n": [1, 2]}), pd.DataFrame({"name": ["a0", "A"], "n": [None, 3]})]
    for number, table in enumerate(tables):  # of files, of which an engine knows that the first has no gaps
        table.astype({"n": "Int64"}).to_parquet(tmp_path / f"{number}.parquet", index=False)
    frames = [running.scan(tmp_path / f"{number}.parquet") for number in range(2)]
    running.write_all(frames, tmp_path / "out.parquet", sort_by=("name",))
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.to_pydict() == {"name": ["a", "b", "A", "a0"], "n": [2, 1, 3, None]}


def test_a_shop_without_a_record_is_the_same_error_on_every_engine(running):
    events, orders = (running.lazy(pa.table({name: pa.array([], pa.int64())})) for name in ("event_at", "ordered_at"))
    with pytest.raises(TableError, match="No event and no order is left"):
        span_of_records(events, orders)


def test_texts_are_trimmed_and_lower_cased_alike(running):
    texts = ["İzmir", "ΣΑΣ", "ΑΣ", "Straße", " \tx\n", "\u00a0Å\u00a0", "ÇA", "ДА", "\u2003", "  "]
    table = pa.table({"row": list(range(len(texts))), "category": texts})
    found = normalise(running.lazy(table)).sort("row").collect()["category"].to_list()
    assert found == ["izmir", "σασ", "ασ", "straße", "x", "\u00a0å\u00a0", "ça", "да", "\u2003", None]  # noqa: RUF001


def test_groups_take_what_features_are_made_of(running):
    # Of the first group: flags 1, 0 and missing; times out of order; a time that is there twice.
    rows = [("x", 3, True, "c", 10), ("x", 1, False, None, 20), ("x", 2, None, "b", None), ("y", 1, False, None, None)]
    frame = running.lazy(pd.DataFrame(rows, columns=["key", "at", "flag", "text", "cents"]).convert_dtypes())
    found = frame.group_by("key").agg(
        first=COL("text").first(order_by=["at", "key"]),
        last=COL("text").last(order_by=["at", "key"]),
        n_flags=COL("flag").cast(nw.Int64).sum().cast(nw.Int64),
        n_texts=COL("text").n_unique().cast(nw.Int64) - COL("text").is_null().any().cast(nw.Int64),
        mean=nw.when(COL("at") > 1).then(COL("cents")).mean(),
        median=COL("cents").median(),
        total=(COL("cents") - COL("at")).sum().cast(nw.Int64),
        share=COL("cents").sum() / nw.len(),
    )
    expected = {
        "x": (None, "c", 1, 2, 10.0, 15.0, 26, 10.0),
        "y": (None, None, 0, 0, None, None, 0, 0.0),
    }
    assert {row[0]: row[1:] for row in found.collect().rows()} == expected
