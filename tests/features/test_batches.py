"""Batches of customers: every row in one of them, in order, with all that its customer did."""

from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from purchase.engines.registry import engine
from purchase.features.batches import batches_of
from purchase.tables import DAY
from tests.features.small_shop import SPLIT, T, clean_tables
from tests.small_tables import lazy, listed

# Of ids of several lengths, rows do not come in the order of the customers: c10@... is before c1@...
CUSTOMERS = st.lists(st.text("c1@-", min_size=1, max_size=3), min_size=1, max_size=12, unique=True)


@settings(deadline=None, max_examples=15)
@given(CUSTOMERS, st.integers(1, 3), st.integers(1, 9))
def test_every_row_is_in_one_batch_with_its_customers_records_and_no_others(customers, n_cutoffs, n_rows):
    rows = [
        {"row_id": f"{who}@{day}", "customer_id": who, "cutoff": T + day * DAY}
        for who in customers
        for day in range(n_cutoffs)
    ]
    events = [{"customer_id": who, "event_at": T - n} for who in (*customers, "nobody", None) for n in range(2)]
    with engine(n_threads=1, memory_gb=1) as running:
        tables = clean_tables(running, {"events": events})
        split = lazy(running, [dict.fromkeys(SPLIT) | row for row in rows], SPLIT)
        batches = batches_of(split, tables, task="customer", settle=running.settle, n_rows=n_rows)
        ids = [[row_id for (row_id,) in listed(some, "row_id")] for some, _ in batches]
        assert [*chain(*ids)] == sorted(row["row_id"] for row in rows)
        assert [len(some) for some in ids[:-1]] == [n_rows] * (len(ids) - 1)
        for some, records in batches:
            of_batch = {who for (who,) in listed(some, "customer_id")}
            found = listed(records["events"], "customer_id", "event_at")
            if len(batches) > 1:
                assert found == sorted((who, T - n) for who in of_batch for n in range(2))
