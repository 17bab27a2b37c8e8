import numpy as np
import pandas as pd
import pytest

from purchase.models.columns import feature_frame, feature_kinds
from purchase.tables import KEY_COLUMNS, TableError
from tests.models.feature_tables import customer_table

KINDS = {"n_orders": "number", "country": "category", "has_consent": "boolean"}
TABLE = pd.DataFrame({"n_orders": [1.0, np.nan], "country": ["de", None], "has_consent": [True, False]})


def test_key_columns_are_no_features():
    assert not set(feature_kinds(customer_table())) & set(KEY_COLUMNS)


def test_kinds_follow_from_the_types_of_the_columns():
    assert feature_kinds(TABLE) == KINDS


def test_columns_come_in_the_order_of_training_and_others_are_ignored():
    shuffled = TABLE[["has_consent", "country", "n_orders"]].assign(other=1)
    assert list(feature_frame(shuffled, KINDS).columns) == ["n_orders", "country", "has_consent"]
    pd.testing.assert_frame_equal(feature_frame(shuffled, KINDS), feature_frame(TABLE, KINDS))


def test_a_missing_column_is_named_beside_the_one_that_may_stand_for_it():
    with pytest.raises(TableError, match=r"no column 'country' \(1 of the model's 3 .*does not know: \['land'\]"):
        feature_frame(TABLE.rename(columns={"country": "land"}), KINDS)


def test_a_text_where_training_saw_numbers_is_named():
    with pytest.raises(TableError, match=r"'n_orders' was a number in training, and holds 'many' \(1 of 2 rows"):
        feature_frame(TABLE.assign(n_orders=["many", None]), KINDS)


def test_an_infinite_number_is_refused_by_name():
    with pytest.raises(TableError, match="'n_orders' is infinite in 1 of 2 rows"):
        feature_frame(TABLE.assign(n_orders=[np.inf, 1.0]), KINDS)


def test_a_table_of_keys_alone_is_refused():
    with pytest.raises(TableError, match="no feature"):
        feature_kinds(customer_table()[list(KEY_COLUMNS)])


def test_numbers_are_not_copied_and_the_table_cannot_be_changed_through_them():
    frame = feature_frame(TABLE, KINDS)
    assert np.shares_memory(frame["n_orders"].to_numpy(), TABLE["n_orders"].to_numpy())
    with pytest.raises(ValueError, match="read-only"):
        frame.loc[0, "n_orders"] = 5.0
    assert TABLE.loc[0, "n_orders"] == 1.0
