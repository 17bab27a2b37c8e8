"""What little, odd and huge input becomes: a defined value, or an error that says how to mend it."""

import numpy as np
import pyarrow as pa
import pytest

from purchase.cleaning.clean import clean
from purchase.engines.registry import engine
from purchase.tables import DAY, EVENT_TYPES, MOST_CENTS
from tests.features.small_shop import T, at_cutoff, described, event, features_of, kinds_of, order
from tests.features.test_point_in_time import CLEANING
from tests.small_tables import listed, table

NEVER = "; always 0: the shop logs no such events"


def test_what_counts_an_event_type_that_the_shop_never_logs_is_0_and_the_dictionary_says_so():
    shop = {"events": [event(1, product_id="a"), event(2, "wishlist", category="a")], "orders": [order(3)]}
    found, entries = features_of(shop, [at_cutoff(), at_cutoff("bob")])
    meaning = {entry["name"]: entry["meaning"] for entry in entries}
    assert meaning["n_search_7d"] == "searches in the last 7 days" + NEVER
    assert meaning["n_view_7d"] == "product views in the last 7 days"
    unused = set(EVENT_TYPES) - {"view", "wishlist", "purchase", "email_held_out"}  # the last two are never counted
    never = {f"n_{kind}_{days}d" for kind in unused for days in (7, 30, 90)} | {"n_in_open_cart"}
    never |= {f"n_{kind}_halved_10d" for kind in ("search", "add_to_cart", "checkout")}
    assert {name for name in meaning if name.startswith("n_") and meaning[name].endswith(NEVER)} == never
    assert {row[name] for row in found.values() for name in never} == {0}
    assert meaning["carts_per_view"].endswith(NEVER)
    assert not [name for name in meaning if name.startswith(("days_since_search", "days_since_email", "email_"))]
    assert "checkouts_per_cart" not in meaning


def test_a_shop_without_views_has_viewed_no_product_and_has_no_shares_of_views():
    found, entries = features_of({"events": [event(1, "search", product_id="a", category="a")]}, [at_cutoff()])
    names = ("n_view_90d", "n_view_halved_10d", "n_products_viewed_90d", "n_views_of_a_product", "n_categories_viewed")
    meaning = {entry["name"]: entry["meaning"] for entry in entries}
    assert {found[f"ann@{T}"][name] for name in names} == {0}
    assert [name for name in names if not meaning[name].endswith(NEVER)] == []
    assert not {"viewed_again_share", "favourite_category", "days_since_view"} & set(meaning)


def test_a_customer_without_any_record_has_zeros_and_no_times():
    shop = {
        "events": [event(1, session_id="s", product_id="a", category="a", price_cents=5), event(2, "add_to_cart")],
        "orders": [order(3), order(9)],
    }
    found, _ = features_of(shop, [at_cutoff("nobody") | {"part": "train"}, at_cutoff() | {"part": "train"}])
    nobody = found[f"nobody@{T}"]
    counts = {name for name in nobody if name.startswith("n_") or name.endswith(("7d", "30d", "90d", "halved_10d"))}
    assert {nobody[name] for name in counts - {"n_sale_days_ahead", "n_effective_categories"}} == {0}
    assert {nobody[name] for name in nobody if name.startswith(("days_since", "mean_", "bg_nbd"))} == {None}


def test_at_a_cutoff_before_the_first_record_nothing_is_known():
    found = described({"events": [event(-1), event(-2, "search")], "orders": [order(-3)]})
    assert (found["n_view_90d"], found["n_orders_90d"], found["revenue_cents_90d"]) == (0, 0, 0)
    assert found["days_since_order"] is found["days_since_event"] is None


def test_a_group_that_is_left_out_is_gone_and_its_steps_still_serve_the_others():
    shop = {"orders": [order(3), order(9)]}
    all_of_them, left = described(shop), described(shop, leave_out=["orders", "season"])
    assert set(all_of_them) - set(left) >= {"n_orders_90d", "month", "days_since_order"}
    assert left["orders_trend"] == all_of_them["orders_trend"]


@pytest.mark.parametrize("on", ["duckdb", "polars", "pandas"])
def test_thousands_of_orders_of_the_most_that_a_line_may_cost_add_up_without_overflow(on):
    orders = [order(10, number=f"o{n}", revenue_cents=MOST_CENTS) for n in range(2000)]
    carts = [event(1 / 2, "add_to_cart", price_cents=MOST_CENTS)] * 2000
    found = described({"orders": orders, "events": carts}, on=on)
    assert found["revenue_cents_30d"] == 2000 * MOST_CENTS
    assert found["revenue_cents_halved_10d"] == 1000 * MOST_CENTS  # about 10**16 before the scale is taken off
    assert found["open_cart_cents"] == 2000 * MOST_CENTS
    assert found["mean_unit_price_cents"] == found["mean_cart_price_cents"] == MOST_CENTS


def test_a_line_that_costs_more_than_the_contract_allows_is_dropped_with_its_reason():
    lines = [
        {"order_id": "o1", "ordered_at": T, "quantity": 10_000_000, "unit_price_cents": MOST_CENTS},
        {"order_id": "o2", "ordered_at": T, "quantity": 1, "unit_price_cents": MOST_CENTS},
    ]
    with engine(n_threads=1, memory_gb=1) as connection:
        raw = {name: table(connection, name) for name in ("customers", "events", "sessions")}
        cleaned = clean(raw | {"orders": table(connection, "orders", lines)}, settle=connection.settle, **CLEANING)
        assert listed(cleaned.tables["orders"], "order_id", "revenue_cents") == [("o2", MOST_CENTS)]
        assert listed(cleaned.tables["dropped"]) == [("orders", 1, "impossible_total")]


@pytest.mark.parametrize("on", ["duckdb", "polars"])
def test_a_million_categories_are_counted_and_the_favourite_is_still_the_one_viewed_most(on):
    n = 1_000_000  # a view a second, the last two of one category and one product
    names = pa.array([f"c{number}" for number in [*range(n - 1), n - 2]])
    told = {"event_at": pa.array(T - DAY - np.arange(n)), "row": pa.array(np.arange(1, n + 1))}
    told |= {"event_type": pa.repeat("view", n), "customer_id": pa.repeat("ann", n)}
    told |= {"category": names, "product_id": names}
    kinds = kinds_of("events")
    events = pa.table({name: told.get(name, pa.nulls(n, kind)) for name, kind in kinds.items()}, pa.schema(kinds))
    found = described({"events": events}, on=on)
    assert (found["n_view_30d"], found["n_categories_viewed"], found["favourite_category"]) == (n, n - 1, f"c{n - 2}")
    assert (found["n_products_viewed_30d"], found["n_views_of_a_product"]) == (n - 1, 2)
    assert found["n_effective_categories"] == pytest.approx(n**2 / (n - 2 + 2**2))
