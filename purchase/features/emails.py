"""Promotions by e-mail, and what the customer made of them."""

import narwhals as nw

from purchase.features.events import is_a
from purchase.features.filled import EMAILS
from purchase.features.past import past, within
from purchase.features.registry import Block, count, needing, only_if, ratio, since, step
from purchase.tables import EMAIL_TYPES

COL = nw.col


def email_block(rows, events, *, spans_days):
    """Describe promotions by e-mail and what the customer made of them."""
    lookback = spans_days[-1]
    records = past(rows, events.filter(is_a(*EMAIL_TYPES)), at="event_at", lookback_days=lookback)
    verbs = {"email_sent": "e-mails sent", "email_open": "e-mails opened", "email_click": "clicks in e-mails"}
    features = [
        count(f"n_{kind}_{days}d", is_a(kind) & within(days), f"{verb} in the last {days} days", unit="e-mails")
        for days in spans_days
        for kind, verb in verbs.items()
    ]
    sent, opened, clicked = (COL(f"n_{kind}_{lookback}d") for kind in verbs)
    features += [
        ratio("email_open_rate", opened, sent, "e-mails opened over e-mails sent in the lookback"),
        ratio("email_click_rate", clicked, sent, "clicks over e-mails sent in the lookback"),
        step("last_email_at", only_if(is_a("email_sent"), COL("event_at")).max()),
        since(
            "days_since_email", "last_email_at", "time since the last e-mail was sent; missing: none in the lookback"
        ),
        step("last_click_at", only_if(is_a("email_click"), COL("event_at")).max()),
        since("days_since_email_click", "last_click_at", "time since the last click in an e-mail"),
    ]
    return Block("events", records, needing(features, EMAILS))
