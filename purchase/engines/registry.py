"""One place that knows the engines: purchase/engines/<engine>.py, imported when that engine is asked for.

An engine's module has ``start(*, n_threads, memory_gb, spark_master)``, which yields an ``Engine``.
"""

import contextlib
import importlib
import os

from purchase.engines.base import EngineError

EXTRAS = {"polars": "requirements-polars.txt", "pyspark": "requirements-spark.txt"}  # not in requirements.txt


@contextlib.contextmanager
def engine(name="duckdb", *, n_threads, memory_gb, spark_master=None):
    """Yield an engine, and stop it in the end. Which one changes no result.

    Parameters
    ----------
    name : {"duckdb", "polars", "pandas", "pyspark"}
    n_threads, memory_gb : number
        What it may use, as far as it can be told (docs/engines.md).
    spark_master : str
        Where Spark runs, for ``pyspark``.

    Raises
    ------
    EngineError
        If the engine is not installed or does not start.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", str(n_threads))  # read once, when Polars loads
    try:
        module = importlib.import_module(f"purchase.engines.{name}")
    except ModuleNotFoundError as error:
        raise EngineError(
            f"params.yaml: engine={name!r} needs the package {error.name}, which is not installed. "
            f"Run `pip install -r {EXTRAS.get(name, 'requirements.txt')}`, or set engine: duckdb."
        ) from None
    with module.start(n_threads=n_threads, memory_gb=memory_gb, spark_master=spark_master) as started:
        yield started


def engine_of(params):
    """Yield the engine that params.yaml names, with what it may use."""
    limits = {"n_threads": params.n_threads, "memory_gb": params.memory_gb}
    return engine(params.engine, **limits, spark_master=params.spark_master)
