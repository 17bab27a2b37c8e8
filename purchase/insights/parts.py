"""What the insights are made of: parts, each of which is either there or says why it is not."""

from dataclasses import dataclass, field

import numpy as np

N_DECIMALS = 6  # of written shares and scores


class NotAvailable(Exception):
    """A part cannot be made from what the shop keeps; the message says why."""


@dataclass(frozen=True)
class Part:
    """A part of the insights.

    Parameters
    ----------
    numbers : dict
        What metrics/insights.json says: numbers and short texts.
    tables : dict of {name: DataFrame}
        What plots/insights/<name>.csv holds.
    """

    numbers: dict
    tables: dict = field(default_factory=dict)

    @property
    def is_there(self):
        return "not_available" not in self.numbers


def make(maker, *arguments, **settings):
    """Return the part that ``maker`` makes or, if it cannot be made, one that says why."""
    try:
        return maker(*arguments, **settings)
    except NotAvailable as reason:
        return unavailable(reason)


def unavailable(reason):
    """Return the part that says why there is none."""
    return Part({"not_available": str(reason)})


def estimate(value, low, high):
    """Return a number with its interval as JSON has it: None where it is undefined."""
    ends = {"value": value, "low": low, "high": high}
    return {end: round(float(number), N_DECIMALS) if np.isfinite(number) else None for end, number in ends.items()}
