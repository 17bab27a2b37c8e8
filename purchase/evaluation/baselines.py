"""What a model has to beat: the base rate, and recency and frequency alone."""

import re
from dataclasses import dataclass

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

BASE_RATE = "baseline/base_rate"
RECENCY_FREQUENCY = "baseline/recency_frequency"

RECENCY = "days_since_order"
FREQUENCY = re.compile(r"n_orders_(\d+)d")  # orders in a window; the longest one is taken


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


def recency_frequency_columns(names):
    """Return the names of recency and frequency among ``names``, or nothing if the table lacks either."""
    windows = {int(found[1]): name for name in names if (found := FREQUENCY.fullmatch(name))}
    return [RECENCY, windows[max(windows)]] if RECENCY in names and windows else []


def fit_baselines(training):
    """Fit the baselines on training rows.

    Parameters
    ----------
    training : DataFrame
        Needs ``label``; whatever columns it has besides are recency and frequency. A missing recency (no order yet)
        counts as the median, with an effect of its own.

    Returns
    -------
    dict of {name: baseline}
        Each with the methods of a model; without ``RECENCY_FREQUENCY`` if the table lacks those columns.
    """
    baselines = {BASE_RATE: BaseRate(float(training["label"].mean()))}
    columns = [column for column in training.columns if column != "label"]
    if columns and training["label"].nunique() == 2:
        regression = make_pipeline(
            FunctionTransformer(np.log1p),
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            LogisticRegression(C=np.inf, max_iter=1000),
        )
        regression.fit(_numbers(training, columns), training["label"])
        baselines[RECENCY_FREQUENCY] = RecencyFrequency(columns, regression)
    return baselines


def _numbers(features, columns):
    return features[columns].to_numpy(dtype=float, na_value=np.nan).clip(min=0)
