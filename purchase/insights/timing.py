"""When the next order comes: a model of the hazard, interval by interval, learned from all cutoffs before.

A customer who has not ordered by the start of an interval orders in it with a chance, the hazard. The chance of an
order within a horizon is what is left when none of its intervals had one, so it never falls as the horizon grows, and a
cutoff whose longest horizon is not over yet still teaches its first intervals. One boosted model learns all intervals,
starting from each one's mean hazard. Orders are few, so all are kept and only some of the rows without.

References
----------
Singer and Willett (1993), "It's about time: using discrete-time survival analysis to study duration and the timing of
events", Journal of Educational Statistics 18. King and Zeng (2001), "Logistic regression in rare events data",
Political Analysis 9, section 4.2, for weighting what was sampled.
"""

from dataclasses import dataclass

import numpy as np
from lightgbm import LGBMClassifier
from scipy.special import expit, logit

from purchase.tables import DAY

MOST_QUIET = 60_000  # rows without an order that are learned from
LEAST_ORDERS = 30  # within an interval, below which its hazard is not learned
CHUNK_ROWS = 100_000  # scored at a time
SETTINGS = {
    "n_estimators": 60,
    "learning_rate": 0.07,
    "num_leaves": 15,
    "min_child_samples": 40,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.3,
    "reg_lambda": 1.0,
    "deterministic": True,
    "force_row_wise": True,  # else LightGBM times both ways and takes the faster
    "verbose": -1,
}


@dataclass(frozen=True)
class Hazards:
    """What was learned.

    Parameters
    ----------
    names : list of str
        Features.
    edges : array of shape (n_intervals,)
        Ends of the intervals in days; the first begins at the cutoff.
    base : array
        Mean hazard of each of the first intervals; there were too few orders to learn the others.
    model : LGBMClassifier
    """

    names: list
    edges: np.ndarray
    base: np.ndarray
    model: object

    def chances(self, rows):
        """Return the chance of an order within each edge, (n_rows, n_intervals); NaN where it was not learned."""
        chances = np.full((len(rows), len(self.edges)), np.nan)
        for start in range(0, len(rows), CHUNK_ROWS):
            part = rows[self.names].iloc[start : start + CHUNK_ROWS].to_numpy(dtype="float32", na_value=np.nan)
            none = np.ones(len(part))
            for k, base in enumerate(self.base):
                scores = self.model.predict(_with_interval(part, k), raw_score=True)
                none *= 1 - expit(scores + logit(base))
                chances[start : start + CHUNK_ROWS, k] = 1 - none
        return chances


def fit_hazards(rows, days, names, *, edges, origin, seed, n_threads):
    """Learn from the cutoffs before ``origin`` what was known by then.

    Parameters
    ----------
    rows : DataFrame with cutoff and ``names``
    days : array of shape (n_rows,)
        To the next order, NaN if there is none.
    edges : array of shape (n_intervals,)
        Days.
    origin : int
        Seconds; no order at or after it is looked at.

    Returns
    -------
    Hazards, or None if not even the first interval had enough orders
    """
    row, ordered, interval = _at_risk(rows["cutoff"].to_numpy(), days, edges=edges, origin=origin)
    n_orders = np.bincount(interval, weights=ordered, minlength=len(edges))
    n_learned = int(np.cumprod(n_orders >= LEAST_ORDERS).sum())
    if n_learned == 0:
        return None
    base = n_orders[:n_learned] / np.bincount(interval, minlength=len(edges))[:n_learned]
    learned = interval < n_learned
    row, ordered, interval = row[learned], ordered[learned], interval[learned]
    kept, weights = _fewer_quiet(ordered, np.random.default_rng(seed))
    model = LGBMClassifier(**SETTINGS, random_state=seed, n_jobs=n_threads)
    numbers = rows[names].iloc[row[kept]].to_numpy(dtype="float32", na_value=np.nan)
    start = logit(base[interval[kept]])
    model.fit(_with_interval(numbers, interval[kept]), ordered[kept], sample_weight=weights, init_score=start)
    return Hazards(list(names), np.asarray(edges), base, model)


def _at_risk(cutoffs, days, *, edges, origin):
    """Return (row, whether it ordered, interval) of every row and interval that began without an order and is over."""
    found = []
    for k, (start, end) in enumerate(zip([0, *edges[:-1]], edges, strict=True)):
        row = np.flatnonzero((cutoffs + int(end) * DAY <= origin) & ~(days < start))
        found.append((row, days[row] < end, np.full(len(row), k)))
    return [np.concatenate(columns) for columns in zip(*found, strict=True)]


def _fewer_quiet(ordered, rng):
    """Return the rows that are learned from, at most ``MOST_QUIET`` without an order, and their weights."""
    quiet = np.flatnonzero(~ordered)
    drawn = quiet if len(quiet) <= MOST_QUIET else rng.choice(quiet, MOST_QUIET, replace=False)
    kept = np.sort(np.concatenate([np.flatnonzero(ordered), drawn]))
    return kept, np.where(ordered[kept], 1.0, len(quiet) / max(len(drawn), 1))


def _with_interval(numbers, interval):
    return np.column_stack([numbers, np.broadcast_to(np.float32(interval), len(numbers))])


def anchored(chances, propensity, k):
    """Bend the chances of each row so that the one within edge ``k`` is its propensity.

    The champion says how likely an order is, the hazards how that grows with time: the accumulated hazard,
    ``-log(1 - chance)``, of each row is scaled by one factor.

    Parameters
    ----------
    chances : array of shape (n_rows, n_intervals)
    propensity : array of shape (n_rows,)

    Returns
    -------
    array of shape (n_rows, n_intervals)
    """
    accumulated = -np.log1p(-chances)
    scale = -np.log1p(-np.minimum(propensity, 1 - 1e-9)) / np.maximum(accumulated[:, k], 1e-12)
    return -np.expm1(-accumulated * scale[:, None])


def chance_within(chances, edges, day):
    """Return each row's chance of an order within ``day`` days, the hazard between two edges being even.

    Parameters
    ----------
    chances : array of shape (n_rows, n_intervals)
    edges : array of shape (n_intervals,)
    day : number
        Above 0, at most the last edge.
    """
    accumulated, edges = _accumulated(chances), np.append(0, edges)
    k = np.searchsorted(edges, day)
    share = (day - edges[k - 1]) / (edges[k] - edges[k - 1])
    return -np.expm1(-(accumulated[:, k - 1] * (1 - share) + accumulated[:, k] * share))


def _accumulated(chances):
    """Return the hazard accumulated by the cutoff (none) and by each edge."""
    return np.column_stack([np.zeros(len(chances)), -np.log1p(-chances)])


def days_to_half(chances, edges):
    """Return the day by which half of those order who order within the last edge, for each row.

    Parameters
    ----------
    chances : array of shape (n_rows, n_intervals)
        Without NaN.

    Returns
    -------
    array of shape (n_rows,)
    """
    accumulated = _accumulated(chances)
    half = -np.log1p(-chances[:, -1] / 2)
    edges = np.append(0, edges).astype(float)
    k = np.clip((accumulated < half[:, None]).sum(axis=1), 1, len(edges) - 1)
    row = np.arange(len(chances))
    low, high = accumulated[row, k - 1], accumulated[row, k]
    share = np.divide(half - low, high - low, out=np.full(len(row), 0.5), where=high > low)
    return edges[k - 1] + share * (edges[k] - edges[k - 1])
