"""Out of time, again and again: at each of the last cutoffs, what the model of that day would have said."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.insights.panel import days_to_next_order
from purchase.insights.timing import Hazards, anchored, fit_hazards
from purchase.tables import DAY

N_ORIGINS = 5  # the last cutoffs, at which a model of its own is fitted


@dataclass(frozen=True)
class Origin:
    """What was said at a cutoff by all that was known then, and what happened.

    Parameters
    ----------
    cutoff : int
    rows : DataFrame with customer_id, cutoff and group
    days : array of shape (n_rows,)
        To the next order; NaN if the records hold none.
    chances : array of shape (n_rows, n_edges)
        Of an order within each edge; NaN where the cutoffs before could not teach it.
    baseline : array of shape (n_rows, n_edges)
        The same by BG/NBD.
    base_rates : array of shape (n_edges,)
        Share of rows of earlier cutoffs that ordered within each edge.
    last_share : float
        Share of the rows of the cutoff before that ordered in its horizon, if that was over by now; else NaN.
    hazards : Hazards
        What was learned by then.
    with_champion : bool
        Whether the champion, which had not learned from this cutoff's orders, set the chance within the horizon.
    """

    cutoff: int
    rows: pd.DataFrame
    days: np.ndarray
    chances: np.ndarray
    baseline: np.ndarray
    base_rates: np.ndarray
    last_share: float
    hazards: Hazards
    with_champion: bool


def roll(panel, orders, bg_nbd, champions, *, edges, horizon_days, lookback_days, seed, n_threads):
    """Return the ``Origin`` of each of the last cutoffs, the earliest first; those before which too little was known
    are left out.

    Parameters
    ----------
    panel : DataFrame with customer_id, cutoff, group and features
    orders : DataFrame with customer_id and ordered_at
    bg_nbd : dict of {cutoff: BGNBD}
    champions : dict of {cutoff: Series of propensities by customer_id}
        Cutoffs from whose orders the champion did not learn.
    edges : array of int
        Days, ``horizon_days`` among them.
    """
    names = [name for name in panel.columns if name not in ("customer_id", "cutoff", "group")]
    days, origins = days_to_next_order(orders, panel), []
    for cutoff in np.unique(panel["cutoff"])[1:][-N_ORIGINS:]:
        learned = fit_hazards(panel, days, names, edges=edges, origin=cutoff, seed=seed, n_threads=n_threads)
        if learned is None:
            continue
        here = (panel["cutoff"] == cutoff).to_numpy()
        rows = panel.loc[here, ["customer_id", "cutoff", "group"]].reset_index(drop=True)
        champion = champions[cutoff].loc[rows["customer_id"]].to_numpy() if cutoff in champions else None
        chances = chances_of(learned, panel[here], champion, horizon_days=horizon_days)
        rates, never = base_rates(panel, days, orders, edges=edges, origin=cutoff, lookback_days=lookback_days)
        told = bg_nbd_chances(rows, orders, bg_nbd, never, edges=edges, lookback_days=lookback_days)
        last = last_share(panel["cutoff"].to_numpy(), days, cutoff, horizon_days)
        origins.append(Origin(int(cutoff), rows, days[here], chances, told, rates, last, learned, champion is not None))
    return origins


def chances_of(hazards, rows, champion, *, horizon_days):
    """Return each row's chance of an order within each edge; within the horizon, the champion's if there is one."""
    chances, k = hazards.chances(rows), list(hazards.edges).index(horizon_days)
    return chances if champion is None or np.isnan(chances[:, k]).any() else anchored(chances, champion, k)


def last_share(cutoffs, days, origin, horizon_days):
    """Return the share that ordered in the last horizon which was over by ``origin``, of the rows of its cutoff."""
    over = cutoffs[cutoffs + horizon_days * DAY <= origin]
    return float((days[cutoffs == over.max()] < horizon_days).mean()) if len(over) else np.nan


def base_rates(panel, days, orders, *, edges, origin, lookback_days):
    """Return the shares of earlier rows that ordered within each edge: of all, and of those without an order before."""
    bought = ~np.isnan(repeat_buying(panel, orders, lookback_days=lookback_days)["n_repeats"].to_numpy())
    found = np.full((2, len(edges)), np.nan)
    for k, end in enumerate(edges):
        over = panel["cutoff"].to_numpy() + int(end) * DAY <= origin
        for place, member in enumerate((over, over & ~bought)):
            if member.any():
                found[place, k] = (days[member] < end).mean()
    return found


def repeat_buying(rows, orders, *, lookback_days):
    """Return what BG/NBD takes of each row: order days after the first, from first to last, from first to the cutoff.

    Returns
    -------
    DataFrame with n_repeats, recency and age_days, with the index of ``rows``; NaN without an order in the lookback
    """
    keys = ["customer_id", "cutoff"]
    joined = rows[keys].merge(orders[["customer_id", "ordered_at"]], on="customer_id")
    age = joined["cutoff"] - joined["ordered_at"]
    seen = joined[(age > 0) & (age <= lookback_days * DAY)].assign(day=(age - 1) // DAY)
    sums = seen.groupby(keys)["day"].agg(["nunique", "min", "max"])
    sums = sums.reindex(pd.MultiIndex.from_frame(rows[keys])).set_index(rows.index)
    first, last = sums["max"], sums["min"]
    return pd.DataFrame({"n_repeats": sums["nunique"] - 1, "recency": first - last, "age_days": first + 1})


def model_at(models, cutoff):
    """Return the latest of ``models`` ({cutoff: BGNBD}) that is not of a later cutoff, or None."""
    known = [at for at in models if at <= cutoff]
    return models[max(known)] if known else None


def bg_nbd_chances(rows, orders, models, never, *, edges, lookback_days):
    """Return BG/NBD's chance of an order within each edge; ``never`` for rows without an order in the lookback."""
    model = model_at(models, int(rows["cutoff"].iloc[0]))
    chances = np.tile(never, (len(rows), 1))
    columns = repeat_buying(rows, orders, lookback_days=lookback_days).to_numpy()
    bought = ~np.isnan(columns[:, 0])
    if model is not None:
        chances[bought] = np.column_stack([model.orders_soon(*columns[bought].T, end) for end in edges])
    return chances
