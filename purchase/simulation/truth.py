"""Each customer's true chance of ordering in the horizon, from the same rates that the generator draws with."""

import numpy as np

from purchase.simulation import conversion
from purchase.simulation.population import LEAVE_MARKET

BLOCK = 50_000  # customers worked on at a time, to bound memory


def order_propensity(walk, rows, *, day, horizon_days):
    """Return P(at least one order on the days [day, day + horizon_days) | traits and state at the start of ``day``).

    Within a day a customer's sessions are a Poisson number that end with an order independently of each other, so no
    order has the chance exp(-visits x mean conversion). Days are joined backwards over the states that may follow:
    lasting or dropped out, in the market or not, reached by the last promotion or not (who will be is not known yet: a
    mixture). What an order changes afterwards does not matter to the chance of having none.

    Parameters
    ----------
    walk : Walk
        As it stands before ``walk.step(day)``.
    rows : int array of shape (n,)
        Customers that are present at the cutoff.

    Returns
    -------
    array of shape (n,)
    """
    blocks = [rows[first : first + BLOCK] for first in range(0, len(rows), BLOCK)]
    return np.concatenate([_block_propensity(walk, block, day, horizon_days) for block in blocks] or [np.zeros(0)])


def _block_propensity(walk, rows, first_day, horizon_days):
    traits = walk.population.traits.take(rows)
    treat = walk.population.consent[rows] * (conversion.REACHED_SHARE * (1 - walk.holdout))
    none = np.ones((2, 2, len(rows)))  # chance of no order from here on, by in_market and treated
    for day in reversed(range(first_day, first_day + horizon_days)):
        none = _day_without_order(traits, walk.calendar, day) * none
        if walk.calendar.campaign[day]:
            none = np.repeat((treat * none[:, 1] + (1 - treat) * none[:, 0])[:, None], 2, axis=1)
        outside = traits.need * none[1] + (1 - traits.need) * none[0]
        inside = LEAVE_MARKET * none[0] + (1 - LEAVE_MARKET) * none[1]
        none = traits.dropout + (1 - traits.dropout) * np.stack([outside, inside])
    state = (walk.in_market[rows].astype(int), walk.treated[rows].astype(int), np.arange(len(rows)))
    return 1 - none[state]


def _day_without_order(traits, calendar, day):
    """Return the chance of a day without an order, shape (2, 2 or 1, n): in_market by treated, if that matters."""
    states = (0, 1) if calendar.reached[day] or calendar.campaign[day] else (0,)
    chances = [[_no_order(traits, calendar, day, market, treated) for treated in states] for market in (0, 1)]
    return np.array(chances)


def _no_order(traits, calendar, day, in_market, treated):
    state = {"in_market": in_market, "treated": treated}
    logit = conversion.customer_logit(traits, calendar, day, **state)
    orders = conversion.visit_rate(traits, calendar, day, **state)
    orders = orders * conversion.mean_order_chance(logit, traits.device, calendar, day)
    none = np.exp(-orders)
    if treated and calendar.campaign[day]:
        click = traits.opens * conversion.CLICK_GIVEN_OPEN
        none *= 1 - click * conversion.mean_order_chance(logit, traits.device, calendar, day, clicked=True)
    return none
