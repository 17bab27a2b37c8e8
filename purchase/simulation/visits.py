"""Walk the customers through the days: who is in the market, who visits, and how far each session gets."""

import numpy as np

from purchase.simulation import conversion
from purchase.simulation.calendar import hour_shares
from purchase.simulation.columns import MISSING, concat
from purchase.simulation.conversion import ANONYMOUS_DEVICE, EMAIL
from purchase.simulation.population import LEAVE_MARKET
from purchase.simulation.streams import stream
from purchase.tables import EMAIL_TYPES, EVENT_TYPES

NO_CART, CART, CHECKOUT, ORDER = range(4)  # how far a session gets
ARRIVE_IN_MARKET = 0.6  # share of new accounts that are made for a need
ANONYMOUS_VISITS = 0.0078  # sessions without an account on an average day, for each account made by the end
SEND_SECOND = 7 * 3600  # promotions go out at seven, within the hour
OPEN_DELAY = 2.5 * 3600  # mean delay until an e-mail is opened, seconds
FIRST_OPEN, LATEST_OPEN = SEND_SECOND + 3600, 20 * 3600

SENT, HELD_OUT, OPEN, CLICK = (EVENT_TYPES.index(kind) for kind in EMAIL_TYPES)


class Walk:
    """The state of every customer, moved on a day at a time by ``step``; arrays of shape (n_customers,).

    Attributes
    ----------
    in_market : bool
        Has a need: visits and conversion are higher.
    treated : bool
        The last promotion came by e-mail, and may still work.
    """

    def __init__(self, population, calendar, *, seed, holdout):
        self.population, self.calendar, self.seed, self.holdout = population, calendar, seed, holdout
        rng = stream(seed, "start")
        need = population.traits.need
        settled = need / (need + LEAVE_MARKET)
        arrive = np.where(population.arrival_day < 0, settled, ARRIVE_IN_MARKET)
        self.in_market = rng.random(len(population)) < arrive
        stay = rng.geometric(np.where(self.in_market, LEAVE_MARKET, need))
        self.turn_day = np.maximum(population.arrival_day, -1) + stay
        self.treated = np.zeros(len(population), dtype=bool)

    def step(self, day):
        """Live through one day.

        Returns
        -------
        sessions : batch
            day, start (second of the day), customer, device, source, depth, propensity, in_market, treated.
        emails : batch
            at, type, customer, campaign.
        """
        rng = stream(self.seed, "visits", day)
        self._turn(day, rng)
        emails, clicks = self._send(day, rng)
        parts = [self._sign_ups(day, rng), self._visits(day, rng), self._anonymous(day, rng)]
        sessions = concat([*parts, clicks] if clicks else parts)
        self._convert(sessions, day, rng)
        self._meet_needs(sessions, day, rng)
        return sessions, emails

    def present(self, day):
        """Return who has an account and still visits, at the first instant of a day."""
        return (self.population.arrival_day < day) & (self.population.dropout_day >= day)

    def _turn(self, day, rng):
        turning = np.flatnonzero(self.turn_day == day)
        self.in_market[turning] ^= True
        self._draw_turns(turning, day, rng)

    def _draw_turns(self, rows, day, rng):
        chance = np.where(self.in_market[rows], LEAVE_MARKET, self.population.traits.need[rows])
        self.turn_day[rows] = day + rng.geometric(chance)

    def _send(self, day, rng):
        """Send the day's promotion, if there is one; return its e-mail events and the sessions that clicks start."""
        people = self.population
        if not self.calendar.reached[day]:
            self.treated[:] = False
        if not self.calendar.campaign[day]:
            return None, None
        chosen = people.consent & (people.arrival_day < day) & (rng.random(len(people)) < conversion.REACHED_SHARE)
        chosen = np.flatnonzero(chosen)
        held = rng.random(len(chosen)) < self.holdout
        sent_to = chosen[~held]
        self.treated[sent_to] = True
        lasting = people.dropout_day[sent_to] > day
        opened = sent_to[lasting & (rng.random(len(sent_to)) < people.traits.opens[sent_to])]
        sent = SEND_SECOND + rng.integers(0, 3600, len(chosen))
        delay = rng.exponential(OPEN_DELAY, len(opened)).astype(np.int64)
        open_second = FIRST_OPEN + delay % (LATEST_OPEN - FIRST_OPEN)
        clicked = rng.random(len(opened)) < conversion.CLICK_GIVEN_OPEN
        click_second = open_second[clicked] + rng.integers(5, 60, clicked.sum())
        emails = {
            "second": np.concatenate([sent, open_second, click_second]),
            "type": np.repeat([SENT, OPEN, CLICK], [len(chosen), len(opened), len(click_second)]).astype(np.int8),
            "customer": np.concatenate([chosen, opened, opened[clicked]]).astype(np.int32),
        }
        emails["type"][: len(chosen)][held] = HELD_OUT
        emails["at"] = self.calendar.at(day, emails.pop("second"))
        emails["campaign"] = np.full(len(emails["at"]), day, dtype=np.int32)
        clicks = self._open(opened[clicked], day, start=click_second + 2)
        clicks["source"][:] = EMAIL
        return emails, clicks

    def _open(self, customer, day, *, start=None):
        """Return sessions of customers with the marks that ``_convert`` draws still missing."""
        n = len(customer)
        return {
            "day": np.full(n, day, dtype=np.int32),
            "start": np.full(n, MISSING, dtype=np.int64) if start is None else start,
            "customer": customer.astype(np.int32),
            "source": np.full(n, MISSING, dtype=np.int8),
            "logit": np.zeros(n),
        }

    def _sign_ups(self, day, rng):
        people = self.population
        low, high = np.searchsorted(people.arrival_day, [day, day + 1])
        start = people.signed_up_at[low:high] - self.calendar.at(day)
        sessions = self._open(np.arange(low, high), day, start=start)
        sessions["logit"] += conversion.SIGN_UP_LOGIT
        return sessions

    def _visits(self, day, rng):
        """Draw who visits: one Poisson number for the shop, each visit split over the customers by their rates."""
        people = self.population
        rate = conversion.visit_rate(
            people.traits, self.calendar, day, in_market=self.in_market, treated=self.treated
        ) * ((people.arrival_day < day) & (people.dropout_day > day))
        total = np.cumsum(rate)
        n = rng.poisson(total[-1])
        customer = np.searchsorted(total, np.sort(rng.random(n)) * total[-1], side="right")
        return self._open(np.minimum(customer, len(people) - 1), day)

    def _anonymous(self, day, rng):
        n = rng.poisson(ANONYMOUS_VISITS * len(self.population) * self.calendar.traffic[day])
        return self._open(np.full(n, MISSING), day)

    def _convert(self, sessions, day, rng):
        """Draw the marks of sessions, and from them their true chance of an order and how far they get."""
        customer, known = sessions["customer"], sessions["customer"] >= 0
        traits = self.population.traits.take(customer)  # of anonymous sessions: any, and overwritten below
        sessions["in_market"] = self.in_market[customer] & known
        sessions["treated"] = self.treated[customer] & known & bool(self.calendar.reached[day])
        logit = conversion.customer_logit(
            traits, self.calendar, day, in_market=sessions["in_market"], treated=sessions["treated"]
        )
        anonymous = conversion.ANONYMOUS_LOGIT + conversion.SALE_LOGIT * self.calendar.sale[day] / 2
        sessions["logit"] += np.where(known, logit, anonymous)
        self._mark(sessions, np.where(known, traits.device, ANONYMOUS_DEVICE), day, rng)
        chances = conversion.reach(sessions.pop("logit"))
        luck = rng.random(len(customer))
        sessions["depth"] = sum((luck < chance).astype(np.int8) for chance in chances)
        sessions["propensity"] = chances[2]

    def _mark(self, sessions, device_row, day, rng):
        n = len(device_row)
        known = sessions["customer"] >= 0
        drawn = np.where(
            known,
            np.searchsorted(np.cumsum(conversion.CUSTOMER_SOURCES)[:4], rng.random(n), side="right"),
            np.searchsorted(np.cumsum(conversion.ANONYMOUS_SOURCES)[:4], rng.random(n), side="right"),
        )
        sessions["source"] = np.where(sessions["source"] < 0, drawn, sessions["source"]).astype(np.int8)
        cumulative = np.cumsum(conversion.device_shares(self.calendar.drift[day]), axis=1)[device_row]
        luck = rng.random(n)
        sessions["device"] = ((luck >= cumulative[:, 0]).astype(np.int8) + (luck >= cumulative[:, 1])).astype(np.int8)
        hours = np.cumsum(hour_shares(self.calendar.weekend[day]))
        hour = np.searchsorted(hours[:-1], rng.random(n), side="right")
        start = np.where(sessions["start"] < 0, hour * 3600 + rng.integers(0, 3600, n), sessions["start"])
        hour_logit = np.where(sessions["source"] == EMAIL, 0.0, conversion.HOUR_LOGIT[start // 3600])
        sessions["start"] = start
        sessions["logit"] += conversion.SOURCE_LOGIT[sessions["source"]] + conversion.DEVICE_LOGIT[sessions["device"]]
        sessions["logit"] += hour_logit

    def _meet_needs(self, sessions, day, rng):
        """An order meets the need: the customer is out of the market from the end of the day."""
        bought = sessions["customer"][(sessions["depth"] == ORDER) & (sessions["customer"] >= 0)]
        bought = np.unique(bought)
        self.in_market[bought] = False
        self._draw_turns(bought, day, rng)
