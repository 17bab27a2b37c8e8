import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from purchase.insights.drivers import driver_part
from purchase.insights.reasons import contributions, correlated_groups, top_reasons, typical_value
from purchase.insights.targets import deciles, target_list
from purchase.insights.words import Words, money
from purchase.models.columns import feature_kinds
from purchase.models.registry import family_module
from purchase.models.training import fit_model
from tests.models.feature_tables import customer_table, quick_settings


def fitted(family):
    table = customer_table()
    rows = np.arange(len(table))
    folds = [(rows[::2], rows[1::2]), (rows[1::2], rows[::2])]
    asked = {"family": family, "folds": folds, "calibration": "none", "seed": 0, "n_threads": 1}
    return fit_model(table, quick_settings(family), **asked)[0], table


def loaded(family, folder):
    """A fitted model as the stages have it: read from its files."""
    model, table = fitted(family)
    module = family_module(family)
    module.save(model.pipeline, folder)
    return dataclasses.replace(model, pipeline=module.load(folder, n_threads=1)), table


@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
def test_what_the_features_add_is_the_log_odds_up_to_a_constant(family, tmp_path):
    model, table = loaded(family, tmp_path)
    added = contributions(model, table, typical={})
    assert list(added.columns) == list(feature_kinds(table))
    constant = logit(model.predict_score(table)) - added.sum(axis=1)
    assert np.ptp(constant) < 1e-4


def test_a_family_without_shap_values_is_explained_by_what_typical_values_would_change():
    model, table = fitted("logistic_regression")
    typical = {name: typical_value(table[name]) for name in ("recency_days", "country")}
    added = contributions(model, table, typical=typical)
    assert list(added.columns) == list(typical)
    for name, value in typical.items():
        assert np.abs(added.loc[table[name] == value, name]).max() < 1e-9
        assert np.abs(added.loc[table[name] != value, name]).max() > 0.1


@pytest.mark.parametrize("family", ["xgboost", "lightgbm", "random_forest"])
def test_missing_values_flags_and_odd_names_have_reasons_and_shapes_too(family, tmp_path):
    model, table = loaded(family, tmp_path)
    names = list(model.kinds)
    dictionary = pd.DataFrame({"name": names, "meaning": names, "unit": "", "type": list(model.kinds.values())})
    words = Words(dictionary, currency="")
    typical = {name: typical_value(table[name]) for name in names}
    reasons = top_reasons(model, table, typical=typical, words=words.reasons)
    assert reasons["reason_1"].str.match("(raised|lowered) by .+: .+").all()
    asked = {"n_top": 9, "n_repeats": 1, "n_bootstrap": 20, "interval": 0.9, "seed": 0}
    shapes = driver_part(model.predict_propensity, table, names, words, **asked).tables["shapes"]
    assert set(shapes["feature"]) == set(names)
    assert shapes["mean_propensity"].between(0, 1).all()


def test_the_typical_value_is_the_median_or_the_commonest_and_nothing_where_all_is_missing():
    assert typical_value(pd.Series([1.0, 2.0, 9.0, np.nan])) == 2
    assert typical_value(pd.Series(["a", "b", "b", None])) == "b"
    assert typical_value(pd.Series([True, True, False]))
    assert typical_value(pd.Series([np.nan, np.nan])) is None


def test_features_that_go_together_are_one_group_whatever_the_sign():
    rng = np.random.default_rng(0)
    x = rng.normal(size=300)
    features = pd.DataFrame({"x": x, "noise": rng.normal(size=300), "minus": -(x**3), "same": 1.0})
    x_group, noise, minus, same = correlated_groups(features)
    assert x_group == minus
    assert len({x_group, noise, same}) == 3
    assert correlated_groups(features[["x"]]).tolist() == [0]


class Additive:
    """A model whose log-odds are the sum of its three features; of two that go together, the louder one speaks."""

    has_shap = False

    def predict_propensity(self, features):
        return 1 / (1 + np.exp(-features[["views", "seen", "age"]].sum(axis=1).to_numpy()))


def test_each_row_has_its_own_reasons_the_strongest_first_and_says_in_which_direction():
    rng = np.random.default_rng(0)
    views = rng.normal(size=50)
    features = pd.DataFrame({"views": views, "seen": 0.1 * views, "age": rng.normal(size=50)})
    features.loc[0] = [2.0, 0.2, -1.0]
    features.loc[1] = [0.5, 0.05, -3.0]
    meanings = {"views": "products viewed; missing: none", "seen": "products seen", "age": "age"}
    dictionary = pd.DataFrame({"name": meanings.keys(), "meaning": meanings.values(), "unit": "", "type": "number"})
    words = Words(dictionary, currency="EUR").reasons
    reasons = top_reasons(Additive(), features, typical=dict.fromkeys(features, 0.0), words=words)
    assert reasons.iloc[0].tolist() == ["raised by products viewed: 2", "lowered by age: -1", ""]
    assert reasons.iloc[1].tolist() == ["lowered by age: -3", "raised by products viewed: 0.5", ""]


def test_values_are_put_in_words_with_their_unit():
    dictionary = pd.DataFrame(
        {
            "name": ["spent", "days", "country", "weekend", "share"],
            "meaning": ["spent", "time since; missing: none", "country", "weekend", "share"],
            "unit": ["cents", "days", None, None, "share"],
            "type": ["number", "number", "category", "boolean", "number"],
        }
    )
    words = Words(dictionary, currency="EUR")
    told = [("spent", 123456.0), ("days", 3.14159), ("days", np.nan), ("country", "de"), ("weekend", True)]
    assert [words.value(*pair) for pair in told] == ["1,235 EUR", "3.1 days", "none", "de", "yes"]
    assert words.value("share", 0.12345) == "0.12"
    assert words.name("days") == "time since"
    assert words.name("unknown") == "unknown"
    assert money(950, "GBP") == "9.50 GBP"


def test_deciles_hold_as_many_each_the_likeliest_first():
    assert deciles(np.linspace(0, 1, 20)).tolist() == sorted([*range(1, 11)] * 2, reverse=True)
    assert deciles(np.full(20, 0.5)).tolist() == sorted([*range(1, 11)] * 2)


def test_without_prices_the_list_goes_by_propensity_and_names_no_money():
    scored = pd.DataFrame({"propensity": [0.1, 0.3, 0.3]})
    who = pd.Series(["a", "c", "b"], name="customer_id")
    reasons = pd.DataFrame({"reason_1": ["x", "y", "z"]})
    table = target_list(who, scored, reasons, None, contacted=None, terms=None)
    assert list(table.columns) == ["customer_id", "propensity", "decile", "reason_1"]
    assert table["customer_id"].tolist() == ["b", "c", "a"]
    assert table["reason_1"].tolist() == ["z", "y", "x"]
