"""A customer small enough to work every feature out by hand."""

import pytest

from tests.features.small_shop import T, described, event, features_of, order

MINUTE = 1 / 1440  # days
PHONE = {"session_id": "s1", "device": "mobile", "traffic_source": "search"}
DESK = {"session_id": "s2", "device": "desktop", "traffic_source": "ad"}
TABLET = {"session_id": "s4", "device": "tablet", "traffic_source": "direct"}
SHOP = {
    "events": [
        event(40, product_id="a", category="x", price_cents=100, **PHONE),
        event(40 - 10 * MINUTE, product_id="b", category="y", price_cents=300, **PHONE),
        event(40 - 12 * MINUTE, "add_to_cart", product_id="b", category="y", price_cents=300, **PHONE),
        event(12, "email_click", device="mobile"),
        event(10, product_id="a", category="x", price_cents=200, **DESK),
        event(10 - 5 * MINUTE, "checkout", **DESK),
        event(6, "add_to_cart", session_id="s3", product_id="c", price_cents=500),  # of no known device
        event(3, product_id="d", category="z", **TABLET),
        event(1, "email_click", device="mobile", traffic_source="mail"),  # is no browsing
        event(0, product_id="e", category="w", price_cents=9999, **PHONE),  # the cutoff itself: unknown
    ],
    "orders": [order(35, n_items=3, revenue_cents=900), order(5, revenue_cents=400, discount_cents=50)],
    "order_lines": [
        {"quantity": 2, "unit_price_cents": 150} | order(35),
        {"quantity": 1, "unit_price_cents": 600} | order(35),
        {"quantity": 1, "unit_price_cents": 450, "discount_cents": 50} | order(5),
    ],
    "sessions": [{"session_id": "s1", "customer_id": "ann", "started_at": T - 40 * 86_400, "n_events": 3}],
}
AT_CUTOFF = {
    "mean_viewed_price_cents": (100 + 300 + 200) / 3,  # d has no price
    "mean_cart_price_cents": (300 + 500) / 2,
    "mean_unit_price_cents": (150 + 600 + 450) / 3,  # a line counts once, whatever its pieces
    "mobile_share": 3 / 6,
    "last_device": "tablet",
    "last_traffic_source": "direct",
    "days_since_event": 3,
    "days_since_view": 3,
    "days_since_cart": 6,
    "days_since_checkout": 10 - 5 * MINUTE,
    "days_since_email_click": 1,
    "items_per_order": (3 + 1) / 2,
    "revenue_cents_per_order": (900 + 400) / 2,
    "cart_session_share": 2 / 4,
    "orders_per_session": 2 / 4,
    "orders_per_checkout": 2 / 1,
    "n_products_viewed_7d": 1,  # d
    "n_products_viewed_30d": 2,  # and a
    "n_products_viewed_90d": 3,  # and b
    "spending_trend": (400 / 30) / (1300 / 90),
}
AFTER_THREE_EVENTS = {
    "n_products_so_far": 2,
    "n_categories_so_far": 2,
    "mean_price_cents_so_far": (100 + 300 + 300) / 3,
}


@pytest.fixture(scope="module")
def at_cutoff():
    return described(SHOP)


@pytest.fixture(scope="module")
def after_three_events():
    row = {"row_id": "s1", "session_id": "s1", "customer_id": "ann", "cutoff": T - 39 * 86_400}
    found, _ = features_of(SHOP, [row], task="session", scoring_moment="during_session")
    return found["s1"]


@pytest.mark.parametrize("name", AT_CUTOFF)
def test_of_a_customer_each_is_what_the_sum_by_hand_says(at_cutoff, name):
    assert at_cutoff[name] == pytest.approx(AT_CUTOFF[name], rel=1e-12)


@pytest.mark.parametrize("name", AFTER_THREE_EVENTS)
def test_of_a_session_so_far_each_is_what_the_sum_by_hand_says(after_three_events, name):
    assert after_three_events[name] == pytest.approx(AFTER_THREE_EVENTS[name], rel=1e-12)
