"""When customers order: the chance within each horizon, scored at cutoffs after which the horizon is over."""

import numpy as np
import pandas as pd

from purchase.evaluation.bootstrap import (
    bootstrap_metrics,
    bootstrap_sums,
    calibration_error,
    percentile_interval,
    weighted_metrics,
)
from purchase.evaluation.metrics import METRICS
from purchase.insights.parts import N_DECIMALS, NotAvailable, Part, estimate
from purchase.insights.segments import share_intervals
from purchase.insights.timing import days_to_half
from purchase.tables import DAY

N_BINS = 10  # of the calibration error
LEAST_ORDERS = 10  # within a horizon, below which it is not scored
SCORES = ("roc_auc", "log_loss", "calibration_slope")
TIMED = "days_to_order"


def when_part(origins, *, edges, horizons_days, end_at, **resampling):
    """Score every horizon at the latest cutoff after which it is over, and tell how it did at those before.

    Parameters
    ----------
    origins : list of Origin
        Of ``rolling.roll``.
    edges : array of int
        Days, ``horizons_days`` among them.
    end_at : int
        The first instant that the records do not cover, in seconds.

    Returns
    -------
    Part
        Tables ``horizons`` (a row a horizon that could be scored) and ``horizons_by_cutoff``.

    Raises
    ------
    NotAvailable
        If no cutoff had enough orders before it.
    """
    if not origins:
        raise NotAvailable("too few orders lie before the last cutoffs to learn when the next one comes")
    scored, past, reasons = [], [], {}
    for days in horizons_days:
        k = list(edges).index(days)
        over = [at for at in origins if at.cutoff + days * DAY <= end_at and not np.isnan(at.chances[:, k]).any()]
        over = [at for at in over if (at.days < days).sum() >= LEAST_ORDERS]
        past += [_at_cutoff(origin, k, days, interval=resampling["interval"]) for origin in over]
        if over:
            scored.append(_score(over[-1], k, days, **resampling))
        else:
            reasons[str(days)] = _reason(origins, k, days, end_at)
    numbers = {"not_scored": reasons, "timing": _timing(origins, edges, end_at, **resampling)}
    tables = {"horizons": pd.DataFrame(scored), "horizons_by_cutoff": pd.DataFrame(past)}
    return Part(numbers, {name: table.round(N_DECIMALS) for name, table in tables.items() if len(table)})


def horizon_columns(chances, *, edges, horizons_days):
    """Return what the target list says of customers.

    Parameters
    ----------
    chances : array of shape (n_customers, n_edges)
        NaN where a horizon was not learned.

    Returns
    -------
    DataFrame of n_customers rows
        ``propensity_<n>_days`` for each horizon that was learned, and the day by which half of those order who order
        within the longest of them.
    """
    table, learned = pd.DataFrame(index=range(len(chances))), ~np.isnan(chances).any(axis=0)
    for days in horizons_days:
        k = list(edges).index(days)
        if learned[k]:
            table[f"propensity_{days}_days"] = chances[:, k].round(N_DECIMALS)
    if learned.any():
        table[TIMED] = days_to_half(chances[:, learned], np.asarray(edges)[learned]).round(1)
    return table


def _reason(origins, k, days, end_at):
    learned = [origin for origin in origins if not np.isnan(origin.chances[:, k]).any()]
    if not learned:
        return f"no cutoff has enough orders before it, at cutoffs at least {days} days earlier, to learn from"
    if not any(origin.cutoff + days * DAY <= end_at for origin in learned):
        return f"the records end less than {days} days after each cutoff that had something to learn from"
    return f"fewer than {LEAST_ORDERS} customers ordered within {days} days of a cutoff"


def _at_cutoff(origin, k, days, *, interval):
    ordered, chances = origin.days < days, origin.chances[:, k]
    (low,), (high,) = share_intervals([ordered.sum()], [len(ordered)], interval=interval)
    values = dict(zip(METRICS, _metrics(ordered, chances), strict=True))
    return {
        "horizon_days": days,
        "cutoff": _date(origin.cutoff),
        "with_champion": origin.with_champion,
        "n_rows": len(ordered),
        "n_ordered": int(ordered.sum()),
        "mean_propensity": chances.mean(),
        "share_ordered": ordered.mean(),
        "low": low,
        "high": high,
        "roc_auc": values["roc_auc"],
        "log_loss": values["log_loss"],
        "bg_nbd_log_loss": _losses(ordered, origin.baseline[:, k]).mean(),
        "base_rate_log_loss": _losses(ordered, origin.base_rates[k]).mean(),
    }


def _score(origin, k, days, *, n_bootstrap, interval, seed):
    ordered, chances = origin.days < days, origin.chances[:, k]
    groups, drawing = origin.rows["group"], {"n_bootstrap": n_bootstrap, "seed": seed}
    row = {name: value for name, value in _at_cutoff(origin, k, days, interval=interval).items() if name not in SCORES}
    values = _metrics(ordered, chances)
    samples = bootstrap_metrics(ordered, {"": chances}, groups, thresholds={"": 0.5}, **drawing)[""]
    lows, highs = percentile_interval(samples, interval=interval)
    for name in SCORES:
        place = METRICS.index(name)
        row |= {name: values[place], f"{name}_low": lows[place], f"{name}_high": highs[place]}
    gain = _losses(ordered, origin.baseline[:, k]) - _losses(ordered, chances)
    low, high = percentile_interval(bootstrap_sums(gain, groups, **drawing)[0] / len(gain), interval=interval)
    row |= {"gain_on_bg_nbd": gain.mean(), "gain_low": low, "gain_high": high}
    error = calibration_error(ordered, chances, groups, n_bins=N_BINS, interval=interval, **drawing)
    return row | {f"calibration_error_{end}" if end != "value" else "calibration_error": v for end, v in error.items()}


def _metrics(ordered, chances):
    return weighted_metrics(ordered, chances, np.ones((len(ordered), 1)), threshold=0.5)[:, 0]


def _losses(ordered, chances):
    chances = np.clip(chances, 1e-12, 1 - 1e-12)
    return -np.log(np.where(ordered, chances, 1 - chances))


def _timing(origins, edges, end_at, *, n_bootstrap, interval, seed):
    """Score the expected days to the next order on those who ordered, against one number for all."""
    for days in reversed(list(edges)):
        k = list(edges).index(days)
        over = [at for at in origins if at.cutoff + days * DAY <= end_at and not np.isnan(at.chances[:, k]).any()]
        if over and (over[-1].days < days).sum() >= LEAST_ORDERS:
            return _timing_at(over[-1], edges[: k + 1], n_bootstrap=n_bootstrap, interval=interval, seed=seed)
    return None


def _timing_at(origin, edges, *, interval, **drawing):
    ordered = origin.days < edges[-1]
    told = days_to_half(origin.chances[:, : len(edges)], edges)
    for_all = days_to_half(origin.base_rates[None, : len(edges)], edges)[0]
    errors = np.stack([np.abs(told - origin.days), np.abs(for_all - origin.days)])[:, ordered]
    gains = errors[1] - errors[0]
    sums = bootstrap_sums(np.stack([gains, np.ones_like(gains)]), origin.rows["group"][ordered], **drawing)
    low, high = percentile_interval(sums[0] / sums[1], interval=interval)
    return {
        "cutoff": _date(origin.cutoff),
        "within_days": int(edges[-1]),
        "n_ordered": int(ordered.sum()),
        "n_likelier_than_not": int((origin.chances[:, len(edges) - 1] >= 0.5).sum()),
        "error_days": round(errors[0].mean(), 2),
        "error_of_one_for_all_days": round(errors[1].mean(), 2),
        "gain_days": estimate(gains.mean(), low, high),
    }


def _date(at):
    return str(pd.Timestamp(at, unit="s").date())
