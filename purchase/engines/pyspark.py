"""Spark, for shops that outgrow one machine: on this one, or on the cluster whose master params.yaml names."""

import contextlib
import os
import shutil
import socket
import tempfile
import warnings
from pathlib import Path

import narwhals as nw
from narwhals._spark_like.expr import SparkLikeExpr  # Narwhals is pinned; tests/engines fails if a new one moves it
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from purchase.engines.base import Engine, EngineError, join_files

# It gets Arrow tables from us, and never a DataFrame of pandas.
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)

PATIENCE_SECONDS = 10  # for a master to take a connection; Spark itself then gives up after a minute
LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def start(*, n_threads, memory_gb, spark_master):
    """Yield Spark on ``spark_master``: ``local[<cores>]``, ``spark://<host>:<port>``, or another that Spark knows.

    ``memory_gb`` is that of the driver, which on a local master does all the work.
    """
    _find_java()
    local = spark_master.startswith("local")
    if spark_master.startswith("spark://"):
        _find_master(spark_master)
    if not local and os.environ.get("SPARK_LOCAL_IP") == LOOPBACK:
        del os.environ["SPARK_LOCAL_IP"]  # pandera sets it; no cluster could call this machine back
    with tempfile.TemporaryDirectory(prefix="purchase_") as folder:
        settings = _settings(folder, n_threads=n_threads, memory_gb=memory_gb, local=local)
        session = _session(spark_master, settings)
        try:
            yield Spark(session)
        finally:
            session.stop()


def _settings(folder, *, n_threads, memory_gb, local):
    settings = {
        "spark.app.name": "purchase",
        "spark.driver.memory": f"{int(memory_gb * 1024)}m",
        "spark.local.dir": folder,
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": folder,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    on_this_machine = {
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        "spark.sql.shuffle.partitions": str(2 * n_threads),
    }
    return settings | on_this_machine if local else settings


def _session(master, settings):
    builder = SparkSession.builder.master(master)
    try:
        return builder.config(map=settings).getOrCreate()
    except (Py4JError, PySparkException, OSError) as error:
        reason = " ".join(str(error).split("\n")[:2])
        raise EngineError(
            f"params.yaml: spark_master={master!r}: Spark does not start: {reason}. "
            "Check the address, and that the cluster answers and runs the same version of Spark, or set spark_master: "
            "local[2]."
        ) from None


def _find_java():
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=str(Path(home, "bin")) if home else None):
        where = f"JAVA_HOME={home} holds none" if home else "there is none on PATH"
        raise EngineError(
            f"params.yaml: engine='pyspark' needs Java 17 or later, and {where}. Install it (on Debian: apt-get "
            "install openjdk-17-jre-headless), or set engine: duckdb."
        )


def _find_master(master):
    """Raise EngineError unless one of the masters takes a connection; Spark itself would try for minutes."""
    reasons = []
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS):
                return
        except (OSError, ValueError) as error:
            reasons.append(f"{address}: {error}")
    raise EngineError(
        f"params.yaml: spark_master={master!r} does not answer ({'; '.join(reasons)}). Start the master, mend the "
        "address (spark://<host>:<port>), or set spark_master: local[2]."
    )


def _first(self, column, *order_by):
    return self._F.min_by(column, self._F.struct(*order_by))


def _last(self, column, *order_by):
    return self._F.max_by(column, self._F.struct(*order_by))


# Narwhals has no first and last for Spark, since Spark's own know no order. These do; missing keys come first.
SparkLikeExpr._first, SparkLikeExpr._last = _first, _last


class Spark(Engine):
    def __init__(self, session):
        self._session = session

    def _scan(self, path):
        return nw.from_native(self._session.read.parquet(path.resolve().as_uri()))

    def _lazy(self, table):
        return nw.from_native(self._session.createDataFrame(table))

    def _settle(self, frame):
        # Kept by the executors, on disk when memory is short, without the long way there.
        return nw.from_native(frame.to_native().localCheckpoint())

    def _write(self, frame, path, sort_by):
        """Let Spark sort and write many files, and put their pages into one, a row group at a time."""
        parts = path.with_name(f"{path.name}.spark")
        try:
            frame.sort(*sort_by).to_native().write.mode("overwrite").parquet(parts.resolve().as_uri())
            join_files(sorted(parts.glob("part-*.parquet")), path)
        finally:
            shutil.rmtree(parts, ignore_errors=True)
