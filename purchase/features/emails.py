"""Promotions by e-mail, and what the customer made of them."""

import narwhals as nw

from purchase.features.cells import by_cell
from purchase.features.events import is_a, used
from purchase.features.past import past, within
from purchase.features.registry import Block, needing, number_of, only_if, ratio, share, since, step, total
from purchase.tables import DAY

COL = nw.col
SOON_DAYS = 3  # after a click, within which an order is taken for an answer to it


def email_block(rows, events, *, spans_days, grid):
    """Describe promotions by e-mail and what the customer made of them."""
    lookback = spans_days[-1]
    verbs = {"email_sent": "e-mails sent", "email_open": "e-mails opened", "email_click": "clicks in e-mails"}
    sums = {f"n_{kind}": number_of(is_a(kind)) for kind in verbs}
    sums |= {f"last_{kind}": only_if(is_a(kind), COL("event_at")).max() for kind in ("email_sent", "email_click")}
    cells = by_cell(events.filter(is_a(*verbs)), at="event_at", grid=grid, **sums)
    records = past(rows, cells, at="event_at", lookback_days=lookback)
    counts = [
        total(
            f"n_{kind}_{days}d",
            only_if(within(days), COL(f"n_{kind}")),
            f"{verb} in the last {days} days",
            unit="e-mails",
            kinds=(kind,),
        )
        for days in spans_days
        for kind, verb in verbs.items()
    ]
    sent, opened, clicked = (COL(f"n_{kind}_{lookback}d") for kind in verbs)
    of_sent = [
        ratio(
            "email_open_rate", opened, sent, "e-mails opened over e-mails sent in the lookback", kinds=("email_open",)
        ),
        ratio("email_click_rate", clicked, sent, "clicks over e-mails sent in the lookback", kinds=("email_click",)),
        step("last_email_at", COL("last_email_sent").max()),
        since(
            "days_since_email", "last_email_at", "time since the last e-mail was sent; missing: none in the lookback"
        ),
    ]
    of_clicks = [
        step("last_click_at", COL("last_email_click").max()),
        since("days_since_email_click", "last_click_at", "time since the last click in an e-mail"),
    ]
    told = needing(of_sent, *used("email_sent")) + needing(of_clicks, *used("email_click"))
    return Block("events", records, counts + told, "emails")


def reaction_block(rows, events, orders, *, lookback_days):
    """Say whether orders, those that a row may see, follow clicks in e-mails: with each goes the last click before."""
    clicks = past(rows, events.filter(is_a("email_click")), at="event_at", lookback_days=lookback_days)
    clicks = clicks.select("row_id", at="event_at", clicked_at="event_at", ordered=nw.lit(False))
    placed = orders.select("row_id", at="ordered_at", clicked_at=nw.lit(0, dtype=nw.Int64), ordered=nw.lit(True))
    records = nw.concat([clicks, placed])
    last_click = COL("clicked_at").cum_max().over("row_id", order_by=["at", "ordered"])
    soon = COL("ordered") & (COL("at") - COL("last_click") <= SOON_DAYS * DAY)
    features = [
        step("n_orders_after_click", number_of(soon)),
        share(
            "order_after_click_share",
            COL("n_orders_after_click"),
            COL(f"n_orders_{lookback_days}d"),
            f"share of orders within {SOON_DAYS} days after a click in an e-mail",
        ),
    ]
    records = records.with_columns(last_click=last_click)
    return Block("events", records, needing(features, "orders", *used("email_click")), "reaction")
