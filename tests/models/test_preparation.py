"""What the families do to the columns first: categories of the boosters, and the table of those that add up columns."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from purchase.models import preparation
from purchase.models.logistic_regression import PenalisedRegression
from purchase.models.preparation import MAX_NATIVE_CATEGORIES, DensePreparation, NativeCategories
from purchase.models.registry import family_module
from tests.models.feature_tables import quick_settings

COLUMNS = {
    "amount": lambda draw, n: draw.lognormal(1, 2, n) - 1,
    "count": lambda draw, n: draw.poisson(0.5, n).astype("float64"),
    "gaps": lambda draw, n: np.where(draw.random(n) < 0.3, np.nan, draw.exponential(30, n)),
    "rare gaps": lambda draw, n: np.where(draw.random(n) < 0.02, np.nan, draw.poisson(0.1, n)),
    "outlier": lambda draw, n: np.where(draw.random(n) < 0.01, 1e300, draw.normal(size=n)),
    "one number": lambda draw, n: np.full(n, draw.integers(-1, 2)).astype("float64"),
    "no number": lambda draw, n: np.full(n, np.nan),
    "words": lambda draw, n: pd.Series(draw.choice(["de", "fr", "tr", None], n, p=[0.5, 0.3, 0.1, 0.1]), dtype="str"),
    "many words": lambda draw, n: pd.Series((draw.zipf(1.3, n) % 500).astype(str), dtype="str"),
    "one word": lambda draw, n: pd.Series(["web"] * n, dtype="str"),
    "no word": lambda draw, n: pd.Series([None] * n, dtype="str"),
}


def table_of(kinds, n_rows, seed):
    draw = np.random.default_rng(seed)
    return pd.DataFrame({f"{kind} {place}": COLUMNS[kind](draw, n_rows) for place, kind in enumerate(kinds)})


def all_at_once():
    """The same preparation as scikit-learn composes it, of all rows at a time."""
    amounts = make_pipeline(
        FunctionTransformer(preparation.signed_log),
        StandardScaler(),
        FunctionTransformer(preparation.clipped),
        SimpleImputer(strategy="constant", fill_value=0.0),
    )
    numbers = make_union(amounts, FunctionTransformer(preparation.is_zero), MissingIndicator(error_on_new=False))
    categories = OneHotEncoder(
        min_frequency=20, max_categories=50, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    parts = (numbers, preparation.known_numbers), (categories, preparation.CATEGORIES)
    return make_pipeline(make_column_transformer(*parts, sparse_threshold=0), VarianceThreshold())


def bits(array):
    return array.shape, np.ascontiguousarray(array).tobytes()


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(preparation, "BLOCK_ROWS", 37)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=12),
    st.integers(1, 200),
    st.integers(1, 100),
    st.integers(0, 2**32 - 1),
)
def test_blocks_of_rows_give_the_bits_that_all_at_once_give(kinds, n_rows, block_rows, seed):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(preparation, "BLOCK_ROWS", block_rows)
        rows, others = table_of(kinds, n_rows, seed), table_of(kinds, 50, seed + 1)
        whole, by_row = all_at_once(), DensePreparation(fit_order="C")
        try:
            expected = whole.fit_transform(rows)
        except ValueError:
            with pytest.raises(ValueError, match=f"Each of the {len(kinds)} features is the same in all {n_rows} rows"):
                by_row.fit_transform(rows)
            return
        found = by_row.fit_transform(rows)
        assert bits(found) == bits(expected)
        assert found.flags.c_contiguous
        assert bits(DensePreparation().fit_transform(rows)) == bits(expected)
        for table in (rows, others, others[:1]):
            assert bits(by_row.transform(table)) == bits(whole.transform(table))
            assert by_row.transform(table).flags.f_contiguous == whole.transform(table).flags.f_contiguous


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_a_regression_on_blocks_of_rows_has_the_bits_of_one_on_all_at_once(small_blocks, l1_ratio):
    settings = quick_settings("logistic_regression").model_copy(update={"l1_ratio": l1_ratio})
    rows, others = table_of(COLUMNS, 500, 0), table_of(COLUMNS, 300, 1)
    label = (np.random.default_rng(2).random(500) < 0.3).astype("int8")
    found = family_module("logistic_regression").build(settings, seed=0, n_threads=1).fit(rows, label)
    model = PenalisedRegression(C=settings.C, l1_ratio=l1_ratio, max_iter=1000, random_state=0)
    expected = Pipeline([("prepare", all_at_once()), ("model", model)]).fit(rows, label)
    assert bits(found[-1].coef_) == bits(expected[-1].coef_)
    assert bits(found[-1].intercept_) == bits(expected[-1].intercept_)
    assert bits(found.predict_proba(others)) == bits(expected.predict_proba(others))


def test_a_regression_holds_the_prepared_table_once_and_little_else(monkeypatch):
    monkeypatch.setattr(preparation, "BLOCK_ROWS", 200)
    rows = table_of(["gaps", *["many words"] * 10], 8_000, 0)
    label = np.arange(len(rows)) % 2
    settings = quick_settings("logistic_regression").model_copy(update={"C": 1e-4})  # is soon done
    pipeline = family_module("logistic_regression").build(settings, seed=0, n_threads=1)
    tracemalloc.start()
    try:
        pipeline.fit(rows, label)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    prepared = pipeline[0].transform(rows).nbytes
    assert prepared > 20_000_000
    assert prepared < peak < 1.3 * prepared


def test_of_very_many_categories_the_most_frequent_stay_and_of_equals_the_first_in_the_alphabet():
    names = [f"c{n:06d}" for n in range(50_000)]
    table = pd.DataFrame({"city": [*names, "c049999", "c049998"]})
    fitted = NativeCategories().fit(table)
    assert len(fitted.categories_["city"]) == MAX_NATIVE_CATEGORIES
    assert fitted.categories_["city"][-2:] == ["c049998", "c049999"]
    assert fitted.categories_["city"][:-2] == names[: MAX_NATIVE_CATEGORIES - 2]
    found = fitted.transform(pd.DataFrame({"city": ["c000000", "c040000", "nowhere", None]}))["city"]
    assert found.isna().tolist() == [False, True, True, True]
