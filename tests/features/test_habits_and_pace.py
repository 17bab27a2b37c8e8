"""Rhythm, trends, visits, taste, habits and reactions of a customer, each against a sum done by hand."""

import pytest

from tests.features.small_shop import T, described, event, order

HOUR = 1 / 24


def test_the_spread_of_gaps_is_their_standard_deviation():
    found = described({"orders": [order(5), order(15), order(35), order(65)]})  # gaps of 10, 20 and 30 days
    assert found["order_gap_spread_days"] == pytest.approx(10)
    assert described({"orders": [order(5), order(15)]})["order_gap_spread_days"] is None


def test_a_trend_compares_the_last_days_with_the_lookback():
    orders = [order(5), order(10), order(20), order(80)]  # 3 in 30 days, 4 in 90
    found = described({"orders": orders, "events": [event(85), event(70)]})
    assert found["orders_trend"] == pytest.approx((3 / 30) / (4 / 90))
    assert found["views_trend"] == 0


def test_the_last_session_tells_its_length_views_and_reach():
    first = [event(9 + HOUR, "checkout", session_id="s1"), event(9, "add_to_cart", session_id="s1")]
    last = [event(2 + HOUR, session_id="s2"), event(2, "add_to_cart", session_id="s2")]
    found = described({"events": [*first, *last]})
    assert (found["last_session_minutes"], found["last_session_views"], found["last_session_reach"]) == (60, 1, 1)
    assert found["mean_visit_gap_days"] == pytest.approx(7)
    assert found["visit_overdue_ratio"] == pytest.approx((2 + HOUR) / 7)


def test_taste_is_as_wide_as_so_many_equally_liked_categories():
    events = [event(n, category=name, product_id=name) for n, name in enumerate("aabb", start=1)]
    found = described({"events": events})
    assert (found["n_effective_categories"], found["viewed_again_share"], found["n_views_of_a_product"]) == (2, 0.5, 2)
    found = described({"events": [*events, event(9, category="b", product_id="c"), event(10, category="b")]})
    assert found["n_effective_categories"] == pytest.approx(36 / (4 + 16))
    assert found["viewed_again_share"] == pytest.approx(2 / 5)


def test_habits_are_shares_by_the_shops_own_clock():
    # T is a Friday at 00:00 UTC. Saturday 23:30, Wednesday 20:00 and Tuesday 06:00; in Berlin, Sunday 01:30 and so on.
    events = [event(5 + HOUR / 2), event(1 + HOUR * 4), event(2 + HOUR * 18)]
    found = described({"events": events})
    assert [found[f"{part}_events_share"] for part in ("weekend", "night", "morning", "evening")] == pytest.approx(
        [1 / 3, 0, 1 / 3, 2 / 3]
    )
    found = described({"events": events}, time_zone="Europe/Berlin")
    assert found["night_events_share"] == pytest.approx(1 / 3)


def test_orders_soon_after_a_click_in_an_e_mail_are_answers_to_it():
    clicks = [event(20, "email_click"), event(40, "email_click")]
    found = described({"events": clicks, "orders": [order(18), order(36), order(41), order(0)]})
    assert found["order_after_click_share"] == pytest.approx(1 / 3)


def test_an_order_counts_as_far_as_its_lines_were_known():
    def line(days, cents, **more):
        return {"order_id": "o", "customer_id": "ann", "ordered_at": T - days, "unit_price_cents": cents} | more

    lines = [line(50, 300), line(50, 200, arrived_at=T), line(40, 100, arrived_at=T - 1), line(-10, 900)]
    found = described({"orders": [order(1)], "order_lines": lines})
    assert (found["n_orders_7d"], found["revenue_cents_7d"], found["n_items_bought"]) == (1, 400, 2)


def test_what_a_customer_states_is_unknown_before_it_was_last_changed_but_sign_up_is_known():
    def ann(updated_at):
        return {
            "customers": [
                {"customer_id": "ann", "signed_up_at": T - 86_400, "updated_at": updated_at, "gender": "female"}
            ]
        }

    assert described(ann(T - 1))["gender"] == "female"
    assert described(ann(T))["gender"] is None
    assert described(ann(T))["tenure_days"] == 1
