"""What the families do to the columns first; every number it needs comes from the rows that it is fitted on."""

import re

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

# A category seen in fewer rows says too little to have a weight of its own, and a column of thousands (cities,
# campaigns) would outgrow all others.
MIN_CATEGORY_ROWS = 20
MAX_CATEGORIES = 50

MAX_NATIVE_CATEGORIES = 1000  # of a column, for the boosters: time and memory grow with them

MOST_DEVIATIONS = 4.0

BLOCK_ROWS = 5_000  # prepared at a time: 0.04 GB of 1,000 columns, and no slower than all at once

NUMBERS = make_column_selector(dtype_include="number")
CATEGORIES = make_column_selector(dtype_exclude="number")


class DensePreparation(TransformerMixin, BaseEstimator):
    """The preparation of the families that add up columns: linear, support vectors, neural network.

    Counts and money are skewed over powers of ten, and being 0 (never ordered, no page of value seen) often says more
    than any amount: so each number gives its logarithm, standardised, and whether it is 0. A missing number takes the
    mean logarithm, and a column says where. Categories become one column each; rare and unseen ones share one. What is
    the same in all rows goes. Double precision throughout: in single, two processors would fit models whose log losses
    differ in the fourth digit.

    Of many rows what comes out is by far the largest table, so it is there once: each part is fitted by itself, and
    BLOCK_ROWS at a time go through all of them.

    Parameters
    ----------
    fit_order : {"F", "C"}
        How ``fit_transform`` lays out what it returns: by column, or by row for a model that would copy it to that.
        ``transform`` goes by column; by row, the last bit of a model's sums would be another.

    Attributes
    ----------
    parts_ : list of (fitted transformer, list of str)
        With the columns that it takes; what they return stands side by side.
    varies_ : ndarray of int
        The places of those columns that differ between rows.
    """

    def __init__(self, fit_order="F"):
        self.fit_order = fit_order

    def fit(self, X, y=None):
        chosen = [(part, select(X)) for part, select in dense_parts()]
        self.parts_ = [(part.fit(X[names]), names) for part, names in chosen if names]
        ends = [(block.min(axis=0), block.max(axis=0)) for _, block in self._blocks(X)]
        lows, highs = zip(*ends, strict=True)
        self.varies_ = np.flatnonzero(np.max(highs, axis=0) > np.min(lows, axis=0))
        if not len(self.varies_):
            raise ValueError(
                f"Each of the {X.shape[1]} features is the same in all {len(X)} rows that the model is fitted on, so "
                "none can tell them apart. Fit it on more rows, or give it features that vary."
            )
        return self

    def fit_transform(self, X, y=None):
        return self.fit(X)._prepared(X, self.fit_order)

    def transform(self, X):
        """Return shape (n_rows, len(varies_)), float64."""
        check_is_fitted(self)
        return self._prepared(X, "F")

    def _prepared(self, X, order):
        prepared = np.empty((len(X), len(self.varies_)), order=order)
        for rows, block in self._blocks(X):
            prepared[rows] = block[:, self.varies_]
        return prepared

    def _blocks(self, X):
        """Yield some rows after another, as a slice, with what the parts make of them side by side."""
        for start in range(0, len(X), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            block = X.iloc[rows]
            nothing = np.empty((len(block), 0))  # where all columns are missing throughout, no part is left
            yield rows, np.hstack([nothing, *(part.transform(block[names]) for part, names in self.parts_)])


def dense_parts():
    """Return the unfitted parts of ``DensePreparation``, each with the function that chooses its columns."""
    amounts = make_pipeline(
        FunctionTransformer(signed_log),
        StandardScaler(),
        FunctionTransformer(clipped),
        SimpleImputer(strategy="constant", fill_value=0.0),  # 0: the mean
    )
    # As one array: what a column after another was worked out in would stay with the process, in gaps too small to use.
    numbers = make_pipeline(
        FunctionTransformer(np.asarray),
        make_union(amounts, FunctionTransformer(is_zero), MissingIndicator(error_on_new=False)),
    )
    categories = OneHotEncoder(
        min_frequency=MIN_CATEGORY_ROWS,
        max_categories=MAX_CATEGORIES,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )
    return [(numbers, known_numbers), (categories, CATEGORIES)]


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
