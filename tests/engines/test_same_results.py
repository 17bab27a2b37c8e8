"""Every engine gives the same clean tables, split, features and accounts as DuckDB."""

import pyarrow.parquet as pq
import pytest

from purchase.engines.duckdb import connect
from purchase.engines.registry import engine
from purchase.intake.take_in import take_in
from purchase.params import read_params
from purchase.shops import read_shop
from stages import featurize
from tests.engines.both_stages import assert_same, run_both_stages
from tests.engines.random_shop import write_tables

pytestmark = pytest.mark.xdist_group("engines")  # one Spark at a time
QUESTIONS = {
    "customer": {"task": "customer"},
    "session_start": {"task": "session", "scoring_moment": "session_start"},
    "during_session": {"task": "session", "scoring_moment": "during_session"},
}
FILES = {
    "online_retail": "online_retail.csv.gz",
    "online_shoppers": "online_shoppers_intention.csv",
    "rees46": "rees46_2019_oct_sample.csv.gz",
}
MOMENTS = {"rees46": "during_session"}  # later than the shop's own, at which more is known


def params_of_few_days():
    """The committed params, with windows that suit 200 days, every group of features, and sequences."""
    params = read_params()
    cutoffs = {"horizon_days": 20, "lookback_days": 90, "n_train": 3, "first_k_events": 2}
    featurize = {"windows_days": [7, 30], "leave_out": [], "sequence_length": 5}
    return params.model_copy(
        update={
            "cutoffs": params.cutoffs.model_copy(update=cutoffs),
            "featurize": params.featurize.model_copy(update=featurize),
        }
    )


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory):
    """What DuckDB makes of the tables in a folder; computed once for all engines."""
    done = {}

    def compute(tables, params, shop, key):
        if key not in done:
            with engine("duckdb", n_threads=1, memory_gb=1) as running:
                done[key] = run_both_stages(running, tables, tmp_path_factory.mktemp("duckdb") / key, params, shop)
        return done[key]

    return compute


@pytest.fixture(scope="module")
def random_shops(tmp_path_factory):
    folders = {}
    for seed in range(2):
        folders[seed] = tmp_path_factory.mktemp("shops") / str(seed)
        write_tables(folders[seed], seed)
    return folders


@pytest.mark.parametrize("question", QUESTIONS)
def test_random_shops_come_out_the_same(running, question, random_shops, on_duckdb, tmp_path, monkeypatch):
    shop, params = read_shop("simulated").model_copy(update=QUESTIONS[question]), params_of_few_days()
    slow = "pyspark" in type(running).__module__  # half a minute a shop
    if slow and question == "session_start":
        pytest.skip("of the session's two moments, the later one says more")
    seeds = [0] if slow else random_shops
    for seed in seeds:
        expected = on_duckdb(random_shops[seed], params, shop, f"{question}_{seed}")
        # Customers of the last seed are described some at a time, which must not show.
        n_rows = pq.read_metadata(expected / "data/split.parquet").num_rows
        monkeypatch.setattr(featurize, "N_ROWS", n_rows if seed == 0 and not slow else n_rows // 2)
        found = run_both_stages(running, random_shops[seed], tmp_path / str(seed), params, shop)
        assert_same(expected, found)


@pytest.fixture(scope="module")
def real_tables(real_data, tmp_path_factory):
    """The tables that prepare makes of the public data sets."""

    def prepare(name):
        raw = tmp_path_factory.mktemp(name) / "raw"
        raw.mkdir()
        (raw / FILES[name]).symlink_to((real_data / FILES[name]).resolve())
        settings = {"yaml": f"shops/{name}.yaml", "batch_rows": 200_000, "max_gap_days": 30}
        with connect(n_threads=2, memory_gb=1) as connection:
            take_in(connection, read_shop(name), raw, raw.with_name("tables"), **settings)
        return raw.with_name("tables")

    return {name: prepare(name) for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_public_data_sets_come_out_the_same(running, name, real_tables, on_duckdb, tmp_path):
    shop, params = read_shop(name, scoring_moment=MOMENTS.get(name)), read_params()
    expected = on_duckdb(real_tables[name], params, shop, name)
    assert_same(expected, run_both_stages(running, real_tables[name], tmp_path / "out", params, shop))
