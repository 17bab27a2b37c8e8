"""Sale days of the retail calendar, and how far they are from a cutoff."""

import datetime

import pytest

from purchase.features.season import sale_days
from tests.features.small_shop import at_cutoff, features_of, order


def at(day):
    return int(datetime.datetime.fromisoformat(f"{day}T00:00+00:00").timestamp())


@pytest.mark.parametrize(("year", "day"), [(2024, "2024-11-29"), (2025, "2025-11-28"), (2026, "2026-11-27")])
def test_black_friday_is_the_day_after_the_fourth_thursday_of_november(year, day):
    black, cyber = sale_days(year)[2:4]
    assert black.isoformat() == day
    assert cyber - black == datetime.timedelta(days=3)


@pytest.mark.parametrize(
    ("cutoff", "days", "ahead"),
    [
        ("2024-11-01", 10, 2),  # 11-11 and 11-29; 12-02 is the 31st day
        ("2024-11-11", 0, 3),  # the cutoff's own day counts
        ("2024-12-27", 49, 0),  # to 02-14 of the next year
        ("2025-01-15", 30, 0),  # the horizon holds 30 days, 02-14 is the next
        ("2025-01-16", 29, 1),
    ],
)
def test_sale_days_are_counted_in_the_horizon_from_the_cutoffs_own_day_on(cutoff, days, ahead):
    found, _ = features_of({"orders": [order(1)]}, [at_cutoff(cutoff=at(cutoff))])
    row = found[f"ann@{at(cutoff)}"]
    assert (row["days_to_sale"], row["n_sale_days_ahead"]) == (days, ahead)


def test_days_begin_by_the_shops_own_clock():
    cutoff = at("2024-11-29") - 3600  # 23:00 UTC, and in Berlin Black Friday already
    for zone, days in (("UTC", 1), ("Europe/Berlin", 0)):
        found, _ = features_of({"orders": [order(1)]}, [at_cutoff(cutoff=cutoff)], time_zone=zone)
        assert found[f"ann@{cutoff}"]["days_to_sale"] == days
