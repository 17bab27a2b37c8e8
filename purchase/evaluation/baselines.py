"""What a model has to beat: the base rate, recency and frequency alone, and BG/NBD, which sees no label."""

import re
from dataclasses import dataclass

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

BASE_RATE = "baseline/base_rate"
RECENCY_FREQUENCY = "baseline/recency_frequency"
BG_NBD = "baseline/bg_nbd"

RECENCY = "days_since_order"
FREQUENCY = re.compile(r"n_orders_(\d+)d")  # orders in a window; the longest one is taken

CHANCE = "bg_nbd_order_chance"  # of an order in the horizon, by BG/NBD (purchase/features/bg_nbd.py)


@dataclass(frozen=True)
class BaseRate:
    """The share of training rows that ordered, for every row."""

    share: float

    def predict_propensity(self, features):
        return np.full(len(features), self.share)

    predict_score = predict_propensity


@dataclass(frozen=True)
class RecencyFrequency:
    """Logistic regression of the label on log recency and log frequency."""

    columns: list
    regression: object

    def predict_propensity(self, features):
        return self.regression.predict_proba(_numbers(features, self.columns))[:, 1]

    predict_score = predict_propensity


@dataclass(frozen=True)
class BuyTillYouDie:
    """BG/NBD's chance of an order in the horizon; for those without an order, the share of such rows that ordered."""

    share: float

    def predict_propensity(self, features):
        return features[CHANCE].fillna(self.share).to_numpy(dtype=float)

    predict_score = predict_propensity


def baseline_columns(names):
    """Return those of a feature table's ``names`` that the baselines read."""
    return [*recency_frequency_columns(names), *(name for name in names if name == CHANCE)]


def recency_frequency_columns(names):
    """Return the names of recency and frequency among ``names``, or nothing if the table lacks either."""
    windows = {int(found[1]): name for name in names if (found := FREQUENCY.fullmatch(name))}
    return [RECENCY, windows[max(windows)]] if RECENCY in names and windows else []


def fit_baselines(training):
    """Fit the baselines on training rows.

    Parameters
    ----------
    training : DataFrame
        Needs ``label``, and may have ``baseline_columns``. A missing recency (no order yet) counts as the median, with
        an effect of its own.

    Returns
    -------
    dict of {name: baseline}
        Each with the methods of a model; without those whose columns the table lacks.
    """
    baselines = {BASE_RATE: BaseRate(float(training["label"].mean()))}
    columns = recency_frequency_columns(training.columns)
    if columns and training["label"].nunique() == 2:
        regression = make_pipeline(
            FunctionTransformer(np.log1p),
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            LogisticRegression(C=np.inf, max_iter=1000),
        )
        regression.fit(_numbers(training, columns), training["label"])
        baselines[RECENCY_FREQUENCY] = RecencyFrequency(columns, regression)
    if CHANCE in training:
        never = training.loc[training[CHANCE].isna(), "label"]
        baselines[BG_NBD] = BuyTillYouDie(float(never.mean()) if len(never) else baselines[BASE_RATE].share)
    return baselines


def _numbers(features, columns):
    return features[columns].to_numpy(dtype=float, na_value=np.nan).clip(min=0)
