"""The dictionary explains every feature: its meaning, unit, group, and when it is known."""

import pyarrow as pa
import pytest

from purchase.shops import Extra
from purchase.tables import EVENT_TYPES, FEATURE_GROUPS, YES_OR_NO
from tests.features.small_shop import T, at_cutoff, event, features_of, order

SEEN = {"session_id": "s", "product_id": "a", "category": "a", "price_cents": 9, "device": "a", "traffic_source": "a"}
STATED = {"signed_up_at": T - 9, "birth_year": 1990, "gender": "female", "country": "DE", "email_consent": True}
COLUMNS = {"info_pages": "number", "info_seconds": "number", "exit_rate": "number", "bounce_rate": "number"}
COLUMNS |= {"returning": "boolean"}
KINDS = {name: pa.bool_() if kind == "boolean" else pa.float64() for name, kind in COLUMNS.items()}
SHOP = {  # that keeps everything
    "events": [event(1, kind, **SEEN) for kind in EVENT_TYPES],
    "orders": [order(3, discount_cents=1, has_coupon=True), order(9)],
    "order_lines": [
        {"order_id": f"o{days}", "customer_id": "ann", "ordered_at": T - days * 86_400, "product_id": "a"}
        | {"category": "a", "discount_cents": 1, "coupon": "c"}
        for days in (3, 9)
    ],
    "returns": [{"customer_id": "ann", "returned_at": T - 1}],
    "customers": [{"customer_id": "ann"} | STATED],
    "sessions": [
        {"session_id": "s", "customer_id": "ann", "started_at": T - 86_400, "n_events": 9, "device": "a"}
        | {name: 1.0 for name, kind in COLUMNS.items() if kind == "number"},
        {"session_id": "s2", "returning": True},  # and the other does not say
    ],
}


@pytest.fixture(scope="module")
def described():
    """The features and the dictionary of both tasks, by task."""
    extras = {name: Extra(column=name, type=kind, meaning=name) for name, kind in COLUMNS.items()}
    asked = {"scoring_moment": "session_end", "extras": {"customers": {}, "sessions": extras}}
    rows = [at_cutoff() | {"session_id": "s", "part": "train"}]
    tasks = ("customer", "session")
    return {task: features_of(SHOP, rows, more={"sessions": KINDS}, task=task, **asked) for task in tasks}


def entries_of(described):
    return [entry for _, entries in described.values() for entry in entries]


def test_it_lists_the_columns_in_their_order_each_with_a_meaning(described):
    for task, (found, entries) in described.items():
        assert [entry["name"] for entry in entries] == list(found[f"ann@{T}"])
        assert all(entry["meaning"] and entry["table"] and entry["task"] == task for entry in entries)
        assert len({entry["name"] for entry in entries}) == len(entries)
    assert {entry["known_at"] for entry in described["customer"][1]} == {"cutoff"}


def test_every_feature_is_of_a_group_that_params_may_leave_out(described):
    assert {entry["group"] for entry in entries_of(described)} == set(FEATURE_GROUPS)


def test_every_number_has_a_unit(described):
    unit = {entry["name"]: entry["unit"] for entry in entries_of(described) if entry["type"] == "number"}
    assert len(unit) > 150
    assert [name for name, of in unit.items() if not of] == []
    shares = {name: of for name, of in unit.items() if name.endswith("_share")}
    assert shares.pop("returned_item_share") == "ratio"  # what came back may have been bought before the lookback
    assert set(shares.values()) == {"share"}
    assert unit["email_consent"] == unit["returning"] == YES_OR_NO
    assert unit["bg_nbd_alive"] == unit["bg_nbd_order_chance"] == "probability"
    assert (unit["carts_per_view"], unit["exit_rate"], unit["n_orders_7d"]) == ("ratio", "as given", "orders")
