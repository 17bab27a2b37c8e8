"""What the families do to the columns first; every number it needs comes from the rows that it is fitted on."""

import re

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

# A category seen in fewer rows says too little to have a weight of its own, and a column of thousands (cities,
# campaigns) would outgrow all others.
MIN_CATEGORY_ROWS = 20
MAX_CATEGORIES = 50

MAX_NATIVE_CATEGORIES = 1000  # of a column, for the boosters: time and memory grow with them

MOST_DEVIATIONS = 4.0

NUMBERS = make_column_selector(dtype_include="number")
CATEGORIES = make_column_selector(dtype_exclude="number")


def dense_preparation():
    """Return the preparation of the families that add up columns: linear, support vectors, neural network.

    Counts and money are skewed over powers of ten, and being 0 (never ordered, no page of value seen) often says more
    than any amount: so each number gives its logarithm, standardised, and whether it is 0. A missing number takes the
    mean logarithm, and a column says where. Categories become one column each; rare and unseen ones share one.
    """
    amounts = make_pipeline(
        FunctionTransformer(signed_log),
        StandardScaler(),
        FunctionTransformer(clipped),
        SimpleImputer(strategy="constant", fill_value=0.0),  # 0: the mean
    )
    numbers = make_union(amounts, FunctionTransformer(is_zero), MissingIndicator(error_on_new=False))
    categories = OneHotEncoder(
        min_frequency=MIN_CATEGORY_ROWS,
        max_categories=MAX_CATEGORIES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )
    columns = make_column_transformer((numbers, known_numbers), (categories, CATEGORIES), sparse_threshold=0)
    # What is the same in all rows goes. Double precision throughout: in single, two processors would fit models whose
    # log losses differ in the fourth digit.
    return make_pipeline(columns, VarianceThreshold())


def ordinal_preparation():
    """Return the preparation of scikit-learn's trees: categories as whole numbers, missing and unseen ones as NaN."""
    categories = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan, max_categories=255
    )
    return make_column_transformer(("passthrough", NUMBERS), (categories, CATEGORIES))


def known_numbers(frame):
    """Return the number columns that are not missing throughout; those have no mean to stand in for them."""
    return [name for name in NUMBERS(frame) if frame[name].notna().any()]


def signed_log(values):
    """log(1 + x) for x >= 0, and its mirror image below 0."""
    return np.sign(values) * np.log1p(np.abs(values))


def clipped(values):
    """Keep standardised values from standing so far out that a few rows, or one odd value when scored, decide."""
    return np.clip(values, -MOST_DEVIATIONS, MOST_DEVIATIONS)


def is_zero(values):
    return (values == 0).astype("float64")


class NativeCategories(TransformerMixin, BaseEstimator):
    """Hand categories to a booster as such; those that training did not see, or hardly ever, become missing.

    Attributes
    ----------
    categories_ : dict of str to list of str
        The categories of each category column, sorted; of very many, the ``MAX_NATIVE_CATEGORIES`` most frequent.
    names_ : list of str
        Names without the signs that XGBoost or LightGBM refuse.
    """

    def fit(self, X, y=None):
        texts = X.select_dtypes(exclude="number")
        self.categories_ = {name: _most_frequent(texts[name]) for name in texts.columns}
        self.names_ = _native_names(X.columns)
        return self

    def transform(self, X):
        native = {name: _native(X[name], categories) for name, categories in self.categories_.items()}
        return X.assign(**native).set_axis(self.names_, axis=1)  # numbers are not copied


def _native(column, categories):
    if not categories:  # XGBoost refuses a category column that was always missing
        return np.full(len(column), np.nan)
    codes, seen = pd.factorize(column)
    known = np.append(pd.Index(categories).get_indexer(seen), -1)  # the last is where code -1, missing, points to
    return pd.Categorical.from_codes(known[codes], categories)


def _most_frequent(column):
    counts = column.value_counts().reset_index().sort_values(["count", column.name], ascending=[False, True])
    return sorted(counts[column.name].head(MAX_NATIVE_CATEGORIES))


def native_name(name):
    """Return the name without the signs that XGBoost or LightGBM refuse."""
    return re.sub(r"\W", "_", str(name))


def _native_names(columns):
    names = [native_name(name) for name in columns]
    if len(set(names)) == len(names):
        return names
    return [f"{name}_{place}" for place, name in enumerate(names)]
