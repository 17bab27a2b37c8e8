"""What a customer ordered and sent back: recency, frequency, money, gaps, discounts, variety, returns."""

import narwhals as nw

from purchase.features.decay import decayed, weighed
from purchase.features.past import past, within
from purchase.features.registry import (
    Block,
    Feature,
    count,
    distinct,
    grouped,
    number_of,
    only_if,
    ratio,
    share,
    since,
    step,
    total,
)
from purchase.tables import DAY

MONEY = ("orders.revenue_cents",)
COL = nw.col


def past_orders(rows, lines, *, lookback_days):
    """Pair each row with its customer's orders, each as far as its lines were known before the cutoff."""
    seen = past(rows, lines, at="ordered_at", lookback_days=lookback_days)
    paid = COL("quantity") * COL("unit_price_cents") - COL("discount_cents")
    orders = (
        seen.with_columns(paid=paid)
        .group_by("row_id", "order_id")
        .agg(
            cutoff=COL("cutoff").min(),
            ordered_at=COL("ordered_at").min(),
            age=COL("age").max(),
            n_items=COL("quantity").sum().cast(nw.Int64),
            paid=COL("paid").sum().cast(nw.Int64),
            n_priced=COL("unit_price_cents").count(),
            discount_cents=COL("discount_cents").sum().cast(nw.Int64),
            has_coupon=(~COL("coupon").is_null()).any(),
        )
    )
    return orders.with_columns(revenue_cents=only_if(COL("n_priced") > 0, COL("paid"))).drop("paid", "n_priced")


def order_block(orders, *, spans_days, half_lives_days):
    """Describe ``past_orders`` within each span (days before the cutoff); the last span is the lookback."""
    lookback = spans_days[-1]
    previous = COL("ordered_at").shift(1).over("row_id", order_by=["ordered_at", "order_id"])
    records = orders.with_columns(gap=COL("ordered_at") - previous)
    features = [
        *_windows(spans_days),
        *_decayed(half_lives_days),
        *_recency(),
        *_frequency(lookback),
        *grouped(_rhythm(), "rhythm"),
        *_money(lookback),
        *_discounts(lookback),
    ]
    return Block("orders", records, features, "orders")


def last_order(rows, orders):
    """Add ``last_ordered_at``, of ``past_orders``, to rows; missing: no order in the lookback."""
    last = orders.group_by("row_id").agg(last_ordered_at=COL("ordered_at").max())
    return rows.join(last, on="row_id", how="left")


def _windows(spans_days):
    for days in spans_days:
        inside = within(days)
        yield count(f"n_orders_{days}d", inside, f"orders in the last {days} days", unit="orders")
        yield total(
            f"revenue_cents_{days}d",
            only_if(inside, COL("revenue_cents")),
            f"spent after discounts in the last {days} days",
            unit="cents",
            needs=MONEY,
        )


def _decayed(half_lives_days):
    """Weigh orders by whole numbers of at most ``SCALE``: more would not leave money the room that it needs."""
    one, age = COL("age") * 0 + 1, COL("age")
    weights = {days: weighed(one, age, half_life_days=days) // (days * DAY) for days in half_lives_days}
    for days, weight in weights.items():
        yield from decayed("n_orders", days, weight, "orders", unit="orders")
    for days, weight in weights.items():
        spent, more = weight * COL("revenue_cents"), {"unit": "cents", "needs": MONEY}
        yield from decayed("revenue_cents", days, spent, "spent after discounts", **more)


def _recency():
    return [
        step("last_ordered_at", COL("ordered_at").max()),
        step("first_ordered_at", COL("ordered_at").min()),
        since("days_since_order", "last_ordered_at", "time since the last order; missing: none in the lookback"),
        since("days_since_first_order", "first_ordered_at", "time since the first order in the lookback"),
    ]


def _frequency(lookback):
    n_orders = COL(f"n_orders_{lookback}d")
    begun = nw.max_horizontal(nw.coalesce("signed_up_at", "first_ordered_at"), COL("cutoff") - lookback * DAY)
    return [
        step("mean_gap", COL("gap").mean()),
        Feature(
            "mean_order_gap_days",
            "mean time between orders; missing: fewer than two",
            "days",
            value=COL("mean_gap") / DAY,
        ),
        step("median_gap", COL("gap").median()),
        Feature("median_order_gap_days", "median time between orders", "days", value=COL("median_gap") / DAY),
        ratio(
            "order_overdue_ratio",
            COL("cutoff") - COL("last_ordered_at"),
            COL("mean_gap"),
            "time since the last order over the mean time between orders; above 1: later than usual",
        ),
        ratio(
            "orders_per_30d",
            n_orders * 30 * DAY,
            COL("cutoff") - begun,
            "orders per 30 days since sign-up or, without one, since the first order, within the lookback",
            unit="orders per 30 days",
        ),
    ]


def _rhythm():
    """Say how regular orders are; gaps in whole hours, since the squares of seconds would overflow."""
    hours, n = COL("gap") // 3600, COL("n_gaps")
    variance = (n * COL("sum_of_squares") - COL("sum_of_gaps") * COL("sum_of_gaps")) / (n * (n - 1))
    return [
        step("n_gaps", COL("gap").count().cast(nw.Int64)),
        step("sum_of_gaps", hours.sum().cast(nw.Int64)),
        step("sum_of_squares", (hours * hours).sum().cast(nw.Int64)),
        Feature(
            "order_gap_spread_days",
            "standard deviation of the time between orders; missing: fewer than three",
            "days",
            value=only_if(n > 1, variance.sqrt() / 24),
        ),
    ]


def _money(lookback):
    n_orders, revenue = COL(f"n_orders_{lookback}d"), COL(f"revenue_cents_{lookback}d")
    last = {"order_by": ["ordered_at", "order_id"]}
    return [
        total("n_items_bought", COL("n_items"), "pieces bought in the lookback", unit="pieces"),
        ratio("items_per_order", COL("n_items_bought"), n_orders, "pieces in an order, mean", unit="pieces"),
        ratio("revenue_cents_per_order", revenue, n_orders, "spent in an order, mean", unit="cents", needs=MONEY),
        Feature(
            "last_order_revenue_cents",
            "spent in the last order",
            "cents",
            aggregate=COL("revenue_cents").last(**last),
            needs=MONEY,
        ),
        Feature(
            "max_order_revenue_cents",
            "spent in the dearest order",
            "cents",
            aggregate=COL("revenue_cents").max(),
            needs=MONEY,
        ),
    ]


def _discounts(lookback):
    n_orders, revenue = COL(f"n_orders_{lookback}d"), COL(f"revenue_cents_{lookback}d")
    return [
        step("discounts", COL("discount_cents").sum().cast(nw.Int64)),
        share(
            "discount_share",
            COL("discounts"),
            COL("discounts") + revenue,
            "share of the price before discounts that was taken off",
            needs=(*MONEY, "orders.discount_cents>0"),
        ),
        step("n_with_coupon", number_of(COL("has_coupon")), absent=0),
        share(
            "coupon_share",
            COL("n_with_coupon"),
            n_orders,
            "share of orders with a coupon",
            needs=("orders.has_coupon>0",),
        ),
    ]


def line_block(rows, lines, *, lookback_days):
    """Describe the variety of what was bought."""
    records = past(rows, lines, at="ordered_at", lookback_days=lookback_days)
    features = [
        *_variety(),
        Feature(
            "mean_unit_price_cents",
            "price of a piece before discount, mean over order lines",
            "cents",
            aggregate=COL("unit_price_cents").mean(),
            needs=("order_lines.unit_price_cents",),
        ),
    ]
    return Block("order_lines", records, features, "baskets")


def _variety():
    product, category = ("order_lines.product_id",), ("order_lines.category",)
    again = COL("n_lines") - COL("n_products_bought")
    yield step("n_lines", nw.len().cast(nw.Int64), absent=0)
    for plural, column, needs in (("products", "product_id", product), ("categories", "category", category)):
        yield Feature(
            f"n_{plural}_bought",
            f"different {plural} bought in the lookback",
            plural,
            aggregate=distinct(COL(column)),
            absent=0,
            needs=needs,
        )
    what = "share of order lines with a product bought before in the lookback"
    yield share("repeated_line_share", again, COL("n_lines"), what, needs=product)


def return_block(rows, returns, *, lookback_days):
    """Describe what came back; a return counts from when it came back, whenever it was ordered."""
    records = past(rows, returns, at="returned_at", lookback_days=lookback_days)
    return Block(
        "returns",
        records,
        [
            count("n_returns", COL("age") > 0, "lines taken back in the lookback", unit="lines"),
            total(
                "refund_cents",
                COL("refund_cents"),
                "refunded in the lookback",
                unit="cents",
                needs=("returns.refund_cents",),
            ),
            step("last_returned_at", COL("returned_at").max()),
            since("days_since_return", "last_returned_at", "time since the last return"),
            total("n_items_returned", COL("quantity"), "pieces taken back in the lookback", unit="pieces"),
            ratio(
                "returned_item_share",
                COL("n_items_returned"),
                COL("n_items_bought"),
                "pieces taken back over pieces bought, both in the lookback",
                needs=("orders",),
            ),
        ],
        "returns",
    )
