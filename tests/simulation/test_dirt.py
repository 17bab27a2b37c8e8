import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purchase.params import DirtParams
from purchase.simulation import dirt
from purchase.simulation.columns import MISSING, NO_PRICE, n_rows
from purchase.simulation.streams import stream
from purchase.simulation.text import ISO
from purchase.tables import DAY

FIRST_AT, N, RATE = 1_700_006_400, 20_000, 0.05
END_AT = FIRST_AT + 10 * DAY
BOUNDS = {"first_at": FIRST_AT, "end_at": END_AT}


def rates(**some):
    return DirtParams(**dict.fromkeys(DirtParams.model_fields, 0.0) | some)


def clean_events():
    """Rows a minute or less apart, ten to a session, every row different."""
    return {
        "at": FIRST_AT + np.arange(N) * (10 * DAY // N),
        "session": np.arange(N) // 10,
        "category": np.zeros(N, dtype=np.int8),
        "price": np.full(N, 1999, dtype=np.int32),
        "device": np.zeros(N, dtype=np.int8),
        "source": np.zeros(N, dtype=np.int8),
        "row": np.arange(N),
    }


def made_dirty(seed=5, **some):
    return dirt.dirty_events(clean_events(), rates(**some), stream(seed, "dirt"), **BOUNDS)


def about(count, rate, n=N):
    return abs(count - n * rate) < 4 * np.sqrt(n * rate * (1 - rate))


def test_without_dirt_nothing_changes():
    got, clean = made_dirty(), clean_events()
    assert all(np.array_equal(got[name], clean[name]) for name in clean)
    assert not got["month_13"].any()
    assert not (got["style"] == ISO).any()


def test_duplicates_are_the_same_row_written_twice():
    got = made_dirty(duplicates=RATE)
    assert about(n_rows(got) - N, RATE)
    twice = np.flatnonzero(np.diff(got["row"]) == 0)
    assert len(twice) == n_rows(got) - N
    assert all(np.array_equal(values[twice], values[twice + 1]) for values in got.values())


def test_near_duplicates_differ_by_a_second_or_two_and_in_nothing_else():
    got = made_dirty(near_duplicates=RATE)
    assert about(n_rows(got) - N, RATE)
    twice = np.flatnonzero(np.diff(got["row"]) == 0)
    assert set(np.abs(np.diff(got["at"])[twice])) == {1, 2}
    assert got["at"].max() < END_AT


def test_missing_values_are_optional_ones_one_a_row():
    got = made_dirty(missing=RATE)
    blanks = np.array([got[name] == MISSING for name in ("category", "device", "source")] + [got["price"] == NO_PRICE])
    assert about((blanks.sum(axis=0) == 1).sum(), RATE)
    assert blanks.sum(axis=0).max() == 1
    assert all(about(blank.sum(), RATE / 4) for blank in blanks)
    assert np.array_equal(got["at"], clean_events()["at"])


def test_impossible_values_are_negative_prices_and_a_month_13():
    got = made_dirty(impossible=RATE)
    assert about(((got["price"] < 0) | got["month_13"]).sum(), RATE)
    assert about((got["price"] == -1999).sum(), RATE / 2)


def test_mixed_times_are_written_in_the_other_format():
    assert about((made_dirty(mixed_times=RATE)["style"] == ISO).sum(), RATE)


def test_out_of_order_rows_are_written_later_than_their_time_says():
    got = made_dirty(out_of_order=RATE)
    assert sorted(got["row"]) == list(range(N))
    late = got["row"] < np.maximum.accumulate(got["row"])  # a row that should follow stands above
    assert about(late.sum(), RATE)
    assert (np.diff(got["at"][~late]) > 0).all()


def test_a_skewed_clock_moves_a_whole_session_by_hours_to_days_within_the_export():
    got, clean = made_dirty(clock_skew=RATE), clean_events()
    off = got["at"] - clean["at"]
    sessions = off.reshape(-1, 10)
    assert (np.abs(sessions).max(axis=1) == np.abs(sessions).min(axis=1)).all()
    moved = np.abs(sessions[sessions[:, 0] != 0, 0])
    assert about(len(moved), RATE, N // 10)
    assert moved.min() >= 3600
    assert moved.max() <= 3 * DAY
    assert got["at"].min() >= FIRST_AT
    assert got["at"].max() < END_AT


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.fixed_dictionaries(dict.fromkeys(DirtParams.model_fields, st.floats(0, 0.2))))
def test_dirt_never_loses_a_row(seed, some):
    assert set(made_dirty(seed, **some)["row"]) == set(range(N))


def test_customers_get_birth_years_of_1850_and_lose_optional_values():
    n = 20_000
    columns = ("birth_year", "gender", "country", "channel", "consent", "tier")
    customers = {"customer": np.arange(n), "at": np.full(n, FIRST_AT)} | {name: np.ones(n) for name in columns}
    got = dirt.dirty_customers(customers, rates(missing=RATE, impossible=RATE), stream(1, "dirt"))
    assert about(sum((got[name] == MISSING).sum() for name in columns), RATE)
    assert about((got["birth_year"] == 1850).sum(), RATE / 2)


def test_order_lines_get_quantities_of_0():
    n = 20_000
    orders = {"at": np.full(n, FIRST_AT), "category": np.ones(n), "unit_price": np.ones(n), "quantity": np.ones(n)}
    got = dirt.dirty_orders(orders, rates(impossible=RATE), stream(1, "dirt"), end_at=END_AT)
    assert about((got["quantity"] == 0).sum(), RATE / 3)
    assert about((got["unit_price"] == -1).sum(), RATE / 3)


@pytest.fixture(scope="module")
def added(clean, dirty):
    """Sessions that are in the dirty shop alone."""
    events = dirty.events.dropna(subset="session_id")
    return events[~events["session_id"].isin(clean.events["session_id"])]


def test_bots_crawl_faster_than_people_at_their_share_of_sessions(clean, dirty, added):
    crawls = added[~added["customer_id"].notna().groupby(added["session_id"]).transform("any")]
    length = crawls.groupby("session_id").size()
    assert about(len(length), dirty.params.dirt.bots, clean.events["session_id"].nunique())
    assert length.min() >= 38  # forty views less what was made impossible
    assert (crawls["event_type"] == "view").all()


def test_test_accounts_have_addresses_of_the_shops_own(dirty):
    staff = dirty.customers.drop_duplicates()["email"].str.fullmatch(r"qa\+\d+@shop\.test")
    assert staff.sum() == round(dirty.params.dirt.test_accounts * dirty.params.n_customers)
    ids = dirty.customers.loc[dirty.customers["email"].str.endswith("@shop.test"), "customer_id"]
    assert set(ids) <= set(dirty.events["customer_id"])
    assert set(ids) <= set(dirty.orders["customer_id"])


def test_orders_of_unknown_customers_come_at_their_rate(clean, dirty):
    known = set(dirty.customers["customer_id"])
    orders = dirty.orders.dropna(subset="customer_id")
    unknown = orders.loc[~orders["customer_id"].isin(known), "order_id"].nunique()
    assert unknown > 0
    n_orders = clean.orders["order_id"].nunique()
    assert about(unknown, dirty.params.dirt.unknown_customers, n_orders)


def test_dirt_changes_nothing_of_what_happened(clean, dirty):
    """Every clean session and order is there, whatever was done to its rows."""
    assert set(clean.events["session_id"].dropna()) <= set(dirty.events["session_id"])
    assert set(clean.orders["order_id"]) <= set(dirty.orders["order_id"])
    assert clean.customer_propensity.equals(dirty.customer_propensity)
    assert clean.session_propensity.equals(dirty.session_propensity)
    assert clean.traits.equals(dirty.traits)


def test_dirty_files_mix_two_formats_of_the_same_instants(clean, dirty):
    for name, column in (("events", "event_time"), ("orders", "ordered_at"), ("customers", "signed_up_at")):
        times = getattr(dirty, name)[column]
        plain = times.str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
        iso = times.str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
        assert (plain | iso).all()
        assert about(iso.sum(), dirty.params.dirt.mixed_times, len(times))
        assert getattr(clean, name)[column].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").all()
