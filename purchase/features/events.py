"""What a customer did on the site: the funnel, its ratios, open carts, prices, devices."""

import narwhals as nw

from purchase.features.cells import by_cell
from purchase.features.decay import SCALE, decayed, weighed
from purchase.features.past import past, within
from purchase.features.registry import (
    Block,
    Feature,
    grouped,
    number_of,
    only_if,
    ratio,
    share,
    since,
    step,
    steps,
    told,
    total,
)
from purchase.tables import DAY, EMAIL_TYPES

COL = nw.col
PLURAL = {
    "view": "product views",
    "search": "searches",
    "add_to_cart": "products put in the cart",
    "remove_from_cart": "products taken out of the cart",
    "wishlist": "products put on the wish list",
    "checkout": "checkouts begun",
}
DECAYED = ("view", "search", "add_to_cart", "checkout")
CART = ("add_to_cart", "remove_from_cart")
LATEST = {"view": "view", "search": "search", "cart": "add_to_cart", "checkout": "checkout"}
PRICED = {"viewed": "view", "cart": "add_to_cart"}
IN_TIME = {"order_by": ["event_at", "row"]}


def is_a(*kinds):
    """True for events of any of ``kinds``."""
    return COL("event_type").is_in(kinds)


def used(*kinds):
    """Return what a feature needs that says nothing unless the shop logs events of ``kinds``."""
    return tuple(f"events.event_type={kind}" for kind in kinds)


def browsing_cells(events, *, grid):
    """Sum up what customers did on the site by cells (``purchase.features.cells``)."""
    last = {name: COL(name).last(**IN_TIME) for name in ("row", "device", "traffic_source")}
    sums = {f"n_{kind}": number_of(is_a(kind)) for kind in PLURAL}
    sums |= {f"last_{name}": only_if(is_a(kind), COL("event_at")).max() for name, kind in LATEST.items()}
    sums |= {f"times_{kind}": only_if(is_a(kind), COL("event_at")).sum().cast(nw.Int64) for kind in DECAYED}
    for name, kind in PRICED.items():
        price = only_if(is_a(kind), COL("price_cents"))
        sums |= {f"{name}_cents": price.sum().cast(nw.Int64), f"n_{name}_priced": price.count().cast(nw.Int64)}
    mobile = COL("device").str.contains("mobile|phone|android|ios")
    sums |= {"mobile": number_of(mobile), "with_device": COL("device").count().cast(nw.Int64)}
    return by_cell(browsing(events), at="event_at", grid=grid, **sums, **last)


def event_block(rows, cells, *, spans_days, half_lives_days):
    """Describe browsing within each span (days before the cutoff); the last span is the lookback.

    ``cells`` are ``browsing_cells``; what they cannot tell comes from ``cart_block``.
    """
    lookback = spans_days[-1]
    features = [
        *_funnel(spans_days),
        *_decayed(half_lives_days),
        *_ratios(lookback),
        *_recency(),
        *grouped(told(_open_cart()), "open_cart"),
        *grouped(_taste(), "taste"),
        *grouped(_device(), "device"),
    ]
    return Block("events", past(rows, cells, at="event_at", lookback_days=lookback), features, "browsing")


def cart_block(rows, events, *, lookback_days):
    """Add up carts since the last order, whenever that was: steps of ``event_block``'s features.

    ``rows`` needs ``last_ordered_at`` (missing: none in the lookback).
    """
    records = past(rows, events.filter(is_a(*CART)), at="event_at", lookback_days=lookback_days)
    ordered = rows.select("row_id", "last_ordered_at")
    return Block("events", records.join(ordered, on="row_id", how="left"), steps(_open_cart()), "browsing")


def day_block(rows, cells, *, spans_days):
    """Count the days, back from the cutoff, on which a row has an event: steps of ``event_block``'s features.

    So are ``purchase.features.taste``'s of products and categories. Each different value once, and then a count, is
    several times faster than different values in groups.
    """
    records = past(rows, cells, at="event_at", lookback_days=spans_days[-1])
    days = records.select("row_id", day=(COL("age") - 1) // DAY).unique()
    counts = [step(f"n_active_days_{span}d", number_of(COL("day") < span), absent=0) for span in spans_days]
    return Block("events", days, counts, "browsing")


def browsing(events):
    return events.filter(~is_a(*EMAIL_TYPES))


def _funnel(spans_days):
    for days in spans_days:
        for kind, plural in PLURAL.items():
            name, about = f"n_{kind}_{days}d", f"{plural} in the last {days} days"
            yield total(name, only_if(within(days), COL(f"n_{kind}")), about, unit="events", kinds=(kind,))
        yield Feature(
            f"n_active_days_{days}d",
            f"different days with an event, counted back from the cutoff, in the last {days} days",
            "days",
        )
        yield Feature(
            f"n_products_viewed_{days}d",
            f"different products viewed in the last {days} days",
            "products",
            needs=("events.product_id",),
            kinds=("view",),
        )


def _decayed(half_lives_days):
    """Weigh a cell at a time: it ends whole days, and so never astride a half-life, before the cutoff."""
    for kind in DECAYED:
        n = COL(f"n_{kind}")
        ages, more = n * COL("cutoff") - COL(f"times_{kind}"), {"unit": "events", "kinds": (kind,)}
        for days in half_lives_days:
            weights = weighed(n, ages, half_life_days=days)
            yield from decayed(f"n_{kind}", days, weights, PLURAL[kind], scale=SCALE * days * DAY, **more)


def _ratios(lookback):
    def n(kind):
        return COL(f"n_{kind}_{lookback}d")

    orders = COL(f"n_orders_{lookback}d")
    pairs = [
        ("carts_per_view", "carts over views", "add_to_cart", "view"),
        ("checkouts_per_cart", "checkouts over carts", "checkout", "add_to_cart"),
        ("removals_per_cart", "removals over carts", "remove_from_cart", "add_to_cart"),
    ]
    ratios = [
        ratio(name, n(above), n(below), f"{what} in the lookback", needs=used(below), kinds=(above,))
        for name, what, above, below in pairs
    ]
    about, needs = "orders over checkouts in the lookback", ("orders", *used("checkout"))
    return [*ratios, ratio("orders_per_checkout", orders, n("checkout"), about, needs=needs)]


def _recency():
    yield step("last_event_at", COL("event_at").max())
    yield since(
        "days_since_event", "last_event_at", "time since the last event on the site; missing: none in the lookback"
    )
    for name, kind in LATEST.items():
        yield step(f"last_{name}_at", COL(f"last_{name}").max())
        about = f"time since the last {name}; missing: none in the lookback"
        yield since(f"days_since_{name}", f"last_{name}_at", about, needs=used(kind))


def _open_cart():
    """Carts since the last order (or in all the lookback); what was taken out again is subtracted."""
    since = COL("last_ordered_at").is_null() | (COL("event_at") > COL("last_ordered_at"))
    put, taken = is_a("add_to_cart") & since, is_a("remove_from_cart") & since
    signed = nw.when(put).then(COL("price_cents")).otherwise(nw.when(taken).then(-COL("price_cents")))
    yield step("n_put", number_of(put), absent=0)
    yield step("n_taken", number_of(taken), absent=0)
    yield step("open_cents", signed.sum().cast(nw.Int64), absent=0)
    yield step("last_put_at", only_if(put, COL("event_at")).max())
    left, money, cart = COL("n_put") - COL("n_taken"), COL("open_cents"), {"kinds": ("add_to_cart",)}
    what = "products put in the cart and not taken out since the last order"
    yield Feature("n_in_open_cart", what, "products", value=nw.max_horizontal(left, left * 0), **cart)
    cents, priced = nw.max_horizontal(money, money * 0), ("events.price_cents",)
    yield Feature("open_cart_cents", "their price; 0: an empty cart", "cents", value=cents, needs=priced, **cart)
    age = only_if(left > 0, (COL("cutoff") - COL("last_put_at")) / DAY)
    when = "time since something was last put in the open cart; missing: none"
    yield Feature("days_since_open_cart", when, "days", value=age, needs=used("add_to_cart"))


def _taste():
    prices = {"viewed": "price of viewed products, mean over views", "cart": "price of products put in the cart, mean"}
    yield Feature(
        "n_categories_viewed",
        "different categories viewed in the lookback",
        "categories",
        needs=("events.category",),
        kinds=("view",),
    )
    for name, meaning in prices.items():
        made, needs = f"mean_{name}_price_cents", ("events.price_cents", *used(PRICED[name]))
        yield step(f"{name}_price_sum", COL(f"{name}_cents").sum().cast(nw.Int64))
        yield step(f"n_{name}_prices", COL(f"n_{name}_priced").sum().cast(nw.Int64))
        yield ratio(made, COL(f"{name}_price_sum"), COL(f"n_{name}_prices"), meaning, unit="cents", needs=needs)


def _device():
    return [
        step("n_mobile", COL("mobile").sum().cast(nw.Int64), absent=0),
        step("n_with_device", COL("with_device").sum().cast(nw.Int64), absent=0),
        share(
            "mobile_share",
            COL("n_mobile"),
            COL("n_with_device"),
            "share of events on a phone",
            needs=("events.device",),
        ),
        Feature(
            "last_device",
            "device of the last event",
            aggregate=COL("device").last(**IN_TIME),
            type="category",
            needs=("events.device",),
        ),
        Feature(
            "last_traffic_source",
            "what brought the session of the last event",
            aggregate=COL("traffic_source").last(**IN_TIME),
            type="category",
            needs=("events.traffic_source",),
        ),
    ]
