"""Put the insights together: every part that the shop's records allow, and for the others why not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.evaluation.ceiling import compare_to_truth, with_truth
from purchase.insights import profit
from purchase.insights.drivers import driver_part
from purchase.insights.forecast import forecast_part
from purchase.insights.groups import group_part
from purchase.insights.parts import N_DECIMALS, NotAvailable, Part, make, unavailable
from purchase.insights.reasons import top_reasons
from purchase.insights.rows import both_parts, outcomes, rule_propensities, scored_rows, spread_of, with_value
from purchase.insights.segments import rfm, segment_part
from purchase.insights.targets import target_list
from purchase.insights.uplift import uplift_part
from purchase.insights.value import check_prices, value_error

NO_CUSTOMERS = "the rows are sessions, not customers at a cutoff"


@dataclass(frozen=True)
class Found:
    """What the stage read.

    Parameters
    ----------
    champion : Model
    validation, test : DataFrame
        Feature tables.
    propensities : dict of {"validation", "test": array of shape (n_rows,)}
    training : DataFrame
        Label, recency and frequency of the training rows.
    typical : dict of {feature: value}
        Of the training rows.
    ranking : list of str
        Features, the most important on validation first.
    orders : DataFrame with customer_id, ordered_at and revenue_cents
    mails : DataFrame with customer_id, event_at and event_type
        Promotions sent and held out.
    words : Words
    """

    task: str
    champion: object
    validation: pd.DataFrame
    test: pd.DataFrame
    propensities: dict
    training: pd.DataFrame
    typical: dict
    ranking: list
    orders: pd.DataFrame
    mails: pd.DataFrame
    words: object


def build(found, params):
    """Return {name: Part} of all insights but drift and ceiling, and the target list."""
    drawing, parts = resampling_of(params), {}
    validation, test = (scored_rows(getattr(found, part), found.propensities[part]) for part in ("validation", "test"))
    segments = chosen = values = None
    try:
        parts["profit"], (validation, test), chosen = _profit(found, validation, test, params)
        values = test["expected_value_cents"].to_numpy()
    except NotAvailable as reason:
        parts["profit"] = unavailable(reason)
    if found.task == "customer":
        table = rfm(found.orders, test)
        segments, parts["segments"] = table["segment"], segment_part(table, test, interval=drawing["interval"])
    else:
        parts["segments"] = unavailable(NO_CUSTOMERS)
    parts["forecast"] = forecast_part(test, segments, values, spread_of(validation), **drawing)
    parts["uplift"] = make(_uplift, found, validation, test, params)
    parts["groups"] = make(group_part, found.test, test, chosen, interval=drawing["interval"])
    shown = {"n_top": params.insights.n_top_features, "n_repeats": params.evaluate.n_importance_repeats}
    predict = found.champion.predict_propensity
    parts["drivers"] = driver_part(predict, found.test, found.ranking, found.words, **shown, **drawing)
    reasons = top_reasons(found.champion, found.test, typical=found.typical, words=found.words.reasons)
    who = found.test["customer_id" if found.task == "customer" else "row_id"]
    reasons = reasons.reset_index(drop=True)
    return parts, target_list(who, test, reasons, segments, contacted=chosen, terms=terms_of(params))


def resampling_of(params):
    return {"n_bootstrap": params.evaluate.n_bootstrap, "interval": params.evaluate.interval, "seed": params.seed}


def terms_of(params):
    settings = params.insights
    return profit.Terms(settings.margin, settings.contact_cost_cents, settings.budget_cents)


def _profit(found, validation, test, params):
    """Return the part on profit, the rows of validation and test with their value, and who of test is contacted."""
    if found.task != "customer":
        raise NotAvailable(NO_CUSTOMERS)
    check_prices(found.orders)
    days = {"lookback_days": params.cutoffs.lookback_days, "horizon_days": params.cutoffs.horizon_days}
    prior = params.insights.value_prior_orders
    valued = [with_value(rows, found.orders, prior_orders=prior, **days) for rows in (validation, test)]
    rules = rule_propensities(found.training, [found.validation, found.test])
    terms = terms_of(params)
    seen, judged = (outcomes(rows, rule, terms) for rows, rule in zip(valued, rules, strict=True))
    part, contacted = profit.profit_part(seen, judged, terms, **resampling_of(params))
    error = value_error(valued[1]["expected_value_cents"].to_numpy(), valued[1]["revenue_cents"].to_numpy())
    return Part(part.numbers | {"order_value": error}, part.tables), valued, contacted


def _uplift(found, validation, test, params):
    if found.task != "customer":
        raise NotAvailable(NO_CUSTOMERS)
    days = {"uplift_days": params.insights.uplift_days, "horizon_days": params.cutoffs.horizon_days}
    return uplift_part(both_parts(validation, test), found.mails, found.orders, **days, **resampling_of(params))


def ceiling_part(predictions, truth, *, base_rate, **resampling):
    """Hold the champion against the true chances; ``truth`` is a DataFrame, or the reason why there is none.

    Raises
    ------
    NotAvailable
    """
    if isinstance(truth, str):
        raise NotAvailable(truth)
    rows = with_truth(predictions, truth)
    if rows["label"].nunique() < 2:
        raise NotAvailable("the test rows whose truth is known have labels of one class")
    table, share = compare_to_truth(rows, base_rate=base_rate, **resampling)
    numbers = {"n_rows": len(rows), "n_unknown": len(predictions) - len(rows)}
    numbers["share_of_the_way"] = {end: round(value, N_DECIMALS) for end, value in share.items()}
    return Part(numbers, {"ceiling": table.round(N_DECIMALS)})


def plain(value):
    """Return numbers of NumPy and pandas as JSON has them; None where undefined."""
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, N_DECIMALS) if np.isfinite(value) else None
    return value
