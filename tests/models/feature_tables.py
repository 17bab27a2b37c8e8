"""Small feature tables and quick settings for the tests of the families."""

import numpy as np
import pandas as pd

from purchase.params import SETTINGS
from purchase.tables import DAY

QUICK = {
    "logistic_regression": {"C": 0.1, "l1_ratio": 0.0},
    "random_forest": {
        "n_estimators": 10,
        "max_depth": None,
        "min_samples_leaf": 5,
        "max_features": "sqrt",
        "max_samples": 0.5,
    },
    "xgboost": {
        "n_estimators": 10,
        "learning_rate": 0.2,
        "max_depth": 3,
        "min_child_weight": 1.0,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "reg_lambda": 1.0,
    },
    "lightgbm": {
        "n_estimators": 10,
        "learning_rate": 0.2,
        "num_leaves": 7,
        "min_child_samples": 5,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "reg_lambda": 1.0,
    },
    "svm": {"C": 0.1, "gamma": None, "n_components": 20},
    "neural_network": {
        "n_units": 8,
        "n_blocks": 1,
        "n_heads": 2,
        "dropout": 0.2,
        "learning_rate": 0.01,
        "weight_decay": 0.0001,
        "batch_size": 64,
        "epochs": 5,
    },
}


def quick_settings(family):
    return SETTINGS[family](**QUICK[family])


def customer_table(n_customers=100, n_cutoffs=4, seed=0):
    """Customers at cutoffs 30 days apart; recency and country say who orders, the rest is noise or awkward."""
    draw = np.random.default_rng(seed)
    n_rows = n_customers * n_cutoffs
    customer = np.tile(np.arange(n_customers), n_cutoffs)
    cutoff = np.repeat(1_700_000_000 + np.arange(n_cutoffs) * 30 * DAY, n_customers)
    recency = np.where(draw.random(n_rows) < 0.3, np.nan, draw.exponential(30, n_rows))
    country = draw.choice(["de", "fr", "tr"], n_rows).astype(object)
    log_odds = np.where(np.nan_to_num(recency, nan=60) < 20, 0.5, -2) + (country == "de")
    label = (draw.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype("int8")
    country[draw.random(n_rows) < 0.1] = None
    return pd.DataFrame(
        {
            "row_id": [f"{who}@{when}" for who, when in zip(customer, cutoff, strict=True)],
            "customer_id": customer.astype(str),
            "session_id": None,
            "cutoff": cutoff,
            "group": customer,
            "label": label,
            "recency_days": recency,
            "country": country,
            "Größe [cm], <x>": draw.normal(size=n_rows),  # a name that boosters refuse
            "always_missing": np.nan,
            "never_said": pd.Series([None] * n_rows, dtype="str"),
            "has_consent": draw.random(n_rows) < 0.5,
        }
    )
