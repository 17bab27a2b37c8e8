import pandas as pd
import pytest

from purchase.insights.parts import NotAvailable
from purchase.insights.value import check_prices, expected_order_values, spent, value_error
from purchase.tables import DAY

CUTOFF = 1_700_000_000
ROWS = pd.DataFrame({"customer_id": ["a", "b", "c"], "cutoff": CUTOFF}, index=[5, 6, 7])
# a: two orders of 10.00 before the cutoff; b: one of 40.00 before and one of 8.00 after; c: none.
ORDERS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "b", "z"],
        "ordered_at": [CUTOFF - 40 * DAY, CUTOFF - 1, CUTOFF - 20 * DAY, CUTOFF, CUTOFF - 100 * DAY],
        "revenue_cents": [1000.0, 1000.0, 4000.0, 800.0, 9900.0],
    }
)


def test_what_was_spent_in_the_horizon_starts_at_the_cutoff_and_ends_before_its_end():
    assert spent(ORDERS, ROWS, days_after=30)["revenue_cents"].to_dict() == {5: 0, 6: 800, 7: 0}
    before = spent(ORDERS, ROWS, days_before=30)
    assert before["n_orders"].tolist() == [1, 1, 0]
    assert before["revenue_cents"].tolist() == [1000, 4000, 0]


def test_expected_order_value_lies_between_the_customers_mean_and_the_shops():
    values = expected_order_values(ORDERS, ROWS, lookback_days=50, horizon_days=30, prior_orders=2.0)
    # The shop's mean order in the lookback is (10 + 10 + 40) / 3 = 20.00; in the last 30 days two buyers placed two.
    assert values.tolist() == [(2000 + 2 * 2000) / 4, (4000 + 2 * 2000) / 3 // 1 + 1, 2000]


def test_expected_order_value_sees_nothing_of_the_horizon():
    later = ORDERS.assign(revenue_cents=ORDERS["revenue_cents"].where(ORDERS["ordered_at"] < CUTOFF, 1e6))
    asked = {"lookback_days": 50, "horizon_days": 30, "prior_orders": 2.0}
    assert (expected_order_values(ORDERS, ROWS, **asked) == expected_order_values(later, ROWS, **asked)).all()


def test_a_shop_without_prices_or_without_orders_in_the_lookback_says_so():
    with pytest.raises(NotAvailable, match="no orders with prices"):
        check_prices(ORDERS.assign(revenue_cents=float("nan")))
    with pytest.raises(NotAvailable, match="no orders with prices"):
        check_prices(ORDERS.iloc[:0])
    with pytest.raises(NotAvailable, match="lookback"):
        expected_order_values(
            ORDERS, ROWS.assign(cutoff=CUTOFF - 500 * DAY), lookback_days=5, horizon_days=30, prior_orders=2.0
        )


def test_the_error_is_of_buyers_alone_beside_that_of_one_value_for_all():
    values, happened = pd.Series([100, 300, 200]).to_numpy(), pd.Series([120, 0, 200]).to_numpy()
    found = value_error(values, happened)
    assert (found["n_buyers"], found["error_cents"], found["error_of_mean_cents"]) == (2, 10, 40)
    assert value_error(values, happened * 0) == {"n_buyers": 0}
