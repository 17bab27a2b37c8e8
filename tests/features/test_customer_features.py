"""The features of a customer at a cutoff, each against a sum done by hand."""

import pytest

from purchase.shops import Extra
from purchase.tables import DAY, TableError
from tests.features.small_shop import T, at_cutoff, described, event, features_of, order


def test_orders_are_counted_and_added_up_by_window_which_holds_its_first_instant_and_not_the_cutoff():
    orders = [order(0), order(7), order(7.0001), order(30), order(90), order(90.0001)]
    found = described({"orders": orders})
    assert [found[f"n_orders_{days}d"] for days in (7, 30, 90)] == [1, 3, 4]
    assert [found[f"revenue_cents_{days}d"] for days in (7, 30, 90)] == [1000, 3000, 4000]
    assert found["days_since_order"] == 7
    assert found["days_since_first_order"] == 90


def test_windows_of_a_day_to_a_year_each_hold_what_is_as_old_as_they_are_long_and_nothing_older():
    windows = [1, 3, 7, 14, 30, 60, 90, 180, 365]
    ages = [days + late / DAY for days in windows for late in (0, 1)]  # as old as a window is long, and a second older
    shop = {"orders": [order(age) for age in ages], "events": [event(age) for age in ages]}
    found = described(shop, windows_days=windows, lookback_days=365)
    expected = [1, 3, 5, 7, 9, 11, 13, 15, 17]
    assert [found[f"n_orders_{days}d"] for days in windows] == expected
    assert [found[f"revenue_cents_{days}d"] for days in windows] == [1000 * n for n in expected]
    assert [found[f"n_view_{days}d"] for days in windows] == expected


def test_gaps_between_orders_say_how_overdue_the_next_one_is():
    found = described({"orders": [order(40), order(30), order(10), order(95)]})  # gaps of 10 and 20 days
    assert found["mean_order_gap_days"] == 15
    assert found["median_order_gap_days"] == 15
    assert found["order_overdue_ratio"] == pytest.approx(10 / 15)


def test_one_order_has_no_gap():
    found = described({"orders": [order(10)]})
    assert found["mean_order_gap_days"] is found["order_overdue_ratio"] is None


def test_orders_per_30_days_count_from_sign_up_and_from_the_first_order_without_one():
    shop = {"orders": [order(45), order(5)], "customers": [{"customer_id": "ann", "signed_up_at": T - 60 * DAY}]}
    assert described(shop)["orders_per_30d"] == 1
    assert described(shop | {"customers": []})["orders_per_30d"] == pytest.approx(2 * 30 / 45)


def test_discounts_and_coupons_are_shares():
    orders = [order(1, revenue_cents=600, discount_cents=200, has_coupon=True), order(2, revenue_cents=200)]
    found = described({"orders": orders})
    assert found["discount_share"] == 0.2
    assert found["coupon_share"] == 0.5
    assert found["last_order_revenue_cents"] == found["max_order_revenue_cents"] == 600


def test_a_return_counts_when_it_comes_back_and_not_when_it_was_ordered():
    def back(days):
        return {"customer_id": "ann", "returned_at": T - days * DAY, "order_id": "o20"}

    shop = {"orders": [order(20, n_items=4)], "returns": [back(10), back(0), back(-5)]}
    found = described(shop)
    assert (found["n_returns"], found["refund_cents"], found["days_since_return"]) == (1, 500, 10)
    assert found["returned_item_share"] == 0.25


def test_variety_counts_products_once():
    lines = [
        {"order_id": "o1", "customer_id": "ann", "ordered_at": T - 5, "product_id": product, "category": "shoes"}
        for product in "aabc"
    ]
    found = described({"orders": [order(1)], "order_lines": lines})
    assert (found["n_products_bought"], found["n_categories_bought"]) == (3, 1)
    assert found["repeated_line_share"] == 0.25


def test_events_are_counted_by_type_and_ratios_without_a_denominator_are_missing():
    events = [event(1), event(2), event(20), event(3, "add_to_cart"), event(0)]
    found = described({"events": events})
    assert [found[f"n_view_{days}d"] for days in (7, 30, 90)] == [2, 3, 3]
    assert found["n_search_90d"] == 0  # the shop never uses it
    assert found["carts_per_view"] == pytest.approx(1 / 3)
    assert found["checkouts_per_cart"] == 0
    assert found["removals_per_cart"] == 0
    others = [event(1, kind, customer="bob") for kind in ("view", "add_to_cart")]
    nothing = described({"events": [event(1, "search"), *others]})
    assert nothing["carts_per_view"] is nothing["checkouts_per_cart"] is None


def test_a_cart_is_open_if_no_order_follows_and_removals_empty_it():
    events = [event(9, "add_to_cart", price_cents=100), event(5, "add_to_cart", price_cents=300)]
    events += [event(4, "add_to_cart", price_cents=500), event(3, "remove_from_cart", price_cents=500)]
    found = described({"events": events, "orders": [order(8)]})
    assert (found["n_in_open_cart"], found["open_cart_cents"], found["days_since_open_cart"]) == (1, 300, 4)
    found = described({"events": events, "orders": [order(2)]})
    assert (found["n_in_open_cart"], found["open_cart_cents"], found["days_since_open_cart"]) == (0, 0, None)


def test_a_session_that_runs_across_the_cutoff_counts_as_far_as_it_has_come():
    minute = 1 / 1440
    events = [event(days, session_id="s1") for days in (10 * minute, 4 * minute, 0, -1)]
    events += [event(20, session_id="s2")]
    found = described({"events": events})
    assert (found["n_sessions_7d"], found["n_sessions_90d"]) == (1, 2)
    assert found["mean_session_minutes"] == 3  # 6 minutes and 0
    assert found["events_per_session"] == 1.5
    assert found["one_event_session_share"] == 0.5
    assert found["n_active_days_90d"] == 2


def test_the_favourite_category_is_the_one_viewed_most_and_the_first_in_the_alphabet_among_equals():
    events = [event(n, category=name) for n, name in enumerate(("b", "a", "b", "a", "c"), start=1)]
    found = described({"events": [*events, event(0, category="c"), event(-1, category="c")]})
    assert (found["favourite_category"], found["favourite_category_share"]) == ("a", 0.4)


def test_emails_have_rates_and_a_shop_without_them_has_none_but_counts_of_0():
    events = [event(5, "email_sent"), event(4, "email_sent"), event(4, "email_open"), event(1)]
    found = described({"events": events})
    assert (found["email_open_rate"], found["email_click_rate"], found["days_since_email"]) == (0.5, 0, 4)
    found = described({"events": [event(1)]})
    assert {found[name] for name in found if name.startswith("n_email")} == {0}
    assert not [name for name in found if "email" in name and not name.startswith("n_email")]


def test_a_customer_who_signs_up_later_is_unknown_at_the_cutoff():
    def shop(signed_up_at):
        ann = {"customer_id": "ann", "signed_up_at": signed_up_at, "birth_year": 1990, "gender": "female"}
        return {"customers": [ann | {"email_consent": True}], "events": [event(1)]}

    before, after = described(shop(T - 2 * DAY)), described(shop(T))
    assert (before["age_years"], before["gender"], before["email_consent"], before["tenure_days"]) == (
        34,
        "female",
        1,
        2,
    )
    assert [after[name] for name in ("age_years", "gender", "email_consent", "tenure_days")] == [None] * 4


def test_the_customers_own_extra_columns_are_features():
    import pyarrow as pa

    extras = {
        "customers": {"shoe_size": Extra(column="x", type="number", meaning="shoe size", unit="EU")},
        "sessions": {},
    }
    found, entries = features_of(
        {"customers": [{"customer_id": "ann", "shoe_size": 42.5}]},
        [at_cutoff()],
        more={"customers": {"shoe_size": pa.float64()}},
        extras=extras,
    )
    assert found[f"ann@{T}"]["shoe_size"] == 42.5
    assert [entry["unit"] for entry in entries if entry["name"] == "shoe_size"] == ["EU"]


def test_an_extra_column_that_bears_a_features_name_is_refused():
    extras = {"customers": {"n_orders_7d": Extra(column="x", type="number", meaning="?")}, "sessions": {}}
    with pytest.raises(TableError, match="'n_orders_7d'"):
        features_of({}, [at_cutoff()], extras=extras)


def test_tables_and_columns_that_hold_nothing_make_no_features():
    found = described({"orders": [order(3, revenue_cents=None)]})
    assert not [name for name in found if "revenue" in name or "view" in name or "return" in name or name == "country"]
    assert "n_orders_7d" in found


def test_a_customer_without_orders_has_none_and_no_recency():
    found = described({"orders": [order(3, customer="bob")]})
    assert (found["n_orders_90d"], found["days_since_order"], found["revenue_cents_90d"]) == (0, None, 0)
