"""The shop's year: seasons, weekdays, hours, sale days, promotions and the drift of the last months."""

import datetime
from dataclasses import dataclass

import numpy as np

from purchase.tables import DAY

# Traffic of each month and weekday (Monday first), the year's mean about 1: gift shopping in November and December.
MONTHS = np.array([0.96, 0.90, 0.94, 0.95, 0.97, 0.95, 0.95, 0.92, 0.98, 1.02, 1.18, 1.28])
WEEKDAYS = np.array([1.06, 1.04, 1.02, 1.00, 0.96, 0.92, 1.00])

# Share of a day's sessions in each hour (UTC): lunch and evening peaks, later mornings at the weekend.
HOURS_WEEKDAY = np.array([8, 5, 3, 2, 2, 4, 10, 20, 30, 38, 42, 45, 52, 46, 42, 42, 44, 48, 54, 64, 72, 66, 42, 20])
HOURS_WEEKEND = np.array([14, 9, 5, 3, 2, 3, 5, 10, 20, 36, 48, 54, 54, 52, 52, 54, 55, 56, 56, 62, 68, 62, 42, 24])

CAMPAIGN_EVERY = 14  # days between promotions
FIRST_CAMPAIGN = 9
CAMPAIGN_REACH = 3  # days after the day of the e-mail in which it still works; must stay below CAMPAIGN_EVERY


@dataclass(frozen=True)
class Calendar:
    """What each day of the export is like; arrays of shape (n_days,).

    Attributes
    ----------
    first_at : int
        Midnight of the first day, seconds since 1970-01-01 UTC.
    traffic : float
        Sessions relative to an average day.
    sale : float
        Discount on everything, a share; 0 on ordinary days.
    weekend, campaign, reached : bool
        Whether it is a weekend, whether a promotion goes out, whether the last one still works.
    drift : float
        How far tastes, prices and mobile traffic have drifted.
    """

    first_at: int
    n_days: int
    traffic: np.ndarray
    sale: np.ndarray
    weekend: np.ndarray
    campaign: np.ndarray
    reached: np.ndarray
    drift: np.ndarray

    @property
    def end_at(self):
        return self.first_at + self.n_days * DAY

    def at(self, day, second=0):
        """Return the seconds since 1970-01-01 UTC of a second of a day; both may be arrays."""
        return self.first_at + np.asarray(day, dtype=np.int64) * DAY + second


def make_calendar(*, start, n_days, drift_days, drift):
    """Return the Calendar of ``n_days`` days from ``start`` ("YYYY-MM-DD")."""
    first = datetime.date.fromisoformat(start)
    dates = [first + datetime.timedelta(days=day) for day in range(n_days)]
    weekday = np.array([date.weekday() for date in dates])
    days = np.arange(n_days)
    since_campaign = np.where(days < FIRST_CAMPAIGN, CAMPAIGN_EVERY, (days - FIRST_CAMPAIGN) % CAMPAIGN_EVERY)
    ramp = np.clip((days - (n_days - drift_days) + 1) / max(drift_days, 1), 0, 1)
    return Calendar(
        first_at=(first - datetime.date(1970, 1, 1)).days * DAY,
        n_days=n_days,
        traffic=MONTHS[[date.month - 1 for date in dates]] * WEEKDAYS[weekday],
        sale=np.array([sale_discount(date) for date in dates]),
        weekend=weekday >= 5,
        campaign=since_campaign == 0,
        reached=(since_campaign >= 1) & (since_campaign <= CAMPAIGN_REACH),
        drift=ramp * drift,
    )


def sale_discount(date):
    """Return the share taken off every price on a date: Black Friday to Cyber Monday, early January, early July."""
    first_november = datetime.date(date.year, 11, 1)
    thanksgiving = first_november + datetime.timedelta(days=(3 - first_november.weekday()) % 7 + 21)
    if 1 <= (date - thanksgiving).days <= 4:
        return 0.30
    if (date.month, date.day) >= (1, 2) and (date.month, date.day) <= (1, 8):
        return 0.20
    if date.month == 7 and date.day <= 7:
        return 0.15
    return 0.0


def hour_shares(weekend):
    """Return the share of sessions in each hour of the day, shape (24,)."""
    hours = HOURS_WEEKEND if weekend else HOURS_WEEKDAY
    return hours / hours.sum()
