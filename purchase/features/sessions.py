"""What is known of a session itself: at its start, after its first events, and, for tables of sessions, as told."""

import dataclasses

import narwhals as nw

from purchase.features.customers import extra_feature
from purchase.features.events import PLURAL, is_a, used
from purchase.features.past import arrived, past
from purchase.features.registry import Block, Feature, count, distinct, needing, only_if, ratio, share, step
from purchase.tables import KNOWN_AT

COL = nw.col


def start_block():
    """Describe how a session begins: by its first event, and whether the shop knows whose it is."""
    return Block(
        "sessions",
        None,
        [
            Feature(
                "anonymous",
                "the shop does not know whose session it is",
                value=COL("customer_id").is_null(),
                type="boolean",
                needs=("sessions.customer_id",),
            ),
            *(
                Feature(name, meaning, value=COL(name), type="category", needs=(f"sessions.{name}",))
                for name, meaning in (("device", "kind of device"), ("traffic_source", "what brought the session"))
            ),
        ],
        "session_start",
    )


def so_far_block(rows, events):
    """Describe what a session has shown before its cutoff."""
    previous, previous_type = (
        COL(name).shift(1).over("row_id", order_by=["event_at", "row"]) for name in ("event_at", "event_type")
    )
    records = so_far(rows, events).with_columns(pause=COL("event_at") - previous, previous_type=previous_type)
    return Block("events", records, _during([*_acts(), *_views(), *_sights()]), "session")


def so_far(rows, events):
    """Pair each row with the events of its session before its cutoff, as far as they had arrived."""
    shown = events.filter(~COL("session_id").is_null()).drop("customer_id")
    records = rows.select("row_id", "session_id", "cutoff").join(shown, on="session_id")
    return records.filter((COL("event_at") < COL("cutoff")) & arrived(events))


def seen_before_block(rows, seen, events, *, lookback_days):
    """Count the products that the session shows and that the customer viewed before it.

    ``rows`` has the moments of scoring, ``seen`` those at which the sessions begin.
    """
    viewed = events.filter(is_a("view") & ~COL("product_id").is_null())
    before = past(seen, viewed, at="event_at", lookback_days=lookback_days).select("row_id", "product_id").unique()
    shown = rows.select("row_id", "session_id", "cutoff").join(viewed.drop("customer_id"), on="session_id")
    shown = shown.filter((COL("event_at") < COL("cutoff")) & arrived(events)).select("row_id", "product_id").unique()
    again = count(
        "n_products_seen_before",
        ~COL("product_id").is_null(),
        "products viewed so far in the session that the customer viewed before it, in the lookback",
        unit="products",
        needs=("events.product_id",),
        kinds=("view",),
    )
    return Block("events", shown.join(before, on=["row_id", "product_id"]), _during([again]), "session")


def _during(features):
    late = [dataclasses.replace(feature, known_at="during_session") for feature in features]
    return needing(late, "events.session_id")


def _acts():
    for kind, plural in PLURAL.items():
        yield count(f"n_{kind}_so_far", is_a(kind), f"{plural} so far in the session", unit="events", kinds=(kind,))
    yield step("n_so_far", nw.len().cast(nw.Int64))
    yield step("span_so_far", COL("event_at").max() - COL("event_at").min())
    span, between = COL("span_so_far"), COL("n_so_far") - 1
    yield Feature("seconds_so_far", "first to last event so far", "seconds", value=span)
    yield ratio("seconds_per_event_so_far", span, between, "time between events so far, mean", unit="seconds")
    last = COL("event_type").last(order_by=["event_at", "row"])
    yield Feature(
        "longest_pause_so_far", "longest time between two events so far", "seconds", aggregate=COL("pause").max()
    )
    yield step("last_pause", COL("pause").last(order_by=["event_at", "row"]))
    yield Feature("last_pause_so_far", "time between the last two events so far", "seconds", value=COL("last_pause"))
    yield Feature("last_type_so_far", "the last event so far", aggregate=last, type="category")


def _views():
    """Say how long the products that were viewed were looked at, and how often they were viewed again."""
    product = only_if(is_a("view"), COL("product_id"))
    again = product.count().cast(nw.Int64) - distinct(product)
    what, needs = "views so far of a product viewed before in the session", ("events.product_id",)
    yield Feature("n_views_again_so_far", what, "events", aggregate=again, absent=0, needs=needs, kinds=("view",))
    dwell = only_if(COL("previous_type") == "view", COL("pause")).mean()
    what = "time from a view to the next event so far, mean; missing: nothing followed a view"
    yield Feature("seconds_after_view_so_far", what, "seconds", aggregate=dwell, needs=used("view"))


def _sights():
    for plural, column in (("products", "product_id"), ("categories", "category")):
        yield Feature(
            f"n_{plural}_so_far",
            f"different {plural} so far",
            plural,
            aggregate=distinct(COL(column)),
            needs=(f"events.{column}",),
        )
    put, taken = (only_if(is_a(kind), COL("price_cents")) for kind in ("add_to_cart", "remove_from_cart"))
    in_cart = put.sum().cast(nw.Int64) - taken.sum().cast(nw.Int64)
    left = "price of what was put in the cart so far, less what was taken out"
    for name, value, meaning, kinds in (
        ("mean_price_cents_so_far", COL("price_cents").mean(), "price shown so far, mean", ()),
        ("cart_cents_so_far", in_cart, left, ("add_to_cart", "remove_from_cart")),
    ):
        yield Feature(name, meaning, "cents", aggregate=value, needs=("events.price_cents",), kinds=kinds)


def table_block(extras):
    """Describe sessions by the shop's own columns, and by what follows from them.

    ``<kind>_seconds`` beside ``<kind>_pages`` is the time spent on so many pages: time per page, totals and shares
    follow; as the difference does from ``exit_rate`` and ``bounce_rate``. What is made of several columns is known when
    the last of them is.

    Parameters
    ----------
    extras : dict of str to Extra
    """
    own = [extra_feature("sessions", name, extra, known_at=extra.known_at) for name, extra in extras.items()]
    numbers = {name: extra for name, extra in extras.items() if extra.type == "number"}
    return Block("sessions", None, own + _of_pages(numbers) + _of_rates(numbers), "session_table")


def _of_pages(extras):
    kinds = [name.removesuffix("_pages") for name in extras if name.endswith("_pages")]
    kinds = [kind for kind in kinds if f"{kind}_seconds" in extras]
    if not kinds:
        return []
    pages, seconds = [f"{kind}_pages" for kind in kinds], [f"{kind}_seconds" for kind in kinds]
    n_pages, n_seconds = (sum(COL(name).cast(nw.Float64) for name in names) for names in (pages, seconds))
    made = _made_of(extras, *pages, *seconds)
    features = [
        Feature("total_pages", "pages of every kind", "pages", value=n_pages, **made),
        Feature("total_seconds", "time on pages of every kind", "seconds", value=n_seconds, **made),
        ratio("seconds_per_page", n_seconds, n_pages, "time on a page, mean", unit="seconds", **made),
    ]
    for kind, page, time in zip(kinds, pages, seconds, strict=True):
        both = _made_of(extras, page, time)
        about = f"time on a page of {kind}, mean"
        features += [
            ratio(f"{kind}_seconds_per_page", COL(time), COL(page), about, unit="seconds", **both),
            share(f"{kind}_page_share", COL(page), n_pages, f"share of pages that are {kind}", **made),
            share(f"{kind}_time_share", COL(time), n_seconds, f"share of time on {kind}", **made),
        ]
    return features


def _of_rates(extras):
    if not {"exit_rate", "bounce_rate"} <= set(extras):
        return []
    made = _made_of(extras, "exit_rate", "bounce_rate")
    what = "exit rate less bounce rate of the pages seen"
    return [Feature("exit_minus_bounce", what, "ratio", value=COL("exit_rate") - COL("bounce_rate"), **made)]


def _made_of(extras, *names):
    """Return what a feature needs and when it is known if it is made of the columns ``names``."""
    moments = [extras[name].known_at for name in names]
    return {"known_at": max(moments, key=KNOWN_AT.index), "needs": tuple(f"sessions.{name}" for name in names)}
