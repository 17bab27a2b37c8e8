"""Rows of those who are no customers: crawling bots, the shop's own test accounts, orders of unknown customers."""

import numpy as np

from purchase.simulation.baskets import COMPLETED, NO_COUPON
from purchase.simulation.columns import MISSING, NO_PRICE, concat, in_order_of, n_rows, runs, take
from purchase.simulation.funnel import ADD, BUY, PAY, VIEW
from purchase.simulation.population import DEVICES
from purchase.tables import DAY

FIRST_SESSION = 2**40  # their sessions are numbered from here, beyond every real one
FIRST_ORDER = 90_000_000  # ... and their orders, and customers that no table knows
CRAWL = (40, 120)  # views of a bot's session, one a second or so
TEST_VIEWS, TEST_PIECES = 18, 50
TEST_DAYS = 14  # days between the sessions of a test account
LAST_START = DAY - 600  # second of the last day by which they begin


class Strangers:
    """Adds strangers' rows to clean chunks; counts their sessions and orders over the chunks."""

    def __init__(self, rates, catalogue, *, n_customers):
        self.rates, self.catalogue = rates, catalogue
        self.n_sessions, self.n_orders = 0, 0
        self.n_customers = n_customers
        self.n_test_accounts = n_test_accounts(rates, n_customers)

    def join(self, events, orders, *, n_sessions, first_at, n_days, rng):
        """Return a chunk's events and order lines with the strangers' among them, both in order of time."""
        starts = (first_at, n_days)
        crawls = self._crawl(rng.binomial(n_sessions, self.rates.bots), *starts, rng)
        tests, test_orders = self._test(rng.poisson(self.n_test_accounts * n_days / TEST_DAYS), *starts, rng)
        unknown = self._unknown(orders, first_at + n_days * DAY, rng)
        if n_rows(crawls) + n_rows(tests):
            events = concat([events, crawls, tests])
            events = in_order_of(events, events["at"] - first_at)
        if n_rows(test_orders) + n_rows(unknown):
            orders = concat([orders, test_orders, unknown])
            orders = in_order_of(orders, orders["at"] - first_at)
        return events, orders

    def _crawl(self, n, first_at, n_days, rng):
        length = rng.integers(*CRAWL, n)
        session, nth = runs(length)
        product = (rng.integers(0, len(self.catalogue.category), n)[session] + nth) % len(self.catalogue.category)
        at = self._starts(n, first_at, n_days, rng)[session] + nth
        kind = np.full(len(nth), VIEW, dtype=np.int8)
        return self._events(at, kind, session, product, customer=np.full(len(nth), MISSING, dtype=np.int32))

    def _test(self, n, first_at, n_days, rng):
        """Return the events and orders of ``n`` sessions in which staff try the shop out on one product."""
        pattern = np.array([VIEW] * TEST_VIEWS + [ADD, PAY, BUY], dtype=np.int8)
        session, nth = runs(np.full(n, len(pattern)))
        product = rng.integers(0, len(self.catalogue.category), n)
        customer = (self.n_customers + rng.integers(0, max(self.n_test_accounts, 1), n)).astype(np.int32)
        start = self._starts(n, first_at, n_days, rng)
        events = self._events(start[session] + 2 * nth, pattern[nth], session, product[session], customer[session])
        order = self._new_orders(n)
        events["order"] = np.where(events["type"] == BUY, order[session], MISSING)
        price = self.catalogue.price_cents[product]
        return events, {
            "order": order,
            "at": start + 2 * (len(pattern) - 1),
            "customer": customer,
            "product": product.astype(np.int32),
            "category": self.catalogue.category[product],
            "quantity": np.full(n, TEST_PIECES),
            "unit_price": price,
            "discount": price * TEST_PIECES,
            "coupon": np.full(n, NO_COUPON, dtype=np.int8),
            "status": np.full(n, COMPLETED, dtype=np.int8),
        }

    def _unknown(self, orders, end_at, rng):
        """Return orders like others of the chunk, some hours later, of customers whom no table holds."""
        bought = np.flatnonzero(orders["status"] == COMPLETED)
        numbers = np.unique(orders["order"][bought])
        n = rng.binomial(len(numbers), self.rates.unknown_customers)
        chosen = rng.choice(numbers, n, replace=False, shuffle=False)
        lines = take(orders, bought[np.isin(orders["order"][bought], chosen)])
        _, copy = np.unique(lines["order"], return_inverse=True)
        later = rng.integers(3600, 12 * 3600, n)[copy]
        at = np.where(lines["at"] + later < end_at, lines["at"] + later, lines["at"] - 1)
        order = self._new_orders(n)[copy]
        return lines | {"order": order, "at": at, "customer": order.astype(np.int32)}

    def _events(self, at, kind, session, product, customer):
        """Return events with the columns of a clean chunk; their sessions are numbered anew."""
        number = FIRST_SESSION + self.n_sessions + session
        self.n_sessions += len(np.unique(session))
        about = kind <= ADD  # a checkout and a purchase are about no single product
        return {
            "at": at,
            "type": kind,
            "session": number,
            "customer": customer,
            "product": np.where(about, product, MISSING).astype(np.int32),
            "category": np.where(about, self.catalogue.category[product], MISSING).astype(np.int8),
            "price": np.where(about, self.catalogue.price_cents[product], NO_PRICE).astype(np.int32),
            "device": np.full(len(at), DEVICES.index("desktop"), dtype=np.int8),
            "source": np.zeros(len(at), dtype=np.int8),
            "campaign": np.full(len(at), MISSING, dtype=np.int32),
            "order": np.full(len(at), MISSING, dtype=np.int64),
        }

    def _new_orders(self, n):
        self.n_orders += n
        return FIRST_ORDER + self.n_orders - n + np.arange(n)

    @staticmethod
    def _starts(n, first_at, n_days, rng):
        return first_at + rng.integers(0, (n_days - 1) * DAY + LAST_START, n)


def n_test_accounts(rates, n_customers):
    """Return how many test accounts there are: the share in the params, at least one if it is not 0."""
    return 0 if rates.test_accounts == 0 else max(1, round(rates.test_accounts * n_customers))
