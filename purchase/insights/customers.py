"""What is said of customers and cannot be said of sessions: when they order, what, their habits, and who moved."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.insights.backtest import backtest_part
from purchase.insights.campaign import TAKES, campaign_part
from purchase.insights.clusters import cluster_part
from purchase.insights.movement import movement_part
from purchase.insights.parts import NotAvailable, make, unavailable
from purchase.insights.rolling import chances_of, roll
from purchase.insights.targets import deciles
from purchase.insights.uplift import promotions
from purchase.insights.what import Shelf, what_part
from purchase.insights.when import horizon_columns, when_part
from purchase.tables import DAY

NO_CUSTOMERS = "the rows are sessions, not customers at a cutoff"
PARTS = ("when", "backtest", "campaign", "what", "clusters", "movement")


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
    edges = np.unique([*params.insights.horizons_days, params.cutoffs.horizon_days])
    origins = _roll(found, params, edges)
    parts, columns = _when(found, params, origins, edges, **drawing)
    parts["campaign"] = make(_campaign, found, params, origins, edges, **drawing)
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


def _roll(found, params, edges):
    settings = {"seed": params.seed, "n_threads": params.n_threads, **days_of(params)}
    return roll(found.panel, found.orders, found.bg_nbd, champions(found), edges=edges, **settings)


def _when(found, params, origins, edges, **drawing):
    """Return what is said of times, and the columns of the target list: none where nothing could be learned."""
    at = int(found.test["cutoff"].iloc[0])
    end_at = at + params.cutoffs.horizon_days * DAY
    spans = {"edges": edges, "horizons_days": params.insights.horizons_days}
    known = {"prior_orders": params.insights.value_prior_orders, "interval": drawing["interval"], **days_of(params)}
    parts = {
        "when": make(when_part, origins, end_at=end_at, **spans, **drawing),
        "backtest": make(backtest_part, origins, found.orders, found.bg_nbd, edges=edges, **known),
    }
    if not origins or origins[-1].cutoff != at:
        return parts, pd.DataFrame(index=range(len(found.test)))
    champion, horizon_days = found.propensities["test"], params.cutoffs.horizon_days
    chances = chances_of(origins[-1].hazards, found.test, champion, horizon_days=horizon_days)
    return parts, horizon_columns(chances, **spans)


def _campaign(found, params, origins, edges, **drawing):
    """Hand the promotions after each cutoff, with propensities of that day, to ``campaign_part``."""
    k = list(edges).index(params.cutoffs.horizon_days)
    keys, takes = ["customer_id", "cutoff"], [name for name in TAKES if name in found.panel]
    rows = [origin.rows.assign(propensity=origin.chances[:, k]) for origin in origins]
    rows = [part.merge(found.panel[[*keys, *takes]], on=keys) for part in rows if part["propensity"].notna().all()]
    if len(rows) < 2:
        raise NotAvailable("too few orders lie before the last cutoffs to learn what e-mails add")
    settings, horizon_days = params.insights, params.cutoffs.horizon_days
    days = {"uplift_days": settings.uplift_days, "horizon_days": horizon_days}
    learned, judged = (promotions(part, found.mails, found.orders, **days) for part in (pd.concat(rows[:-1]), rows[-1]))
    worth = found.orders.loc[found.orders["ordered_at"] < rows[-1]["cutoff"].iloc[0], "revenue_cents"].mean()
    return campaign_part(
        learned,
        judged,
        margin=settings.margin,
        contact_cost_cents=settings.contact_cost_cents,
        order_value_cents=None if np.isnan(worth) else worth,
        **drawing,
    )


def _clusters(found, params, scored, *, interval, **_):
    part, numbers = cluster_part(found.test, scored, seed=params.seed, interval=interval)
    return part, pd.DataFrame({"cluster": numbers})


def days_of(params):
    return {"horizon_days": params.cutoffs.horizon_days, "lookback_days": params.cutoffs.lookback_days}


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
