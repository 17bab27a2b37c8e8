"""What is said of customers and cannot be said of sessions: when they order, what, their habits, and who moved."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.insights.backtest import backtest_part
from purchase.insights.clusters import cluster_part
from purchase.insights.movement import movement_part
from purchase.insights.parts import NotAvailable, make, unavailable
from purchase.insights.rolling import roll
from purchase.insights.targets import deciles
from purchase.insights.what import Shelf, what_part
from purchase.insights.when import horizon_columns, when_part
from purchase.tables import DAY

NO_CUSTOMERS = "the rows are sessions, not customers at a cutoff"
PARTS = ("when", "backtest", "what", "clusters", "movement")


@dataclass(frozen=True)
class More:
    """Parts, and columns of the target list in the order of the test rows.

    Parameters
    ----------
    parts : dict of {name: Part}
    columns : DataFrame
    """

    parts: dict
    columns: pd.DataFrame


def without_customers():
    return More(dict.fromkeys(PARTS, unavailable(NO_CUSTOMERS)), pd.DataFrame())


def customer_parts(found, params, scored, chosen, **drawing):
    """Return the ``More`` of a shop whose rows are customers at a cutoff.

    Parameters
    ----------
    found : Found
    params : Params
    scored : DataFrame
        Test rows with label and propensity and, where there are prices, expected_value_cents.
    chosen : bool array, or None without prices
        Whom to contact: those are told products.
    """
    parts, columns = _when(found, params, **drawing)
    for name, maker, arguments in (
        ("what", _what, (found, params, chosen)),
        ("clusters", _clusters, (found, params, scored)),
    ):
        try:
            parts[name], told = maker(*arguments, **drawing)
            columns = columns.join(told)
        except NotAvailable as reason:
            parts[name] = unavailable(reason)
    parts["movement"] = movement_part(found.orders, found.validation, found.test)
    return More(parts, columns)


def _when(found, params, **drawing):
    """Return what is said of times, and the columns of the target list: none where nothing could be learned."""
    horizon_days, horizons_days = params.cutoffs.horizon_days, params.insights.horizons_days
    edges, days = np.unique([*horizons_days, horizon_days]), days_of(params)
    origins = roll(
        found.panel,
        found.orders,
        found.bg_nbd,
        champions(found),
        edges=edges,
        seed=params.seed,
        n_threads=params.n_threads,
        **days,
    )
    at = int(found.test["cutoff"].iloc[0])
    spans = {"edges": edges, "horizons_days": horizons_days}
    parts = {
        "when": make(when_part, origins, end_at=at + horizon_days * DAY, **spans, **drawing),
        "backtest": make(
            backtest_part,
            origins,
            found.orders,
            found.bg_nbd,
            edges=edges,
            prior_orders=params.insights.value_prior_orders,
            interval=drawing["interval"],
            **days,
        ),
    }
    if not origins or origins[-1].cutoff != at:
        return parts, pd.DataFrame(index=range(len(found.test)))
    told = horizon_columns(origins[-1], **spans).set_index("customer_id")
    return parts, told.reindex(found.test["customer_id"]).reset_index(drop=True)


def days_of(params):
    return {"horizon_days": params.cutoffs.horizon_days, "lookback_days": params.cutoffs.lookback_days}


def _clusters(found, params, scored, *, interval, **_):
    part, numbers = cluster_part(found.test, scored, seed=params.seed, interval=interval)
    return part, pd.DataFrame({"cluster": numbers})


def _what(found, params, chosen, **drawing):
    cutoffs = sorted(int(cutoff) for cutoff in found.panel["cutoff"].unique())
    part, told = what_part(
        Shelf(found.lines, found.seen, **days_of(params)),
        found.panel[["customer_id", "cutoff"]],
        cutoffs,
        most_wanted(found.test, found.propensities["test"], chosen),
        n_threads=params.n_threads,
        **drawing,
    )
    return part, told.reindex(found.test["customer_id"]).reset_index(drop=True)


def most_wanted(test, propensity, chosen):
    """Return the customers to contact, the likeliest first; where no one is chosen, those of the likeliest tenth."""
    chosen = deciles(propensity) == 1 if chosen is None else chosen
    order = np.argsort(-propensity, kind="stable")
    return test["customer_id"].to_numpy()[order[chosen[order]]]


def champions(found):
    """Return {cutoff: propensities by customer} at the cutoffs from whose orders the champion did not learn."""
    told = {}
    for part in ("validation", "test"):
        rows = getattr(found, part)
        told[int(rows["cutoff"].iloc[0])] = pd.Series(found.propensities[part], index=rows["customer_id"].to_numpy())
    return told
