"""BG/NBD among the features: fitted on training rows, at the row's cutoff or before."""

from purchase.tables import DAY
from tests.features.small_shop import T, at_cutoff, features_of, order

NAMES = ("ann", "bob", "cid", "dan")
FIRST, LAST, TEST = T - 60 * DAY, T - 30 * DAY, T
BG_NBD = ("bg_nbd_alive", "bg_nbd_order_chance", "bg_nbd_orders")


def rows(parts):
    return [at_cutoff(name, cutoff) | {"part": part} for cutoff, part in parts.items() for name in NAMES]


PARTS = {FIRST: "train", LAST: "train", TEST: "test"}
ORDERS = [order(days, customer=name, number=f"{name}{days}") for name in NAMES for days in (70, 64, 40, 36, 33)]


def told(orders, parts=PARTS, cutoff=None):
    found, _ = features_of({"orders": orders}, rows(parts))
    return {row: [values[name] for name in BG_NBD] for row, values in found.items() if cutoff in (None, values_at(row))}


def values_at(row):
    return int(row.split("@")[1])


def test_the_more_recent_of_two_customers_who_ordered_as_often_is_likelier_alive_and_to_order():
    orders = [*ORDERS, order(20, customer="ann", number="new"), order(50, customer="bob", number="old")]
    found = told(orders)
    ann, bob = found[f"ann@{TEST}"], found[f"bob@{TEST}"]
    assert all(mine > others for mine, others in zip(ann, bob, strict=True))


def test_a_customer_without_an_order_in_the_lookback_is_unknown_to_the_model():
    assert told([o for o in ORDERS if o["customer_id"] != "dan"])[f"dan@{TEST}"] == [None] * 3


def test_orders_at_or_after_a_training_cutoff_change_nothing_at_it():
    more = [order(days, customer="cid", number=f"late{days}") for days in (60, 45, 5)]
    assert told(ORDERS, cutoff=FIRST) == told([*ORDERS, *more], cutoff=FIRST)


def test_what_test_rows_did_since_the_last_training_cutoff_decides_nothing_for_other_test_rows():
    more = [order(days, customer="cid", number=f"late{days}") for days in (20, 15, 10, 5)]
    before, after = told(ORDERS), told([*ORDERS, *more])
    assert before[f"cid@{TEST}"] != after[f"cid@{TEST}"]
    assert before[f"ann@{TEST}"] == after[f"ann@{TEST}"]


def test_without_a_training_row_at_or_before_the_cutoff_there_is_no_model():
    assert set(map(tuple, told(ORDERS, {LAST: "test", TEST: "train"}, cutoff=LAST).values())) == {(None,) * 3}
