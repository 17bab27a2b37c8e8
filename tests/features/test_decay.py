"""Weights that halve with age, in whole numbers."""

import pyarrow as pa

from purchase.engines.registry import engine
from purchase.features.decay import HALVINGS, SCALE, with_weights
from purchase.tables import DAY
from tests.features.small_shop import described, order
from tests.small_tables import lazy


def weights(ages, half_life_days):
    with engine(n_threads=1, memory_gb=1) as connection:
        records = lazy(connection, [{"age": age} for age in ages], {"age": pa.int64()})
        found = with_weights(records, [half_life_days]).sort("age").collect().rows()
    return [weight for _, weight in found]


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
