"""Who the customers are: what the shop knows of them, and the latent traits that it never sees."""

from dataclasses import dataclass, fields

import numpy as np

from purchase.simulation.catalogue import DEMAND
from purchase.simulation.streams import pick, stream
from purchase.tables import DAY

GENDERS = ("female", "male", "other")
COUNTRIES = ("DE", "FR", "NL", "AT", "BE", "IT", "ES", "PL")
CHANNELS = ("organic", "paid_search", "social", "referral", "affiliate")
TIERS = ("basic", "plus")
DEVICES = ("mobile", "desktop", "tablet")

BEFORE = 0.45  # share of accounts made before the export starts
OLDEST = 720  # days before the export in which those were made
LATEST_SIGN_UP = 20 * 3600  # second of the day; leaves the evening for the first session
CONSENT = 0.55  # share who agree to promotions
PLUS = 0.2  # share who join the programme at sign-up
CHANNEL_LOGIT = np.array([0.10, -0.05, -0.35, 0.35, -0.05])  # of each channel on conversion
LEAVE_MARKET = 1 / 9  # chance a day that a need passes without an order


@dataclass(frozen=True)
class Traits:
    """Latent traits, arrays of shape (n_customers,) or (n_customers, n_categories).

    Attributes
    ----------
    visits : float
        Sessions a day outside the market, while the customer lasts.
    conversion : float
        Logit of adding to the cart in an average session, see ``conversion.reach``.
    need : float
        Chance a day of coming into the market, where visits and conversion are higher until an order or LEAVE_MARKET.
    dropout : float
        Chance a day of leaving for good: the daily form of an exponential lifetime.
    sensitivity : float
        Price sensitivity, 0 to 1: response to sale days and promotions, cheaper products.
    opens : float
        Chance of opening a promotion.
    device : int8
        The main device, a position in DEVICES.
    taste : float32
        Cumulative share of interest by category.
    """

    visits: np.ndarray
    conversion: np.ndarray
    need: np.ndarray
    dropout: np.ndarray
    sensitivity: np.ndarray
    opens: np.ndarray
    device: np.ndarray
    taste: np.ndarray

    def take(self, rows):
        return Traits(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Population:
    """Customers in the order of sign-up: what the shop's customer table holds, the traits, and first and last days.

    ``arrival_day`` is the day of sign-up (negative: before the export), ``dropout_day`` the first day without visits.
    """

    signed_up_at: np.ndarray
    birth_year: np.ndarray
    gender: np.ndarray
    country: np.ndarray
    channel: np.ndarray
    consent: np.ndarray
    tier: np.ndarray
    arrival_day: np.ndarray
    dropout_day: np.ndarray
    traits: Traits

    def __len__(self):
        return len(self.signed_up_at)


def make_population(calendar, *, seed, n_customers):
    """Draw ``n_customers`` customers who sign up before or during the calendar's days."""
    rng = stream(seed, "population")
    arrival_at = _sign_up_seconds(rng, calendar, n_customers)
    arrival_day = arrival_at // DAY
    age = np.clip(18 + rng.gamma(2.6, 8.5, n_customers), 18, 88).astype(np.int64)
    channel = pick(rng, np.cumsum([0.34, 0.24, 0.18, 0.12, 0.12]), n_customers)
    tier = (rng.random(n_customers) < PLUS).astype(np.int8)
    gender = pick(rng, np.cumsum([0.55, 0.42, 0.03]), n_customers)
    traits = _draw_traits(rng, age=age, gender=gender, channel=channel, tier=tier)
    year = 1970 + calendar.first_at // (365.2425 * DAY)
    return Population(
        signed_up_at=calendar.first_at + arrival_at,
        birth_year=(year - age).astype(np.int64),
        gender=gender,
        country=pick(rng, np.cumsum([0.38, 0.16, 0.12, 0.09, 0.07, 0.07, 0.06, 0.05]), n_customers),
        channel=channel,
        consent=rng.random(n_customers) < CONSENT,
        tier=tier,
        arrival_day=arrival_day,
        dropout_day=arrival_day + rng.geometric(traits.dropout),
        traits=traits,
    )


def _sign_up_seconds(rng, calendar, n):
    """Return sorted sign-up times, seconds from the calendar's first midnight; those before it are negative."""
    before = -1 - np.floor(OLDEST * rng.random(n) ** 1.3)  # a growing shop: more of them recent
    busy = np.cumsum(calendar.traffic)
    during = np.searchsorted(busy[:-1], busy[-1] * rng.random(n), side="right")
    day = np.where(rng.random(n) < BEFORE, before, during).astype(np.int64)
    return np.sort(day * DAY + rng.integers(6 * 3600, LATEST_SIGN_UP, n))


def _draw_traits(rng, *, age, gender, channel, tier):
    """Draw the traits; the known attributes shift them a little, so that demographics carry some signal."""
    n = len(age)
    young = (age < 35).astype(float)
    visits = rng.gamma(0.9, 0.044 / 0.9, n) * np.where(tier == 1, 1.4, 0.9) + 0.001
    conversion = -2.84 + 0.55 * rng.standard_normal(n) + CHANNEL_LOGIT[channel] + 0.25 * tier
    need = 0.0068 * np.exp(0.8 * rng.standard_normal(n) - 0.32) * np.where(tier == 1, 1.3, 0.95)
    dropout = rng.gamma(0.9, 0.0042 / 0.9, n) + 0.0002
    sensitivity = rng.beta(2.0, 2.5, n) * (0.8 + 0.2 * young)
    opens = rng.beta(3.0, 2.4, n)
    mobile_first = rng.random(n) < 0.42 + 0.25 * young
    device = np.where(mobile_first, 0, np.where(rng.random(n) < 0.85, 1, 2)).astype(np.int8)
    leaning = DEMAND * np.ones((n, 1))
    leaning[gender == 0] *= np.array([1.3, 1.5, 1.0, 0.7, 1.1, 1.1, 0.8, 1.0])
    leaning[gender == 1] *= np.array([0.8, 0.5, 1.0, 1.5, 0.9, 0.9, 1.3, 1.0])
    shares = rng.standard_gamma(2.5 * leaning) + 1e-9  # gammas over their sum are a Dirichlet
    taste = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1).astype(np.float32)
    return Traits(visits, conversion, np.minimum(need, 0.2), dropout, sensitivity, opens, device, taste)


def anonymous_taste():
    """Return the cumulative taste of visitors without an account, shape (n_categories,)."""
    return np.cumsum(DEMAND / DEMAND.sum())
