import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from purchase.engines.registry import engine

KNOBS = {"n_threads": 2, "memory_gb": 1, "spark_master": "local[2]"}
# Of Java's compilers, the fast one alone: of so little work, compiling is the most. Java then keeps 48 MB for compiled
# code, which the plans of all tests together fill; a full store ends Spark.
QUICK = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=512m -XX:+UseSerialGC"
# All that runs on Spark goes to one worker, which starts it once.
PYSPARK = pytest.param("pyspark", marks=pytest.mark.xdist_group("engines"))


def lacking_for_spark():
    """Say what Spark lacks here, and how to install it; empty: nothing."""
    if find_spec("pyspark") is None:
        return "pyspark is not installed: pip install -r requirements-spark.txt"
    home = os.environ.get("JAVA_HOME")
    if not shutil.which("java", path=str(Path(home, "bin")) if home else None):
        return "there is no Java: apt-get install openjdk-17-jre-headless"
    return ""


@pytest.fixture(scope="session")
def spark():
    """One Spark for all tests."""
    if lacking_for_spark():
        pytest.skip(lacking_for_spark())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_SUBMIT_OPTS", QUICK)
        with engine("pyspark", **KNOBS) as running:
            yield running


@pytest.fixture(scope="module", params=["duckdb", "polars", "pandas", PYSPARK])
def running(request):
    """Each engine in turn."""
    if request.param == "pyspark":
        yield request.getfixturevalue("spark")
        return
    if find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed: pip install -r requirements-{request.param}.txt")
    with engine(request.param, **KNOBS) as started:
        yield started
