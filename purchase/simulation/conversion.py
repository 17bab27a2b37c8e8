"""How likely a session is to reach the cart, the checkout and an order.

The rates that the shop is set to, and where they are published:

- session conversion 2.5 to 3.5 %: 2.3 to 2.5 % in Q1 2014 and Q1 2015, 3.5 % in Q4 2015 (Monetate, "Ecommerce
  Quarterly");
- sessions that add to the cart 7 to 11 %: 8.3 % in Q1 2014, 7.4 % in Q1 2015 (the same, EQ1 2015);
- carts left behind about 70 %: 70.19 %, the mean of some fifty studies (Baymard Institute, "Cart Abandonment Rate
  Statistics");
- buyers who order again 25 to 35 %: 32 % within a year (RJMetrics, "2015 Ecommerce Buyer Behavior Benchmark");
- e-mails opened 20 to 35 %, clicked about 2 % ("Email Marketing Statistics and Benchmarks by Industry", Mailchimp);
- return rates: see ``catalogue``.
"""

import functools

import numpy as np

from purchase.simulation.calendar import hour_shares

SOURCES = ("direct", "organic_search", "paid_search", "social", "referral", "email")
EMAIL = SOURCES.index("email")
CUSTOMER_SOURCES = np.array([0.40, 0.26, 0.13, 0.10, 0.11, 0.0])
ANONYMOUS_SOURCES = np.array([0.22, 0.36, 0.20, 0.16, 0.06, 0.0])

# What each mark of a session adds to the logit of adding to the cart.
DEVICE_LOGIT = np.array([-0.25, 0.30, 0.05])
SOURCE_LOGIT = np.array([0.20, 0.05, -0.05, -0.60, 0.25, 0.45])
HOUR_LOGIT = np.repeat([-0.35, 0.10, 0.0, 0.20], 6)  # night, morning, afternoon, evening

ANONYMOUS_DEVICE = 3  # row of DEVICE_SHARES for visitors without an account
DEVICE_SHARES = np.array([[0.86, 0.10, 0.04], [0.18, 0.77, 0.05], [0.16, 0.12, 0.72], [0.60, 0.35, 0.05]])
MOBILE_DRIFT = 0.6  # share of the drift by which sessions move to mobile

IN_MARKET_VISITS, IN_MARKET_LOGIT = 5.0, 1.0  # times the visits and added logit of a customer with a need
SALE_VISITS, SALE_LOGIT = 1.5, 5.0  # for a discount of 1 and a sensitivity of 1
REACHED_VISITS, REACHED_LOGIT = 0.8, 0.7  # of a promotion on a customer of sensitivity 1, on the days after it
SIGN_UP_LOGIT = 0.9  # accounts are often made to order
ANONYMOUS_LOGIT = -2.85
CLICK_GIVEN_OPEN = 0.085
REACHED_SHARE = 0.30  # share of the consenting accounts that a promotion is for

GRID = np.arange(-14.0, 8.0, 0.02)  # logits at which the mean conversion over marks is tabulated


def reach(logit):
    """Return the chances that a session of a logit adds to the cart, reaches the checkout, and orders."""
    cart = _sigmoid(logit)
    checkout = cart * _sigmoid(0.15 + 0.30 * (logit + 2.2))
    return cart, checkout, checkout * _sigmoid(-0.10 + 0.30 * (logit + 2.2))


def visit_rate(traits, calendar, day, *, in_market, treated):
    """Return the expected sessions of each customer on a day, clicks on the day's own promotion apart.

    ``in_market`` and ``treated`` (the last promotion came by e-mail) are flags or arrays of them.
    """
    rate = traits.visits * calendar.traffic[day] * (1 + (IN_MARKET_VISITS - 1) * in_market)
    if calendar.sale[day]:
        rate = rate * (1 + SALE_VISITS * calendar.sale[day] * traits.sensitivity)
    if calendar.reached[day]:
        rate = rate * (1 + REACHED_VISITS * traits.sensitivity * treated)
    return rate


def customer_logit(traits, calendar, day, *, in_market, treated):
    """Return the logit of each customer's sessions on a day, before the marks of the session."""
    logit = traits.conversion + IN_MARKET_LOGIT * in_market
    if calendar.sale[day]:
        logit = logit + SALE_LOGIT * calendar.sale[day] * traits.sensitivity
    if calendar.reached[day]:
        logit = logit + REACHED_LOGIT * traits.sensitivity * treated
    return logit


def device_shares(drift):
    """Return the devices of sessions by main device, shape (4, 3); drift moves sessions to mobile."""
    moved = MOBILE_DRIFT * drift
    return (1 - moved) * DEVICE_SHARES + moved * np.array([1.0, 0.0, 0.0])


def mean_order_chance(logit, device, calendar, day, *, clicked=False):
    """Return the chance that a session of a customer ends with an order, over the marks that it may draw.

    Parameters
    ----------
    logit : array of shape (n,)
        See ``customer_logit``.
    device : int array of shape (n,)
        Main devices.
    clicked : bool
        Sessions that a click in an e-mail starts: their source is known, and their hour has no effect.

    Returns
    -------
    array of shape (n,)
        The exact mean at the points of GRID, linear between them: right to one part in 10,000.
    """
    table = _mean_table(bool(calendar.weekend[day]), float(calendar.drift[day]), clicked)
    place = (logit - GRID[0]) * (1 / (GRID[1] - GRID[0]))
    left = np.clip(place.astype(np.int64), 0, len(GRID) - 2)
    cell = device * np.int64(len(GRID)) + left
    low = table[cell]
    return low + (place - left) * (table[cell + 1] - low)


@functools.lru_cache(maxsize=512)
def _mean_table(weekend, drift, clicked):
    """Return the mean of ``reach``'s chance of an order over devices, sources and hours, flat (3 * n_grid,)."""
    devices = device_shares(drift)[:3]
    effects, shares = np.array([SOURCE_LOGIT[EMAIL]]), np.ones(1)
    if not clicked:
        sources = CUSTOMER_SOURCES > 0
        parts = hour_shares(weekend).reshape(4, 6).sum(axis=1)
        effects = (SOURCE_LOGIT[sources][:, None] + HOUR_LOGIT[::6]).ravel()
        shares = (CUSTOMER_SOURCES[sources][:, None] * parts).ravel()
    chance = reach(GRID[:, None, None] + DEVICE_LOGIT[:, None] + effects)[2]  # (n_grid, 3, n_effects)
    return (devices @ (chance @ shares).T).ravel()


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))
