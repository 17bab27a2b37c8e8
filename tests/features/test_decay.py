"""Weights that halve with age, in whole numbers."""

import narwhals as nw
import pyarrow as pa
import pytest

from purchase.engines.registry import engine
from purchase.features.decay import HALVINGS, SCALE, weighed
from purchase.tables import DAY
from tests.features.small_shop import described, event, order
from tests.small_tables import lazy

COL = nw.col


def weights(ages, half_life_days):
    with engine(n_threads=1, memory_gb=1) as connection:
        records = lazy(connection, [{"age": age} for age in ages], {"age": pa.int64()})
        weight = weighed(COL("age") * 0 + 1, COL("age"), half_life_days=half_life_days) // (half_life_days * DAY)
        return [weight for _, weight in records.select("age", weight=weight).sort("age").collect().rows()]


def test_a_weight_halves_with_every_half_life_until_it_is_0():
    ages = [k * 10 * DAY for k in range(HALVINGS + 2)]
    assert weights(ages, 10) == [SCALE >> k for k in range(HALVINGS)] + [0, 0]


def test_a_weight_never_rises_with_age_and_stays_within_a_sixteenth_above_the_exponential():
    ages = list(range(0, 7 * 10 * DAY, 5000))
    found = weights(ages, 10)
    assert found == sorted(found, reverse=True)
    exact = [SCALE * 2 ** (-age / (10 * DAY)) for age in ages]
    assert all(0.99 * e - 1 <= w <= 17 / 16 * e for w, e in zip(found, exact, strict=True))


def test_old_orders_and_their_money_count_less():
    found = described({"orders": [order(10), order(20, revenue_cents=400)]})  # with a half-life of 10 days
    assert found["n_orders_halved_10d"] == 1 / 2 + 1 / 4
    assert found["revenue_cents_halved_10d"] == 1000 / 2 + 400 / 4


def test_events_count_by_their_own_age_though_they_are_summed_up_by_the_day():
    ages = [10, 20, 5, 5.25, 5.75, 79.5, 80]  # in days, with a half-life of 10: the last line ends at 80
    found = described({"events": [event(age, "search") for age in ages] + [event(1, "view")]})
    assert found["n_search_halved_10d"] == pytest.approx(1 / 2 + 1 / 4 + 3 - 16 / 20 + (8 / SCALE) / 20, rel=1e-15)
    assert found["n_view_halved_10d"] == pytest.approx(1 - 1 / 20, rel=1e-15)
