"""Turn order lines into orders, order lines and returns, and find the order that each return takes back."""

import narwhals as nw

LINES = (
    "order_id",
    "customer_id",
    "ordered_at",
    "product_id",
    "category",
    "quantity",
    "unit_price_cents",
    "discount_cents",
    "coupon",
    "arrived_at",
)
RETURNS = ("order_id", "customer_id", "product_id", "returned_at", "quantity", "refund_cents", "arrived_at")


def order_lines(lines):
    """Return the lines that sell; ``row`` stays, to tell equal lines apart."""
    return lines.filter(~nw.col("is_return"))


def orders_of_lines(lines):
    """Return a row an order; ``revenue_cents`` (after discount) is missing where no line has a price.

    ``arrived_at`` is when the first of its lines was known.
    """
    priced = ~nw.col("unit_price_cents").is_null()
    paid = nw.col("quantity") * nw.col("unit_price_cents") - nw.col("discount_cents")
    orders = (
        lines.with_columns(paid=paid)
        .group_by("order_id")
        .agg(
            customer_id=nw.col("customer_id").min(),
            ordered_at=nw.col("ordered_at").min(),
            n_lines=nw.len().cast(nw.Int64),
            n_items=nw.col("quantity").sum().cast(nw.Int64),
            revenue_cents=nw.col("paid").sum().cast(nw.Int64),
            n_priced=priced.cast(nw.Int64).sum().cast(nw.Int64),
            discount_cents=nw.col("discount_cents").sum().cast(nw.Int64),
            has_coupon=(~nw.col("coupon").is_null()).any(),
            arrived_at=nw.max_horizontal("ordered_at", "arrived_at").min(),
        )
    )
    revenue = nw.when(nw.col("n_priced") > 0).then(nw.col("revenue_cents"))
    return orders.with_columns(revenue_cents=revenue).drop("n_priced")


def returns_of_lines(lines):
    """Return a row a return, with the order that it takes back, or missing if none fits.

    The order is the one that the return names, if it is known; else the latest order by the same customer, at or before
    the return, of a line with the same product and at least as many pieces. Several returns may fit the same line: what
    earlier returns took is not subtracted.
    """
    sold = order_lines(lines)
    back = lines.filter(nw.col("is_return")).with_columns(returned_at=nw.col("ordered_at"))
    named = back.join(sold.select("order_id").unique(), on="order_id", how="semi")
    unnamed = back.join(named.select("row"), on="row", how="anti").drop("order_id", "ordered_at")
    bought = sold.select("order_id", "customer_id", "product_id", "ordered_at", sold_row="row", sold="quantity")
    known = ~nw.col("customer_id").is_null() & ~nw.col("product_id").is_null()
    fits = unnamed.filter(known).join(bought.filter(known), on=["customer_id", "product_id"])
    fits = fits.filter((nw.col("ordered_at") <= nw.col("returned_at")) & (nw.col("quantity") <= nw.col("sold")))
    latest = fits.group_by("row").agg(order_id=nw.col("order_id").last(order_by=["ordered_at", "sold_row"]))
    refund = nw.col("quantity") * nw.col("unit_price_cents") - nw.col("discount_cents")
    both = [named, unnamed.join(latest, on="row", how="left")]
    return nw.concat([returns.with_columns(refund_cents=refund).select(*RETURNS) for returns in both])


def all_customers(customers, test_ids, *others):
    """Return the customers, and with every attribute missing those that only ``others`` (tables) name."""
    stay = customers.drop("is_test", "row")
    seen = nw.concat([other.select("customer_id") for other in others]).unique()
    seen = seen.filter(~nw.col("customer_id").is_null())
    new = seen.join(stay, on="customer_id", how="anti").join(test_ids, on="customer_id", how="anti")
    return nw.concat([stay, new], how="diagonal")
