"""Put the insights together: every part that the shop's records allow, and for the others why not."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from purchase.evaluation.ceiling import compare_to_truth, with_truth
from purchase.insights import profit
from purchase.insights.calibrated import MOST_ROWS, calibration_part, months_of
from purchase.insights.customers import NO_CUSTOMERS, customer_parts, without_customers
from purchase.insights.drivers import driver_part
from purchase.insights.forecast import forecast_part
from purchase.insights.groups import group_part
from purchase.insights.parts import N_DECIMALS, NotAvailable, Part, make, unavailable
from purchase.insights.reasons import shap_values, top_reasons
from purchase.insights.rows import both_parts, outcomes, rule_propensities, scored_rows, spread_of, with_value
from purchase.insights.segments import rfm, segment_part
from purchase.insights.shift import shift_part
from purchase.insights.targets import target_list
from purchase.insights.uplift import uplift_part
from purchase.insights.value import check_prices, value_error
from purchase.models.last_events import told_features


@dataclass(frozen=True)
class Found:
    """What the stage read.

    Parameters
    ----------
    shop : Shop
    champion : Model or Ensemble
    validation, test : DataFrame
        Feature tables; of validation only keys, recency, frequency and month.
    predictions : DataFrame
        What evaluate wrote of the test rows.
    propensities : dict of {"validation", "test": array of shape (n_rows,)}
    training : DataFrame
        Label, recency and frequency of the training rows.
    training_column : callable
        Name of a feature -> its values on the training rows.
    panel : DataFrame, or None where rows are sessions
        Customers at every cutoff: customer_id, cutoff, group and the features that are numbers.
    bg_nbd : dict of {cutoff: BGNBD}
    truth : DataFrame, or the reason why there is none
    typical : dict of {feature: value}
        Of the training rows.
    ranking : list of str
        Features, the most important on validation first.
    orders : DataFrame with customer_id, ordered_at and revenue_cents
    mails : DataFrame with customer_id, event_at and event_type
        Promotions sent and held out.
    lines : DataFrame, or None where rows are sessions
        Order lines: customer_id, ordered_at, product_id, category and unit_price_cents.
    seen : callable
        (cutoff, customers) -> what they looked at in the lookback.
    words : Words
    """

    shop: object
    champion: object
    validation: pd.DataFrame
    test: pd.DataFrame
    predictions: pd.DataFrame
    propensities: dict
    training: pd.DataFrame
    training_column: object
    panel: pd.DataFrame | None
    bg_nbd: dict
    truth: object
    typical: dict
    ranking: list
    orders: pd.DataFrame
    mails: pd.DataFrame
    lines: pd.DataFrame | None
    seen: object
    words: object


def build(found, params):
    """Return {name: Part} of all insights, and the target list."""
    drawing, parts = resampling_of(params), {}
    is_customers = found.shop.task == "customer"
    validation, test = (scored_rows(getattr(found, part), found.propensities[part]) for part in ("validation", "test"))
    segments = chosen = values = None
    try:
        parts["profit"], (validation, test), chosen = _profit(found, validation, test, params)
        values = test["expected_value_cents"].to_numpy()
    except NotAvailable as reason:
        parts["profit"] = unavailable(reason)
    if is_customers:
        table = rfm(found.orders, test)
        segments, parts["segments"] = table["segment"], segment_part(table, test, interval=drawing["interval"])
    else:
        parts["segments"] = unavailable(NO_CUSTOMERS)
    parts["forecast"] = forecast_part(test, segments, values, spread_of(validation), **drawing)
    parts["uplift"] = make(_uplift, found, validation, test, params)
    span = {"horizon_days": params.cutoffs.horizon_days} if is_customers else {}
    months = {part: months_of(getattr(found, part), **span) for part in ("validation", "test")}
    parts["calibration"] = make(calibration_part, validation, test, segments, months, **drawing)
    parts["groups"] = make(group_part, found.test, test, chosen, interval=drawing["interval"])
    more = customer_parts(found, params, test, chosen, **drawing) if is_customers else without_customers()
    parts |= more.parts | _about_the_model(found, params, **drawing)
    who = found.test["customer_id" if is_customers else "row_id"]
    told = top_reasons(found.champion, found.test, typical=found.typical, words=found.words.reasons)
    told = more.columns.join(told.reset_index(drop=True), how="right")
    return parts, target_list(who, test, told, segments, contacted=chosen, terms=terms_of(params))


def _about_the_model(found, params, **drawing):
    """Return the parts that say what the champion goes by, how far its features moved, and how good it could be."""
    shown = {"n_top": params.insights.n_top_features, "n_repeats": params.evaluate.n_importance_repeats}
    predict, names = found.champion.predict_propensity, told_features(found.test)
    shap = partial(shap_values, found.champion) if found.champion.has_shap else None
    pairs = ((name, found.training_column(name), found.test[name]) for name in names)
    base_rate = found.training["label"].mean()
    return {
        "drivers": driver_part(predict, found.test, found.ranking, found.words, **shown, **drawing, shap=shap),
        "drift": shift_part(pairs, propensities=found.propensities, max_drift=params.review.max_drift),
        "ceiling": make(ceiling_part, found.predictions, found.truth, base_rate=base_rate, **drawing),
    }


def resampling_of(params):
    return {"n_bootstrap": params.evaluate.n_bootstrap, "interval": params.evaluate.interval, "seed": params.seed}


def terms_of(params):
    settings = params.insights
    return profit.Terms(settings.margin, settings.contact_cost_cents, settings.budget_cents)


def _profit(found, validation, test, params):
    """Return the part on profit, the rows of validation and test with their value, and who of test is contacted."""
    if found.shop.task != "customer":
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
    if found.shop.task != "customer":
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
    rows = with_truth(predictions, truth).dropna(subset="true_propensity", ignore_index=True)
    if rows["label"].nunique() < 2:
        raise NotAvailable("the test rows whose truth is known have labels of one class")
    n_unknown = len(predictions) - len(rows)
    if len(rows) > MOST_ROWS:
        rows = rows.sample(MOST_ROWS, random_state=resampling["seed"])
    table, share = compare_to_truth(rows, base_rate=base_rate, **resampling)
    numbers = {"n_rows": len(rows), "n_unknown": n_unknown}
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
