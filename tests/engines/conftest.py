import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from purchase.engines.registry import engine

KNOBS = {"n_threads": 2, "memory_gb": 1, "spark_master": "local[2]"}


@pytest.fixture(scope="module")
def spark():
    """One Spark for the tests of a module."""
    if find_spec("pyspark") is None:
        pytest.skip("pyspark is not installed: pip install -r requirements-spark.txt")
    if not shutil.which("java", path=str(Path(os.environ["JAVA_HOME"], "bin")) if "JAVA_HOME" in os.environ else None):
        pytest.skip("there is no Java: apt-get install openjdk-17-jre-headless")
    with engine("pyspark", **KNOBS) as running:
        yield running


@pytest.fixture(scope="module", params=["duckdb", "polars", "pandas", "pyspark"])
def running(request):
    """Each engine in turn."""
    if request.param == "pyspark":
        yield request.getfixturevalue("spark")
        return
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: pip install -r requirements-{request.param}.txt")
    with engine(request.param, **KNOBS) as started:
        yield started
