"""What sessions look at: how many products, which, at what price, and how many go into the cart."""

import numpy as np

from purchase.simulation.catalogue import TRENDING
from purchase.simulation.columns import runs
from purchase.simulation.population import anonymous_taste
from purchase.simulation.visits import NO_CART

MOST_VIEWS = 60
MORE_VIEWS = np.array([1.75, 3.6, 4.2, 4.4])  # mean views after the first, by how far the session gets
MORE_IN_MARKET = 1.2  # ... and of customers in the market
BOUNCE = 0.25  # share of sessions without a cart that end at the first view
MORE_ITEMS = 0.6  # mean items after the first in a cart
FOCUS = 0.75  # share of views in the session's own category
BARGAINS = 0.6  # chance, at sensitivity 1, of looking at the cheaper of two products


def draw_views(sessions, rng):
    """Draw what sessions view.

    Returns
    -------
    views : int array of shape (n_sessions,)
        Views of each session, at least 1.
    steps : batch of ``views.sum()`` rows
        A row a view, in order: ``session``, whether it is ``added`` to the cart.
    """
    n = len(sessions["depth"])
    views = rng.geometric(1 / (1 + MORE_VIEWS[sessions["depth"]] + MORE_IN_MARKET * sessions["in_market"]))
    views[(sessions["depth"] == NO_CART) & (rng.random(n) < BOUNCE)] = 1
    views = np.minimum(views, MOST_VIEWS)
    items = np.minimum(rng.geometric(1 / (1 + MORE_ITEMS), n), views) * (sessions["depth"] > NO_CART)
    session, nth = runs(views)
    return views, {"session": session, "added": nth >= (views - items)[session]}


def choose_products(sessions, session, population, catalogue, calendar, rng):
    """Return the product and the price in cents of each view; ``session`` says whose view it is."""
    customer, drift = sessions["customer"], calendar.drift[sessions["day"]]
    sensitivity = np.where(customer >= 0, population.traits.sensitivity[customer], 0.5)
    focus = _focus(customer, drift, population, rng)
    stray = _draw(anonymous_taste(), rng, len(session))
    category = np.where(rng.random(len(session)) < FOCUS, focus[session], stray)
    product = catalogue.draw(rng, category)
    wary = np.flatnonzero(rng.random(len(product)) < BARGAINS * sensitivity[session])
    other = catalogue.draw(rng, category[wary])
    cheaper = catalogue.price_cents[other] < catalogue.price_cents[product[wary]]
    product[wary[cheaper]] = other[cheaper]
    return product, catalogue.price_at(product, drift[session])


def _focus(customer, drift, population, rng):
    """Return each session's own category: by the customer's taste, or by the trend as far as that has drifted."""
    luck = rng.random(len(customer))
    own = (luck[:, None] >= population.traits.taste[customer][:, :-1]).sum(axis=1)
    general = np.searchsorted(anonymous_taste()[:-1], luck, side="right")
    trend = _draw(np.cumsum(TRENDING), rng, len(customer))
    return np.where(rng.random(len(customer)) < drift, trend, np.where(customer >= 0, own, general))


def _draw(cumulative, rng, n):
    return np.searchsorted(cumulative[:-1], rng.random(n), side="right")
