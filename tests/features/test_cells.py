"""Sums of cells of time: which cells the cutoffs make, and that every row sees them whole or not at all."""

import narwhals as nw
import pyarrow as pa
import pytest

from purchase.engines.registry import engine
from purchase.features.cells import Grid, by_cell, grid_of
from purchase.tables import DAY
from tests.features.small_shop import T, at_cutoff, event, features_of
from tests.small_tables import lazy, listed

HOUR = 3600
RECORDS = {"customer_id": pa.string(), "event_at": pa.int64(), "arrived_at": pa.int64()}


@pytest.fixture(scope="module")
def running():
    with engine(n_threads=1, memory_gb=1) as started:
        yield started


@pytest.mark.parametrize(
    ("cutoffs", "seconds"),
    [
        ([T, T - 30 * DAY, None], DAY),
        ([T + 5 * HOUR, T + 5 * HOUR - 30 * DAY], DAY),
        ([T, T - 30 * DAY + HOUR], HOUR),  # the clock changed between them
        ([T, T + 61, T + 2 * DAY + 90], 1),
    ],
)
def test_cells_are_as_long_as_the_cutoffs_allow(running, cutoffs, seconds):
    rows = lazy(running, [{"cutoff": cutoff} for cutoff in cutoffs], {"cutoff": pa.int64()})
    assert grid_of(rows, first_at=cutoffs[0]) == Grid(seconds, cutoffs[0] % seconds)


def test_a_cell_ends_before_a_cutoff_and_what_arrived_later_is_apart(running):
    told = [
        ("ann", T - 1, None),
        ("ann", T - DAY, T - 1),  # arrived before its cell ended: as good as at once
        ("ann", T - 5, T),  # three of the next day's arrivals, at its first and its last second
        ("ann", T - 7, T + 9),
        ("ann", T - 8, T + DAY - 1),
        ("ann", T - 6, T + DAY),
        ("ann", T, None),
        (None, T - 3, None),
    ]
    records = lazy(running, [dict(zip(RECORDS, row, strict=True)) for row in told], RECORDS)
    cells = by_cell(records, at="event_at", grid=Grid(DAY, 0), n=nw.len())
    found = listed(cells, "event_at", "arrived_at", "n")
    assert found == [(T - 6, T + DAY, 1), (T - 5, T, 3), (T - 1, T - DAY, 2), (T, T, 1)]


def test_a_row_is_described_alike_beside_cutoffs_that_make_long_and_short_cells():
    late = {"arrived_at": T - 2 * HOUR}
    events = [
        event(30, "add_to_cart", price_cents=500, device="mobile", session_id="s1"),
        event(7, "search", session_id="s1"),
        *(event(3 + n / 7, category="a", product_id="p", price_cents=n, session_id=f"s{n // 3}") for n in range(9)),
        event(0.5, "checkout", device="desktop", session_id="s9") | late,
        event(0.4, "email_click"),
        event(-0.02, category="b", session_id="s9"),  # half an hour after the cutoff
    ]
    own, others = at_cutoff(), [at_cutoff(cutoff=cutoff) for cutoff in (T - 30 * DAY + HOUR, T + DAY)]
    alone, beside = (features_of({"events": events}, [own, *more])[0] for more in ([], others))
    assert beside[own["row_id"]] == alone[own["row_id"]]
