from types import SimpleNamespace

import pandas as pd
import pytest

from purchase.params import read_params
from purchase.simulation.writing import write_shop

TIMES = {"events": "event_time", "orders": "ordered_at", "customers": "signed_up_at"}


@pytest.fixture(scope="session")
def make_params():
    """A function that returns the section simulate with changes; ``dirt`` is one rate for all kinds or a mapping."""

    def make(*, dirt=None, **changes):
        params = read_params().simulate
        if dirt is not None:
            rates = dirt if isinstance(dirt, dict) else dict.fromkeys(type(params.dirt).model_fields, dirt)
            zero = dict.fromkeys(type(params.dirt).model_fields, 0.0)
            changes["dirt"] = params.dirt.model_copy(update=zero | rates)
        return params.model_copy(update=changes)

    return make


@pytest.fixture(scope="session")
def clean(make_params, tmp_path_factory):
    """A mid-size shop without dirt, as written."""
    return written(make_params(n_customers=5000, dirt=0.0), tmp_path_factory.mktemp("clean"))


@pytest.fixture(scope="session")
def dirty(make_params, tmp_path_factory):
    """The same shop with the dirt that the params say."""
    return written(make_params(n_customers=5000), tmp_path_factory.mktemp("dirty"))


def written(params, folder):
    raw, truth = folder / "raw", folder / "truth"
    write_shop(params, raw=raw, truth=truth)
    tables = {name: pd.read_csv(raw / f"{name}.csv", dtype={TIMES[name]: str}) for name in TIMES}
    truths = {path.stem: pd.read_parquet(path) for path in truth.iterdir()}
    return SimpleNamespace(params=params, raw=raw, **tables, **truths)
