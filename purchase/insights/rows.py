"""The rows that the insights are about: those of validation, where cuts are chosen, and of test."""

import numpy as np
import pandas as pd

from purchase.evaluation.baselines import RECENCY_FREQUENCY, fit_baselines, recency_frequency_columns
from purchase.insights import profit
from purchase.insights.value import expected_order_values, spent

KEYS = ["customer_id", "cutoff", "group", "label"]


def scored_rows(features, propensity):
    """Return the keys and propensity of rows."""
    return features[KEYS].assign(propensity=np.asarray(propensity, dtype=float)).reset_index(drop=True)


def rule_propensities(training, parts):
    """Return [propensity of each row] of each part by the recency-frequency baseline, or None if the shop has none.

    Parameters
    ----------
    training : DataFrame with label, recency and frequency
    parts : list of DataFrame
    """
    rule = fit_baselines(training).get(RECENCY_FREQUENCY)
    return [None if rule is None else rule.predict_propensity(part) for part in parts]


def training_columns(names):
    """Return the columns that ``rule_propensities`` takes of the training table."""
    return ["label", *recency_frequency_columns(names)]


def with_value(scored, orders, *, lookback_days, horizon_days, prior_orders):
    """Add to rows what each customer may be expected to spend, and what they spent in the horizon, in cents."""
    values = expected_order_values(
        orders, scored, lookback_days=lookback_days, horizon_days=horizon_days, prior_orders=prior_orders
    )
    happened = spent(orders, scored, days_after=horizon_days)["revenue_cents"]
    return scored.assign(expected_value_cents=values, revenue_cents=happened)


def outcomes(scored, rule, terms):
    """Return the ``profit.Outcomes`` of rows with their value; ``rule`` is the baseline's propensity, or None."""
    value = scored["expected_value_cents"].to_numpy()
    expected = {profit.CHAMPION: terms.profit(scored["propensity"].to_numpy(), value)}
    if rule is not None:
        expected[profit.RECENCY_FREQUENCY] = terms.profit(rule, value)
    earned = terms.profit(1.0, scored["revenue_cents"].to_numpy())
    return profit.Outcomes(expected, earned, scored["label"].to_numpy(), scored["group"].to_numpy())


def spread_of(scored):
    """Return what the buyers among rows spent over what they were expected to; 1 if none did, or without prices."""
    bought = scored[scored["revenue_cents"] > 0] if "revenue_cents" in scored else scored.iloc[:0]
    if len(bought) == 0:
        return np.ones(1)
    return (bought["revenue_cents"] / bought["expected_value_cents"].clip(lower=1)).to_numpy()


def both_parts(validation, test):
    """Stack the scored rows of validation and test: neither was learned from."""
    return pd.concat([validation, test], ignore_index=True)
