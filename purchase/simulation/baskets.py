"""Turn what was bought into order lines with discounts and coupons, and some of them into returns later on."""

import numpy as np

from purchase.simulation.catalogue import RETURN_RATE
from purchase.simulation.columns import MISSING, take
from purchase.simulation.conversion import EMAIL
from purchase.tables import DAY

COMPLETED, RETURNED = range(2)
STATUSES = ("completed", "returned")
NO_COUPON, SAVE, WELCOME = -1, 0, 1
COUPONS = ("SAVE10", "WELCOME5")
COUPON_PERCENT = np.array([10, 5, 0])  # the last is NO_COUPON's
SECOND, THIRD = 0.14, 0.04  # share of lines with a second and a third piece
SOONEST, MEAN_RETURN, LATEST = 2 * DAY, 9 * DAY, 45 * DAY  # seconds until goods come back


def make_orders(sessions, bought, paid_at, population, catalogue, calendar, rng):
    """Return order lines; ``paid_at`` is when each of ``sessions`` was paid for (any number where it was not).

    Returns
    -------
    lines : batch
        order (0 for the first order of the batch), at, customer, product, category, quantity,
        unit_price, discount (of the line), coupon, status; a product comes once in an order.
    order_of_session : int array of shape (n_sessions,)
        Each session's order, or MISSING.
    """
    _, once = np.unique(bought["session"] * len(catalogue.category) + bought["product"], return_index=True)
    bought = take(bought, once)
    buyers = np.unique(bought["session"])
    buyers = buyers[np.argsort(paid_at[buyers], kind="stable")]
    number = np.full(len(paid_at), MISSING)
    number[buyers] = np.arange(len(buyers))
    coupon = _coupons(take(sessions, buyers), population, rng)[number[bought["session"]]]
    day, luck = sessions["day"][bought["session"]], rng.random(len(once))
    quantity = 1 + (luck < SECOND).astype(np.int64) + (luck < THIRD)
    percent = np.rint(100 * calendar.sale[day]).astype(np.int64) + COUPON_PERCENT[coupon]
    unit_price = bought["price"].astype(np.int64)
    lines = {
        "order": number[bought["session"]],
        "at": paid_at[bought["session"]],
        "customer": sessions["customer"][bought["session"]],
        "product": bought["product"],
        "category": catalogue.category[bought["product"]],
        "quantity": quantity,
        "unit_price": unit_price,
        "discount": (unit_price * quantity * percent + 50) // 100,
        "coupon": coupon,
        "status": np.full(len(once), COMPLETED, dtype=np.int8),
    }
    return lines, number


def _coupons(sessions, population, rng):
    """Return the coupon of each ordering session: promotions give one, and so do first orders on sign-up day."""
    customer, luck = sessions["customer"], rng.random(len(sessions["day"]))
    wary = population.traits.sensitivity[customer]
    promoted = (sessions["treated"] | (sessions["source"] == EMAIL)) & (luck < 0.3 + 0.6 * wary)
    new = (customer >= 0) & (population.arrival_day[customer] == sessions["day"]) & (luck < 0.3)
    return np.where(promoted, SAVE, np.where(new, WELCOME, NO_COUPON)).astype(np.int8)


def make_returns(lines, rng):
    """Return the lines that take goods back, each at its own later time; some keep a part."""
    back = take(lines, rng.random(len(lines["at"])) < RETURN_RATE[lines["category"]])
    n = len(back["at"])
    delay = np.minimum(SOONEST + rng.exponential(MEAN_RETURN, n).astype(np.int64), LATEST)
    quantity = np.where(rng.random(n) < 0.8, back["quantity"], 1)
    return back | {
        "at": back["at"] + delay,
        "discount": back["discount"] * quantity // back["quantity"],
        "quantity": quantity,
        "status": np.full(n, RETURNED, dtype=np.int8),
    }
