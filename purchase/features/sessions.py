"""What is known of a session itself: at its start, after its first events, and, for tables of sessions, as told."""

import dataclasses

import narwhals as nw

from purchase.features.customers import extra_feature
from purchase.features.events import PLURAL, SESSIONS, is_a
from purchase.features.registry import Block, Feature, count, distinct, only_if, ratio, step
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
    )


def so_far_block(rows, events):
    """Describe what a session has shown before its cutoff."""
    shown = events.filter(~COL("session_id").is_null()).drop("customer_id")
    records = rows.select("row_id", "session_id", "cutoff").join(shown, on="session_id")
    records = records.filter(COL("event_at") < COL("cutoff"))
    features = [
        count(f"n_{kind}_so_far", is_a(kind), f"{plural} so far in the session", unit="events")
        for kind, plural in PLURAL.items()
    ]
    price, last = ("events.price_cents",), {"order_by": ["event_at", "row"]}
    features += [
        step("n_so_far", nw.len().cast(nw.Int64)),
        step("span_so_far", COL("event_at").max() - COL("event_at").min()),
        Feature("seconds_so_far", "first to last event so far", "seconds", value=COL("span_so_far")),
        ratio(
            "seconds_per_event_so_far",
            COL("span_so_far"),
            COL("n_so_far") - 1,
            "time between events so far, mean",
            unit="seconds",
        ),
        Feature(
            "n_products_so_far",
            "different products so far",
            "products",
            aggregate=distinct(COL("product_id")),
            needs=("events.product_id",),
        ),
        Feature(
            "n_categories_so_far",
            "different categories so far",
            "categories",
            aggregate=distinct(COL("category")),
            needs=("events.category",),
        ),
        Feature(
            "mean_price_cents_so_far",
            "price shown so far, mean",
            "cents",
            aggregate=COL("price_cents").mean(),
            needs=price,
        ),
        Feature(
            "cart_cents_so_far",
            "price of what was put in the cart so far",
            "cents",
            aggregate=only_if(is_a("add_to_cart"), COL("price_cents")).sum().cast(nw.Int64),
            needs=price,
        ),
        Feature("last_type_so_far", "the last event so far", aggregate=COL("event_type").last(**last), type="category"),
    ]
    late = [
        dataclasses.replace(feature, known_at="during_session", needs=(*feature.needs, *SESSIONS))
        for feature in features
    ]
    return Block("events", records, late)


def table_block(extras):
    """Describe sessions by the shop's own columns, and by what follows from them.

    ``<name>_duration`` beside ``<name>`` is the time spent on so many pages: time per page, totals and shares follow.
    What is made of several columns is known when the last of them is.

    Parameters
    ----------
    extras : dict of str to Extra
    """
    own = [extra_feature("sessions", name, extra, known_at=extra.known_at) for name, extra in extras.items()]
    return Block("sessions", None, own + _of_pages(extras) + _of_rates(extras))


def _of_pages(extras):
    number = {name for name, extra in extras.items() if extra.type == "number"}
    kinds = sorted(name for name in number if f"{name}_duration" in number)
    if not kinds:
        return []
    pages, seconds = list(kinds), [f"{kind}_duration" for kind in kinds]
    unit = extras[seconds[0]].unit or "seconds"
    made = {
        "known_at": _latest(extras, pages + seconds),
        "needs": tuple(f"sessions.{name}" for name in pages + seconds),
    }
    n_pages, n_seconds = (sum(COL(name).cast(nw.Float64) for name in names) for names in (pages, seconds))
    features = [
        Feature("total_pages", "pages of every kind", "pages", value=n_pages, **made),
        Feature("total_duration", "time on pages of every kind", unit, value=n_seconds, **made),
        ratio("duration_per_page", n_seconds, n_pages, "time on a page, mean", unit=unit, **made),
    ]
    for kind in kinds:
        page, time = COL(kind), COL(f"{kind}_duration")
        two = {
            "known_at": _latest(extras, [kind, f"{kind}_duration"]),
            "needs": (f"sessions.{kind}", f"sessions.{kind}_duration"),
        }
        features += [
            ratio(f"{kind}_duration_per_page", time, page, f"time on a page of {kind}, mean", unit=unit, **two),
            ratio(f"{kind}_page_share", page, n_pages, f"share of pages that are {kind}", **made),
            ratio(f"{kind}_duration_share", time, n_seconds, f"share of time on {kind}", **made),
        ]
    return features


def _of_rates(extras):
    both = [name for name in ("exit_rates", "bounce_rates") if name in extras]
    if len(both) < 2:
        return []
    needs = tuple(f"sessions.{name}" for name in both)
    return [
        Feature(
            "exit_minus_bounce",
            "exit rate less bounce rate of the pages seen",
            value=COL("exit_rates") - COL("bounce_rates"),
            known_at=_latest(extras, both),
            needs=needs,
        )
    ]


def _latest(extras, names):
    return max((extras[name].known_at for name in names), key=KNOWN_AT.index)
