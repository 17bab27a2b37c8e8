import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from purchase.simulation.calendar import make_calendar, sale_discount
from purchase.simulation.columns import NO_PRICE, in_order_of
from purchase.simulation.text import ISO, PLAIN, ids, money, times, tokens, words

SECONDS = st.integers(0, 4_102_444_799)  # to the year 2100


@given(st.lists(st.tuples(SECONDS, st.booleans(), st.booleans()), max_size=20))
def test_times_are_written_as_the_standard_library_writes_them(rows):
    at = np.array([row[0] for row in rows], dtype=np.int64)
    style = np.array([ISO if row[1] else PLAIN for row in rows], dtype=np.int8)
    broken = np.array([row[2] for row in rows], dtype=bool)
    expected = []
    for second, iso, month_13 in rows:
        moment = datetime.datetime.fromtimestamp(second, datetime.UTC)
        written = moment.strftime("%Y-%m-%dT%H:%M:%SZ" if iso else "%Y-%m-%d %H:%M:%S")
        expected.append(f"{written[:5]}13{written[7:]}" if month_13 else written)
    assert times(at, style=style, month_13=broken).to_pylist() == expected


def test_ids_have_a_letter_and_eight_digits_and_negative_numbers_have_none():
    assert ids("c", np.array([0, 12_345_678, -1])).to_pylist() == ["c00000000", "c12345678", None]


@given(st.lists(st.integers(0, 2**48 - 1), unique=True, max_size=50))
def test_tokens_of_different_numbers_differ(numbers):
    written = tokens("s", np.array(numbers, dtype=np.int64)).to_pylist()
    assert len(set(written)) == len(numbers)
    assert all(len(token) == 13 for token in written)


@given(st.lists(st.integers(-(10**7), 10**7), max_size=20))
def test_money_has_two_decimals(cents):
    written = money(np.array([*cents, NO_PRICE], dtype=np.int64), NO_PRICE).to_pylist()
    assert written[-1] is None
    assert [int(amount * 100) for amount in written[:-1]] == cents
    assert all(amount.as_tuple().exponent == -2 for amount in written[:-1])


def test_words_of_negative_codes_are_missing():
    assert words(np.array([1, -1, 0]), ("a", "b")).to_pylist() == ["b", None, "a"]


@given(st.lists(st.integers(0, 5), max_size=40))
def test_sorting_keeps_ties_as_they_stood(keys):
    key = np.array(keys, dtype=np.int64)
    got = in_order_of({"row": np.arange(len(key))}, key)["row"]
    assert got.tolist() == np.argsort(key, kind="stable").tolist()


def test_sale_days_are_black_friday_to_cyber_monday_and_early_january_and_july():
    days = [datetime.date(2025, 1, 1) + datetime.timedelta(days=n) for n in range(365)]
    sales = {f"{day:%m-%d}" for day in days if sale_discount(day)}
    january, july = {f"01-0{day}" for day in range(2, 9)}, {f"07-0{day}" for day in range(1, 8)}
    assert sales == january | july | {"11-28", "11-29", "11-30", "12-01"}
    assert sale_discount(datetime.date(2024, 11, 29)) > 0  # the fourth Thursday was the 28th


def test_drift_rises_over_the_last_days_to_its_full_share():
    calendar = make_calendar(start="2025-01-01", n_days=10, drift_days=4, drift=0.2)
    assert np.allclose(calendar.drift, [0, 0, 0, 0, 0, 0, 0.05, 0.10, 0.15, 0.20])


def test_a_promotion_works_on_the_three_days_after_it_goes_out():
    calendar = make_calendar(start="2025-01-01", n_days=40, drift_days=0, drift=0.2)
    assert np.flatnonzero(calendar.campaign).tolist() == [9, 23, 37]
    assert np.flatnonzero(calendar.reached).tolist() == [10, 11, 12, 24, 25, 26, 38, 39]
