"""The default features of the customer task at one cutoff as one statement of DuckDB SQL, written by hand.

For benchmarks.engines, which compares its time with that of the features that are written once for all engines. It
knows what those cannot: that there is a single cutoff, that the shop's clock is UTC, and which columns the simulated
shop fills. BG/NBD, which no SQL computes, is left out of both.
"""

DAY = 86_400
KINDS = ("view", "search", "add_to_cart", "remove_from_cart", "wishlist", "checkout")
EMAILS = ("email_sent", "email_open", "email_click")

MACROS = """
CREATE OR REPLACE MACRO over(above, below) AS CASE WHEN below > 0 THEN above / below END;
CREATE OR REPLACE MACRO line(age, h) AS CASE
    WHEN age < h THEN 512 * h + 512 * (h - age)
    WHEN age < 2 * h THEN 256 * h + 256 * (2 * h - age)
    WHEN age < 3 * h THEN 128 * h + 128 * (3 * h - age)
    WHEN age < 4 * h THEN 64 * h + 64 * (4 * h - age)
    WHEN age < 5 * h THEN 32 * h + 32 * (5 * h - age)
    WHEN age < 6 * h THEN 16 * h + 16 * (6 * h - age)
    WHEN age < 7 * h THEN 8 * h + 8 * (7 * h - age)
    WHEN age < 8 * h THEN 8 * (8 * h - age)
    ELSE 0 END;
CREATE OR REPLACE MACRO weight(age, h) AS line(age, h) // h;
"""


def statement(folder, *, cutoff, spans_days, half_lives_days):
    """Return the SELECT; ``folder`` holds clean/ and split.parquet, ``cutoff`` is in seconds."""
    lookback, recent = spans_days[-1], max(days for days in spans_days if 3 * days <= spans_days[-1])
    names = {"folder": folder, "cutoff": cutoff, "begin": cutoff - lookback * DAY, "all": lookback, "recent": recent}
    names |= {"day": DAY, "of_orders": _of_orders(spans_days, half_lives_days), "emails": _emails(spans_days)}
    names |= {"of_events": _of_events(spans_days, half_lives_days), "columns": _columns(spans_days, half_lives_days)}
    names |= {
        "active": _windows(spans_days, "count(*) FILTER (d < {days}) AS n_active_days_{days}d"),
        "products": _windows(spans_days, "count(*) FILTER (age <= {age}) AS n_products_viewed_{days}d"),
        "visits": _windows(spans_days, "count(*) FILTER (age <= {age}) AS n_sessions_{days}d"),
    }
    return STATEMENT.format(**names)


def _windows(spans_days, *templates, **more):
    filled = [t.format(days=days, age=days * DAY, **more) for days in spans_days for t in templates]
    return ", ".join(filled)


def _of_orders(spans_days, half_lives_days):
    windows = (
        "count(*) FILTER (age <= {age}) AS n_orders_{days}d",
        "sum(revenue) FILTER (age <= {age}) AS revenue_cents_{days}d",
    )
    decayed = (
        "sum(weight(age, {age})) AS n_orders_halved_{days}d",
        "sum(weight(age, {age}) * revenue) AS revenue_cents_halved_{days}d",
    )
    return f"{_windows(spans_days, *windows)}, {_windows(half_lives_days, *decayed)}"


def _of_events(spans_days, half_lives_days):
    counts = [
        _windows(spans_days, "count(*) FILTER (event_type = '{kind}' AND age <= {age}) AS n_{kind}_{days}d", kind=kind)
        for kind in KINDS
    ]
    one = "sum(line(age, {age})) FILTER (event_type = '{kind}') AS n_{kind}_halved_{days}d"
    decayed = [_windows(half_lives_days, one, kind=kind) for kind in ("view", "search", "add_to_cart", "checkout")]
    return ", ".join(counts + decayed)


def _emails(spans_days):
    one = "count(*) FILTER (event_type = '{kind}' AND age <= {age}) AS n_{kind}_{days}d"
    return ", ".join(_windows(spans_days, one, kind=kind) for kind in EMAILS)


def _columns(spans_days, half_lives_days):
    """Return the counts of the last SELECT: 0 for a customer without any, and sums of weights brought to scale."""
    one = [f"n_{kind}_{{days}}d" for kind in (*KINDS, *EMAILS, "orders", "sessions", "active_days", "products_viewed")]
    plain = [name.format(days=days) for name in (*one, "revenue_cents_{days}d") for days in spans_days]
    columns = [f"coalesce({name}, 0)::DOUBLE AS {name}" for name in plain]
    for what in ("n_orders", "revenue_cents", "n_view", "n_search", "n_add_to_cart", "n_checkout"):
        for days in half_lives_days:
            scale = 1024 if what in ("n_orders", "revenue_cents") else 1024 * days * DAY
            columns.append(f"coalesce({what}_halved_{days}d, 0) / {scale} AS {what}_halved_{days}d")
    return ", ".join(columns)


STATEMENT = """
WITH
events AS MATERIALIZED (
    SELECT customer_id, {cutoff} - event_at AS age, row, event_type, session_id, product_id, category, price_cents,
        device, traffic_source
    FROM read_parquet('{folder}/clean/events.parquet')
    WHERE customer_id IS NOT NULL AND event_at >= {begin} AND event_at < {cutoff}
        AND (arrived_at IS NULL OR arrived_at < {cutoff})
),
lines AS MATERIALIZED (
    SELECT *, {cutoff} - ordered_at AS age FROM read_parquet('{folder}/clean/order_lines.parquet')
    WHERE customer_id IS NOT NULL AND ordered_at >= {begin} AND ordered_at < {cutoff}
        AND (arrived_at IS NULL OR arrived_at < {cutoff})
),
orders AS MATERIALIZED (
    SELECT customer_id, order_id, max(age) AS age, sum(quantity) AS n_items, sum(discount_cents) AS discount,
        CASE WHEN count(unit_price_cents) > 0 THEN sum(quantity * unit_price_cents - discount_cents) END AS revenue,
        bool_or(coupon IS NOT NULL) AS with_coupon
    FROM lines GROUP BY ALL
),
gaps AS (
    SELECT *, lag(age) OVER (PARTITION BY customer_id ORDER BY age DESC, order_id) - age AS gap FROM orders
),
of_orders AS MATERIALIZED (
    SELECT customer_id, {of_orders}, min(age) AS last_order, max(age) AS first_order,
        avg(gap) AS mean_gap, median(gap) AS median_gap, count(gap) AS n_gaps,
        sum(gap // 3600) AS hours, sum((gap // 3600) * (gap // 3600)) AS squares, sum(n_items) AS n_items_bought,
        max(revenue) AS max_order_revenue_cents,
        arg_max_null(revenue, (-age, order_id)) AS last_order_revenue_cents, sum(discount) AS discounts,
        count(*) FILTER (with_coupon) AS n_with_coupon
    FROM gaps GROUP BY customer_id
),
of_lines AS (
    SELECT customer_id, count(*) AS n_lines, count(DISTINCT product_id) AS n_products_bought,
        count(DISTINCT category) AS n_categories_bought, avg(unit_price_cents) AS mean_unit_price_cents
    FROM lines GROUP BY customer_id
),
of_returns AS (
    SELECT customer_id, count(*) AS n_returns, sum(refund_cents) AS refund_cents, sum(quantity) AS n_items_returned,
        {cutoff} - max(returned_at) AS last_return
    FROM read_parquet('{folder}/clean/returns.parquet')
    WHERE customer_id IS NOT NULL AND returned_at >= {begin} AND returned_at < {cutoff}
        AND (arrived_at IS NULL OR arrived_at < {cutoff})
    GROUP BY customer_id
),
browsing AS (
    SELECT events.*, last_order,
        last_order IS NULL OR events.age < last_order AS still,
        event_type = 'add_to_cart' AND still AS put, event_type = 'remove_from_cart' AND still AS taken
    FROM events LEFT JOIN of_orders USING (customer_id)
    WHERE NOT starts_with(event_type, 'email_')
),
of_events AS (
    SELECT customer_id, {of_events}, min(age) AS last_event,
        min(age) FILTER (event_type = 'view') AS last_view, min(age) FILTER (event_type = 'search') AS last_search,
        min(age) FILTER (event_type = 'add_to_cart') AS last_cart,
        min(age) FILTER (event_type = 'checkout') AS last_checkout,
        count(*) FILTER (put) AS n_put, count(*) FILTER (taken) AS n_taken, min(age) FILTER (put) AS last_put,
        sum(CASE WHEN put THEN price_cents WHEN taken THEN -price_cents END) AS open_cents,
        avg(price_cents) FILTER (event_type = 'view') AS mean_viewed_price_cents,
        avg(price_cents) FILTER (event_type = 'add_to_cart') AS mean_cart_price_cents,
        count(*) FILTER (regexp_matches(device, 'mobile|phone|android|ios')) AS n_mobile, count(device) AS n_device,
        arg_max_null(device, (-age, row)) AS last_device,
        arg_max_null(traffic_source, (-age, row)) AS last_traffic_source
    FROM browsing GROUP BY customer_id
),
of_days AS (
    SELECT customer_id, {active}
    FROM (SELECT DISTINCT customer_id, (age - 1) // {day} AS d FROM browsing) GROUP BY customer_id
),
of_products AS (
    SELECT customer_id, {products}, max(n) AS n_views_of_a_product, sum(n) AS n_views, count(*) AS n_products
    FROM (
        SELECT customer_id, product_id, count(*) AS n, min(age) AS age FROM events
        WHERE event_type = 'view' AND product_id IS NOT NULL GROUP BY ALL
    ) GROUP BY customer_id
),
of_categories AS (
    SELECT customer_id, count(*) AS n_categories_viewed, max(n) AS n_most, sum(n) AS n_all, sum(n * n) AS n_squared,
        min(category) FILTER (n = most) AS favourite_category
    FROM (
        SELECT *, max(n) OVER (PARTITION BY customer_id) AS most FROM (
            SELECT customer_id, category, count(*) AS n FROM events
            WHERE event_type = 'view' AND category IS NOT NULL GROUP BY ALL
        )
    ) GROUP BY customer_id
),
of_sessions AS (
    SELECT customer_id, {visits}, sum(oldest - age) AS seconds, sum(n) AS n_session_events,
        count(*) FILTER (cart) AS n_with_cart, count(*) FILTER (n = 1) AS n_of_one
    FROM (
        SELECT customer_id, session_id, min(age) AS age, max(age) AS oldest, count(*) AS n,
            bool_or(event_type = 'add_to_cart') AS cart
        FROM events WHERE session_id IS NOT NULL GROUP BY ALL
    ) GROUP BY customer_id
),
of_emails AS (
    SELECT customer_id, {emails}, min(age) FILTER (event_type = 'email_sent') AS last_email,
        min(age) FILTER (event_type = 'email_click') AS last_click
    FROM events WHERE event_type IN ('email_sent', 'email_open', 'email_click') GROUP BY customer_id
),
of_clicks AS (
    SELECT customer_id, count(*) FILTER (ordered AND clicked - age <= 3 * {day}) AS n_after_click
    FROM (
        SELECT customer_id, age, ordered, min(CASE WHEN NOT ordered THEN age END)
            OVER (PARTITION BY customer_id ORDER BY age DESC, ordered ROWS UNBOUNDED PRECEDING) AS clicked
        FROM (
            SELECT customer_id, age, false AS ordered FROM events WHERE event_type = 'email_click'
            UNION ALL SELECT customer_id, age, true FROM orders
        )
    ) GROUP BY customer_id
),
keyed AS (
    SELECT s.row_id, s.customer_id, c.* EXCLUDE customer_id, coalesce(c.signed_up_at < {cutoff}, true) AS signed,
        coalesce(c.updated_at < {cutoff}, true) AND signed AS known
    FROM read_parquet('{folder}/split.parquet') AS s
    LEFT JOIN read_parquet('{folder}/clean/customers.parquet') AS c ON s.customer_id = c.customer_id
    WHERE s.cutoff = {cutoff}
)
SELECT row_id, {columns},
    CASE WHEN known THEN year(to_timestamp({cutoff})) - birth_year END::DOUBLE AS age_years,
    CASE WHEN signed THEN ({cutoff} - signed_up_at) / {day} END AS tenure_days,
    CASE WHEN known THEN email_consent END::DOUBLE AS email_consent,
    CASE WHEN known THEN gender END AS gender, CASE WHEN known THEN country END AS country,
    CASE WHEN known THEN acquisition_channel END AS acquisition_channel,
    CASE WHEN known THEN loyalty_tier END AS loyalty_tier,
    month(to_timestamp({cutoff}))::DOUBLE AS month,
    last_order / {day} AS days_since_order, first_order / {day} AS days_since_first_order,
    mean_gap / {day} AS mean_order_gap_days, median_gap / {day} AS median_order_gap_days,
    over(last_order, mean_gap) AS order_overdue_ratio,
    over(coalesce(n_orders_{all}d, 0) * 30 * {day}, {cutoff} - greatest(
        coalesce(CASE WHEN signed THEN signed_up_at END, {cutoff} - first_order), {begin})) AS orders_per_30d,
    CASE WHEN n_gaps > 1 THEN sqrt((n_gaps * squares - hours * hours) / (n_gaps * (n_gaps - 1))) / 24 END
        AS order_gap_spread_days,
    coalesce(n_items_bought, 0)::DOUBLE AS n_items_bought,
    over(n_items_bought, n_orders_{all}d) AS items_per_order,
    over(coalesce(revenue_cents_{all}d, 0), n_orders_{all}d) AS revenue_cents_per_order,
    last_order_revenue_cents::DOUBLE AS last_order_revenue_cents,
    max_order_revenue_cents::DOUBLE AS max_order_revenue_cents,
    over(discounts, discounts + coalesce(revenue_cents_{all}d, 0)) AS discount_share,
    over(n_with_coupon, n_orders_{all}d) AS coupon_share,
    coalesce(n_products_bought, 0)::DOUBLE AS n_products_bought,
    coalesce(n_categories_bought, 0)::DOUBLE AS n_categories_bought,
    over(n_lines - n_products_bought, n_lines) AS repeated_line_share,
    mean_unit_price_cents, coalesce(n_returns, 0)::DOUBLE AS n_returns,
    coalesce(refund_cents, 0)::DOUBLE AS refund_cents,
    last_return / {day} AS days_since_return, coalesce(n_items_returned, 0)::DOUBLE AS n_items_returned,
    over(coalesce(n_items_returned, 0), n_items_bought) AS returned_item_share,
    over(n_add_to_cart_{all}d, n_view_{all}d) AS carts_per_view,
    over(n_checkout_{all}d, n_add_to_cart_{all}d) AS checkouts_per_cart,
    over(n_remove_from_cart_{all}d, n_add_to_cart_{all}d) AS removals_per_cart,
    over(coalesce(n_orders_{all}d, 0), n_checkout_{all}d) AS orders_per_checkout,
    last_event / {day} AS days_since_event, last_view / {day} AS days_since_view,
    last_search / {day} AS days_since_search, last_cart / {day} AS days_since_cart,
    last_checkout / {day} AS days_since_checkout,
    coalesce(greatest(n_put - n_taken, 0), 0)::DOUBLE AS n_in_open_cart,
    coalesce(greatest(open_cents, 0), 0)::DOUBLE AS open_cart_cents,
    CASE WHEN n_put > n_taken THEN last_put / {day} END AS days_since_open_cart,
    coalesce(n_categories_viewed, 0)::DOUBLE AS n_categories_viewed,
    mean_viewed_price_cents, mean_cart_price_cents, over(n_mobile, n_device) AS mobile_share,
    last_device, last_traffic_source,
    over(seconds / 60, n_sessions_{all}d) AS mean_session_minutes,
    over(n_session_events, n_sessions_{all}d) AS events_per_session,
    over(n_with_cart, n_sessions_{all}d) AS cart_session_share,
    over(n_of_one, n_sessions_{all}d) AS one_event_session_share,
    over(coalesce(n_orders_{all}d, 0), n_sessions_{all}d) AS orders_per_session,
    favourite_category, over(n_most, n_all) AS favourite_category_share,
    over(n_all * n_all, n_squared) AS n_effective_categories,
    coalesce(n_views_of_a_product, 0)::DOUBLE AS n_views_of_a_product,
    over(n_views - n_products, n_views) AS viewed_again_share,
    over(n_email_open_{all}d, n_email_sent_{all}d) AS email_open_rate,
    over(n_email_click_{all}d, n_email_sent_{all}d) AS email_click_rate,
    last_email / {day} AS days_since_email, last_click / {day} AS days_since_email_click,
    over(n_after_click, n_orders_{all}d) AS order_after_click_share,
    over(coalesce(n_orders_{recent}d, 0) * {all}, n_orders_{all}d * {recent}) AS orders_trend,
    over(coalesce(revenue_cents_{recent}d, 0) * {all}, revenue_cents_{all}d * {recent}) AS spending_trend,
    over(coalesce(n_view_{recent}d, 0) * {all}, n_view_{all}d * {recent}) AS views_trend,
    over(coalesce(n_add_to_cart_{recent}d, 0) * {all}, n_add_to_cart_{all}d * {recent}) AS carts_trend,
    over(coalesce(n_sessions_{recent}d, 0) * {all}, n_sessions_{all}d * {recent}) AS sessions_trend
FROM keyed
LEFT JOIN of_orders USING (customer_id) LEFT JOIN of_lines USING (customer_id)
LEFT JOIN of_returns USING (customer_id) LEFT JOIN of_events USING (customer_id)
LEFT JOIN of_days USING (customer_id) LEFT JOIN of_products USING (customer_id)
LEFT JOIN of_categories USING (customer_id) LEFT JOIN of_sessions USING (customer_id)
LEFT JOIN of_emails USING (customer_id) LEFT JOIN of_clicks USING (customer_id)
ORDER BY row_id
"""
