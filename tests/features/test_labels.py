"""Labels: an order within the horizon, and parts that can be learnt from."""

import pyarrow as pa
import pytest

from purchase.engines.registry import engine
from purchase.features.labels import count_labels, label_customers, label_sessions
from purchase.tables import DAY, TableError
from tests.features.small_shop import SPLIT, T, at_cutoff, clean_tables
from tests.small_tables import lazy, listed

LABELLED = SPLIT | {"label": pa.int8()}


@pytest.fixture
def connection():
    with engine(n_threads=1, memory_gb=1) as opened:
        yield opened


def rows_of(connection, rows, kinds=SPLIT):
    return lazy(connection, [dict.fromkeys(kinds) | row for row in rows], kinds)


def test_the_horizon_holds_the_cutoff_and_not_its_own_end(connection):
    times = {"at": T, "end": T + 30 * DAY - 1, "early": T - 1, "late": T + 30 * DAY}
    orders = [{"order_id": name, "customer_id": name, "ordered_at": at} for name, at in times.items()]
    tables = clean_tables(connection, {"orders": [*orders, {"order_id": "guest", "ordered_at": T}]})
    rows = rows_of(connection, [at_cutoff(name) for name in times])
    labels = label_customers(rows, tables["orders"], horizon_days=30, end_at=T + 30 * DAY)
    assert {name.split("@")[0]: label for name, label in listed(labels)} == {"at": 1, "end": 1, "early": 0, "late": 0}


def test_a_horizon_that_is_not_over_is_an_error_that_names_the_days(connection):
    tables = clean_tables(connection, {})
    rows = rows_of(connection, [at_cutoff()])
    with pytest.raises(TableError, match=r"2024-10-04 00:00 UTC runs to 2024-11-03 .* end at 2024-11-02 23:59"):
        label_customers(rows, tables["orders"], horizon_days=30, end_at=T + 30 * DAY - 1)


def test_a_session_is_positive_if_it_orders_at_or_after_the_cutoff_or_its_own_table_says_so(connection):
    sessions = [
        {"session_id": "at", "n_events": 3, "first_ordered_at": T},
        {"session_id": "before", "n_events": 3, "first_ordered_at": T - 1, "ordered": True},
        {"session_id": "never", "n_events": 3},
        {"session_id": "told", "ordered": True},
        {"session_id": "told not"},
    ]
    names = [row["session_id"] for row in sessions]
    tables = clean_tables(connection, {"sessions": sessions})
    rows = rows_of(connection, [{"row_id": name, "session_id": name, "cutoff": T} for name in names])
    assert dict(listed(label_sessions(rows, tables["sessions"]))) == dict(zip(names, (1, 0, 0, 1, 0), strict=True))


def labelled(connection, **labels):
    rows = [
        at_cutoff(f"{part}{n}") | {"part": part, "label": label}
        for part, given in labels.items()
        for n, label in enumerate(given)
    ]
    return rows_of(connection, rows, LABELLED)


def test_each_part_is_counted(connection):
    counts = count_labels(labelled(connection, train=[0, 0, 0, 1], validation=[0, 1], test=[1, 0]))
    assert list(counts) == ["train", "validation", "test"]
    assert counts["train"] == {
        "rows": 4,
        "positives": 1,
        "share_positive": 0.25,
        "first_cutoff_at": T,
        "last_cutoff_at": T,
        "cutoffs": 1,
    }


def test_labels_of_one_class_are_an_error_that_names_part_cutoff_counts_and_mend(connection):
    for label, words in ((0, "0 rows ordered and 3 did not"), (1, "3 rows ordered and 0 did not")):
        rows = labelled(connection, train=[0, 1], validation=[label] * 3, test=[1, 0])
        with pytest.raises(
            TableError, match=rf"3 labels of the validation part, cutoffs 2024-10-04.*{words}.*horizon_days"
        ):
            count_labels(rows)
