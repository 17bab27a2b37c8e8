"""The simulated shop, lived through a chunk of days at a time."""

import numpy as np

from purchase.simulation import dirt
from purchase.simulation.baskets import make_orders, make_returns
from purchase.simulation.calendar import make_calendar
from purchase.simulation.catalogue import make_catalogue
from purchase.simulation.columns import MISSING, NO_PRICE, concat, in_order_of, n_rows, take
from purchase.simulation.funnel import BUY, make_events
from purchase.simulation.population import make_population
from purchase.simulation.strangers import Strangers
from purchase.simulation.streams import stream
from purchase.simulation.truth import order_propensity
from purchase.simulation.visits import Walk


class Shop:
    """A shop of the section ``simulate`` of params.yaml; ``chunks`` lives through its days, once."""

    def __init__(self, params):
        self.params = params
        self.calendar = make_calendar(
            start=params.start, n_days=params.n_days, drift_days=params.drift_days, drift=params.drift
        )
        self.catalogue = make_catalogue(params.seed)
        self.population = make_population(self.calendar, seed=params.seed, n_customers=params.n_customers)
        self.walk = Walk(self.population, self.calendar, seed=params.seed, holdout=params.holdout)
        self.strangers = Strangers(params.dirt, self.catalogue, n_customers=params.n_customers)
        self.n_sessions, self.n_orders = 0, 0
        self.waiting = None  # returns that have not come back yet

    @property
    def cutoffs(self):
        """Days at whose start the truth is told: the export's end less one horizon, two horizons, ..."""
        return range(self.params.n_days - self.params.truth_horizon_days, 0, -self.params.truth_horizon_days)

    def customers(self):
        """Return the customer table, dirt included."""
        people, n = self.population, len(self.population)
        customers = {
            "customer": np.arange(n),
            "test_account": np.full(n, MISSING),
            "birth_year": people.birth_year,
            "gender": people.gender,
            "country": people.country,
            "at": people.signed_up_at,
            "channel": people.channel,
            "consent": people.consent.astype(np.int8),
            "tier": people.tier,
        }
        n_tests = self.strangers.n_test_accounts
        staff = take(customers, np.zeros(n_tests, dtype=np.int64))  # as old as the oldest account
        staff |= {"customer": n + np.arange(n_tests), "test_account": np.arange(n_tests)}
        rng = stream(self.params.seed, "customer_dirt")
        return dirt.dirty_customers(concat([staff, customers]), self.params.dirt, rng)

    def chunks(self):
        """Yield what each chunk of days leaves.

        Yields
        ------
        events, orders : batch
            Rows of the export, dirt included, in the order in which they are written.
        sessions : batch
            session, propensity: the truth about the chunk's sessions.
        customers : list of batches
            customer, cutoff, propensity: the truth at each cutoff in the chunk.
        """
        for first in range(0, self.params.n_days, self.params.chunk_days):
            days = range(first, min(first + self.params.chunk_days, self.params.n_days))
            lived, truth = [], []
            for day in days:
                if day in self.cutoffs:
                    truth.append(self._truth(day))
                lived.append(self.walk.step(day))
            sessions = concat([sessions for sessions, _ in lived])
            emails = [emails for _, emails in lived if emails is not None]
            known = {
                "session": self.n_sessions + np.arange(n_rows(sessions)),
                "propensity": sessions["propensity"],
            }
            events, orders = self._clean(sessions, emails, days)
            yield *self._dirty(events, orders, n_rows(sessions), days), known, truth

    def _truth(self, day):
        chance = np.zeros(len(self.population))
        present = np.flatnonzero(self.walk.present(day))
        horizon = self.params.truth_horizon_days
        chance[present] = order_propensity(self.walk, present, day=day, horizon_days=horizon)
        known = np.flatnonzero(self.population.arrival_day < day)  # those who dropped out stay, with a chance of 0
        cutoff = np.full(len(known), self.calendar.at(day))
        return {"customer": known, "cutoff": cutoff, "propensity": chance[known]}

    def _clean(self, sessions, emails, days):
        """Return a chunk's events and order lines, in order of time."""
        made = (self.population, self.catalogue, self.calendar)
        events, bought = make_events(sessions, *made, stream(self.params.seed, "funnel", days[0]))
        paid_at = np.full(n_rows(sessions), MISSING)
        paid_at[events["session"][events["type"] == BUY]] = events["at"][events["type"] == BUY]
        rng = stream(self.params.seed, "baskets", days[0])
        lines, order_of_session = make_orders(sessions, bought, paid_at, *made, rng)
        lines["order"] += self.n_orders
        in_session = events["session"]
        events["order"] = np.where(events["type"] == BUY, self.n_orders + order_of_session[in_session], MISSING)
        events |= {"device": sessions["device"][in_session], "source": sessions["source"][in_session]}
        events |= {"session": self.n_sessions + in_session, "campaign": np.full(len(in_session), MISSING, np.int32)}
        self.n_sessions += n_rows(sessions)
        self.n_orders += int((paid_at >= 0).sum())
        events = concat([events, *(_without_session(part, events) for part in emails)])
        orders = self._due(lines, make_returns(lines, rng), days)
        first_at = self.calendar.at(days[0])
        return in_order_of(events, events["at"] - first_at), in_order_of(orders, orders["at"] - first_at)

    def _due(self, lines, returns, days):
        """Return the chunk's order lines and the returns that fall in it; later returns wait."""
        waiting = returns if self.waiting is None else concat([self.waiting, returns])
        due = waiting["at"] < self.calendar.at(days[-1] + 1)
        self.waiting = take(waiting, ~due)
        return concat([lines, take(waiting, due)])

    def _dirty(self, events, orders, n_sessions, days):
        rates, seed = self.params.dirt, self.params.seed
        chunk = {"n_sessions": n_sessions, "first_at": int(self.calendar.at(days[0])), "n_days": len(days)}
        events, orders = self.strangers.join(events, orders, **chunk, rng=stream(seed, "strangers", days[0]))
        rng, bounds = stream(seed, "dirt", days[0]), (self.calendar.first_at, self.calendar.end_at)
        events = dirt.dirty_events(events, rates, rng, first_at=bounds[0], end_at=bounds[1])
        return events, dirt.dirty_orders(orders, rates, rng, end_at=bounds[1])


def _without_session(emails, events):
    """Return e-mail events with the columns of ``events``, all others missing."""
    n = n_rows(emails)
    missing = {name: np.full(n, MISSING, values.dtype) for name, values in events.items()}
    return missing | {"price": np.full(n, NO_PRICE, np.int32)} | emails
