"""Whom to contact: profit by how many are contacted, against contacting all, none, and a recency-frequency rule.

Every order of a contacted customer counts as earned by the contact. That is an upper bound, since some would have
ordered anyway: propensity is not uplift.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import bootstrap_sums, percentile_interval
from purchase.insights.parts import Part

SHARES = np.arange(1, 51) / 50  # contacted, of the profit curve
CHAMPION, RECENCY_FREQUENCY = "champion", "recency-frequency rule"


@dataclass(frozen=True)
class Terms:
    """What a contact costs and an order earns."""

    margin: float
    contact_cost_cents: int
    budget_cents: int | None

    def profit(self, chance, value_cents):
        """Return the profit, in cents, of contacting customers who spend ``value_cents`` with some chance."""
        return self.margin * chance * value_cents - self.contact_cost_cents

    def most_contacts(self, n_rows):
        """Return how many of ``n_rows`` customers the budget allows to contact."""
        if self.budget_cents is None or self.contact_cost_cents == 0:
            return n_rows
        return min(n_rows, self.budget_cents // self.contact_cost_cents)


@dataclass(frozen=True)
class Outcomes:
    """Rows of a part: what each model expects a contact to earn, and what it would have earned.

    Parameters
    ----------
    expected : dict of {rule: array of shape (n_rows,)}
        Expected profit in cents, by which the rule ranks.
    profit : array of shape (n_rows,)
        What contacting the row would have earned, in cents.
    labels, groups : arrays of shape (n_rows,)
    """

    expected: dict
    profit: np.ndarray
    labels: np.ndarray
    groups: np.ndarray


def choose_cut(expected, profit, *, most):
    """Return the expected profit from which contacting earned most on these (validation) rows.

    Infinite where contacting nobody did; of equals, the one that contacts the fewest. At most ``most`` are contacted.
    """
    order = np.argsort(-expected, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(expected[order]) != 0, True))  # equals are contacted together
    ends = ends[ends < most]
    earned = np.cumsum(profit[order])[ends]
    if len(earned) == 0 or earned.max() <= 0:
        return np.inf
    return float(expected[order][ends[np.argmax(earned)]])


def contacted(expected, *, cut, most):
    """Return which rows are contacted: those expected to earn at least ``cut``, at most ``most``, the best first."""
    chosen = np.zeros(len(expected), dtype=bool)
    order = np.argsort(-expected, kind="stable")[:most]
    chosen[order] = expected[order] >= cut
    return chosen


def profit_part(validation, test, terms, **resampling):
    """Measure on test rows what each rule earns, its cut being chosen on validation rows.

    Parameters
    ----------
    validation, test : Outcomes
    terms : Terms
    resampling : n_bootstrap, interval and seed

    Returns
    -------
    Part
        Tables ``policies`` (a row a rule) and ``profit`` (the curve).
    bool array of shape (n_rows,)
        Which test rows the champion's rule contacts.
    """
    n_rows = len(test.profit)
    cuts = {
        rule: choose_cut(expected, validation.profit, most=terms.most_contacts(len(validation.profit)))
        for rule, expected in validation.expected.items()
    }
    rules = {
        rule: contacted(expected, cut=cuts[rule], most=terms.most_contacts(n_rows))
        for rule, expected in test.expected.items()
    }
    rules |= {"everybody": np.ones(n_rows, dtype=bool), "nobody": np.zeros(n_rows, dtype=bool)}
    policies = _policies(rules, test, **resampling)
    curve = _curve(test, **resampling)
    numbers = {
        "n_customers": n_rows,
        "cut_cents": {rule: None if np.isinf(cut) else round(cut, 2) for rule, cut in cuts.items()},
        "policies": policies.set_index("rule").to_dict("index"),
        "note": "every order of a contacted customer counts as earned: propensity is not uplift",
    }
    return Part(numbers, {"policies": policies, "profit": curve}), rules[CHAMPION]


def _policies(rules, test, *, interval, **resampling):
    earned = {rule: chosen * test.profit for rule, chosen in rules.items()}
    samples = bootstrap_sums(np.stack(list(earned.values())), test.groups, **resampling)
    lines = []
    for (rule, chosen), sample in zip(rules.items(), samples, strict=True):
        low, high = percentile_interval(sample, interval=interval)
        ahead_low, ahead_high = percentile_interval(samples[0] - sample, interval=interval)
        line = {"rule": rule, "n_contacted": int(chosen.sum()), "n_ordered": int(test.labels[chosen].sum())}
        line |= {"profit_cents": earned[rule].sum(), "low": low, "high": high}
        ahead = earned[CHAMPION].sum() - earned[rule].sum()
        lines.append(line | {"champion_ahead_cents": ahead, "ahead_low": ahead_low, "ahead_high": ahead_high})
    table = pd.DataFrame(lines)
    money = [name for name in table.columns if name not in ("rule", "n_contacted", "n_ordered")]
    return table.assign(**{name: np.rint(table[name].astype(float)).astype("int64") for name in money})


def _curve(test, *, interval, **resampling):
    """Profit by the share contacted, highest expected first; the sets are fixed, the customers in them resampled."""
    n_contacted = np.rint(SHARES * len(test.profit)).astype(int)
    tables = []
    for rule, expected in test.expected.items():
        rank = np.empty(len(expected), dtype=int)
        rank[np.argsort(-expected, kind="stable")] = np.arange(len(expected))
        steps = np.searchsorted(n_contacted, rank, side="right")  # the first set that a row is in
        added = np.zeros((len(SHARES), len(expected)))
        added[steps, np.arange(len(expected))] = test.profit
        samples = np.cumsum(bootstrap_sums(added, test.groups, **resampling), axis=0)
        low, high = percentile_interval(samples, interval=interval)
        earned = {"profit_cents": np.cumsum(added.sum(axis=1)), "low": low, "high": high}
        shown = {name: np.rint(cents).astype("int64") for name, cents in earned.items()}
        tables.append(pd.DataFrame({"rule": rule, "share_contacted": SHARES, "n_contacted": n_contacted} | shown))
    return pd.concat(tables, ignore_index=True)
