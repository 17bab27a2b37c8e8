"""Turn sessions into events: searches, views, carts, wishlists, checkouts and purchases, with their times."""

import numpy as np

from purchase.simulation.browsing import choose_products, draw_views
from purchase.simulation.columns import MISSING, NO_PRICE, runs, take
from purchase.simulation.conversion import EMAIL
from purchase.simulation.visits import CART, CHECKOUT, ORDER
from purchase.tables import DAY, EVENT_TYPES

VIEW, SEARCH, ADD, REMOVE, WISH, PAY, BUY = (
    EVENT_TYPES.index(kind)
    for kind in ("view", "search", "add_to_cart", "remove_from_cart", "wishlist", "checkout", "purchase")
)
REMOVES = np.array([0.0, 0.25, 0.10, 0.12])  # share of carts from which the first item is taken out, by depth
FIRST_SEARCH, NEXT_SEARCH, WISHES = 0.22, 0.08, 0.03
LOGGED_IN, LOGS_IN = 0.55, 0.35  # share of customers' sessions with a login from the start, and half-way
SHORTEST, MEAN_GAP, LONGEST = 3, 38, 1200  # seconds between events


def make_events(sessions, population, catalogue, calendar, rng):
    """Return the events of a chunk's sessions and what was bought in them.

    Returns
    -------
    events : batch
        at, type, session (its row), customer, product, category, price; a session's events lie together, in order.
    bought : batch
        What orders hold: session (its row), product, price.
    """
    views, steps = draw_views(sessions, rng)
    steps["product"], steps["price"] = choose_products(sessions, steps["session"], population, catalogue, calendar, rng)
    first_step = np.cumsum(views) - views
    first_item = first_step + views - np.add.reduceat(steps["added"].astype(np.int64), first_step)
    several = first_item < first_step + views - 1
    removes = rng.random(len(views)) < REMOVES[sessions["depth"]]
    removes &= several | (sessions["depth"] == CART)  # what is paid for is not empty
    kind, step, n_events = _lay_out(sessions, steps, first_step, first_item, removes, rng)
    events = _describe(kind, step, steps, catalogue)
    events["session"], position = runs(n_events)
    events["at"] = _times(sessions, n_events, events["session"], calendar, rng)
    events["customer"] = _customers(sessions, n_events, events["session"], position, rng)
    kept = steps.pop("added") & (sessions["depth"] == ORDER)[steps["session"]]
    kept[first_item[removes]] = False
    return events, take(steps, kept)


def _lay_out(sessions, steps, first_step, first_item, removes, rng):
    """Put each session's events in a row: what each is, which view (a row of ``steps``) it is about, events a session.

    A view may follow a search, and be followed by its product's way into the cart or on the wishlist; the session ends
    with what is taken out, the checkout and the purchase.
    """
    n = len(steps["session"])
    searched = rng.random(n) < NEXT_SEARCH
    searched[first_step] = rng.random(len(first_step)) < FIRST_SEARCH
    followed = steps["added"] | (rng.random(n) < WISHES)
    size = searched + np.int64(1) + followed
    paid, ordered = sessions["depth"] >= CHECKOUT, sessions["depth"] == ORDER
    tail = removes + paid.astype(np.int64) + ordered
    n_events = np.add.reduceat(size, first_step) + tail
    last = np.cumsum(n_events) - 1
    view = np.cumsum(size) - size + (np.cumsum(tail) - tail)[steps["session"]] + searched
    kind = np.full(n_events.sum(), VIEW, dtype=np.int8)
    step = np.full(len(kind), MISSING, dtype=np.int64)
    kind[view[searched] - 1] = SEARCH
    kind[view[followed] + 1] = np.where(steps["added"][followed], ADD, WISH)
    kind[last[ordered]] = BUY
    kind[(last - ordered)[paid]] = PAY
    taken_out = (last - tail + 1)[removes]
    kind[taken_out] = REMOVE
    step[view] = np.arange(n)
    step[view[followed] + 1] = np.flatnonzero(followed)
    step[taken_out] = first_item[removes]
    return kind, step, n_events


def _describe(kind, step, steps, catalogue):
    about = step >= 0
    product = np.where(about, steps["product"][step], np.int32(MISSING))
    return {
        "type": kind,
        "product": product,
        "category": np.where(about, catalogue.category[product], np.int8(MISSING)),
        "price": np.where(about, steps["price"][step], NO_PRICE).astype(np.int32),
    }


def _times(sessions, n_events, session, calendar, rng):
    """Return the second of each event; a session that would run past midnight starts earlier, so that a day is a day.

    Pauses are above the two seconds within which the same action again is a near duplicate, and below half an hour.
    """
    gap = SHORTEST + rng.exponential(MEAN_GAP, len(session)).astype(np.int64)
    first = np.cumsum(n_events) - n_events
    gap[first] = 0
    since = np.cumsum(np.minimum(gap, LONGEST))
    since -= since[first][session]
    length = since[first + n_events - 1]
    start = np.clip(sessions["start"], 0, DAY - 1 - length)
    return calendar.at(sessions["day"], start)[session] + since


def _customers(sessions, n_events, session, position, rng):
    """Return each event's customer: missing before the login, and in sessions without one."""
    luck = rng.random(len(n_events))
    closing = np.maximum(sessions["depth"].astype(np.int64) - CART, 0)  # checkout and purchase need the login
    half_way = 1 + np.floor(rng.random(len(n_events)) * (n_events - closing)).astype(np.int64)
    half_way = np.minimum(half_way, n_events - closing)
    never = np.where(closing > 0, half_way, n_events)
    login = np.where(luck < LOGGED_IN, 0, np.where(luck < LOGGED_IN + LOGS_IN, half_way, never))
    login[sessions["source"] == EMAIL] = 0
    return np.where(position >= login[session], sessions["customer"][session], np.int32(MISSING))
