import numpy as np
import pandas as pd
import pytest

from purchase.models.crosses import Crosses
from purchase.models.registry import family_module
from purchase.params import SETTINGS
from tests.models.feature_tables import QUICK

FRAME = pd.DataFrame(
    {"pages": [2.0, 0.0, 4.0], "seconds": [6.0, 0.0, np.nan], "country": ["de", "fr", None], "weekend": [0.0, 1.0, 0.0]}
)
LABEL = np.array([0, 1, 1])


def test_two_numbers_give_their_product_and_share_and_flags_and_texts_give_none():
    crossed = Crosses().fit(FRAME.replace({"seconds": {np.nan: 1.0}}), LABEL).transform(FRAME)
    expected = FRAME.assign(
        **{"product of pages, seconds": [12.0, 0.0, np.nan], "share of pages, seconds": [0.25, np.nan, np.nan]}
    )
    pd.testing.assert_frame_equal(crossed, expected)


def test_a_combination_is_the_weighted_sum_of_standardised_logarithms_and_a_missing_number_counts_as_the_mean():
    table = pd.DataFrame({"pages": [2.0, 0.0, 4.0, 9.0], "seconds": [6.0, 0.0, np.nan, 30.0], "flag": [0.0, 1, 0, 1]})
    crosses = Crosses(n_combined=2).fit(table, np.array([0, 1, 1, 0]))
    made = crosses.transform(table)
    logs = np.log1p(table[["pages", "seconds"]])
    scaled = ((logs - logs.mean()) / logs.std()).fillna(0.0)
    first, second = crosses.combinations_
    assert first != second
    for number, weights in enumerate((first, second)):
        expected = scaled["pages"] * weights["pages"] + scaled["seconds"] * weights["seconds"]
        np.testing.assert_allclose(made[f"combination {number}"], expected)


def test_combinations_are_of_three_numbers_drawn_by_the_seed():
    frame, label = wide()
    drawn = [Crosses(n_combined=20, random_state=seed).fit(frame, label).combinations_ for seed in (0, 0, 1)]
    assert {len(weights) for weights in drawn[0]} == {3}
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_product_too_large_for_the_boosters_is_cut():
    huge = pd.DataFrame({"a": [1e200, -1e200, 1.0], "b": [1e200, 2e200, 3e200]})
    product = Crosses().fit(huge, LABEL).transform(huge)["product of a, b"]
    assert np.isfinite(product.astype("float32")).all()


def wide(n_rows=400):
    """Twelve numbers, of which the last two say what the label is."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(n_rows, 12)), columns=[f"x{place}" for place in range(12)])
    return frame, (frame["x10"] * frame["x11"] > 0).to_numpy().astype(int)


def test_of_many_numbers_those_that_matter_are_paired():
    frame, label = wide()
    frame["x10"] += label
    frame["x11"] -= label
    assert Crosses(n_crossed=2).fit(frame, label).pairs_ == [("x10", "x11")]


@pytest.mark.parametrize("family", ["xgboost", "lightgbm", "random_forest", "logistic_regression"])
def test_a_family_with_crosses_finds_what_only_a_product_says(family):
    frame, label = wide()
    settings = SETTINGS[family](**(QUICK[family] | {"n_crossed": 12}))
    pipeline = family_module(family).build(settings, seed=0, n_threads=1).fit(frame[:300], label[:300])
    assert np.mean((pipeline.predict_proba(frame[300:])[:, 1] > 0.5) == label[300:]) > 0.75  # 0.5 by chance


@pytest.mark.parametrize("n_combined", [0, 5])
@pytest.mark.parametrize("family", ["xgboost", "lightgbm"])
def test_what_a_cross_adds_is_given_back_to_its_two_columns(family, n_combined, tmp_path):
    frame, label = wide()
    module = family_module(family)
    settings = SETTINGS[family](**(QUICK[family] | {"n_crossed": 12, "n_combined": n_combined}))
    module.save(module.build(settings, seed=0, n_threads=1).fit(frame, label), tmp_path)
    added = module.contributions(module.load(tmp_path, n_threads=1), frame)
    assert added.shape == frame.shape
    weight = np.abs(added).mean(axis=0)
    assert weight[10:] == pytest.approx(weight[10], rel=0.2)
    assert weight[:10].max() < weight[10:].min() / 2


def test_what_combinations_add_is_given_back_by_their_weights_and_nothing_is_lost():
    frame, label = wide()
    crosses = Crosses(n_crossed=3, kinds=["share"], n_combined=1).fit(frame, label)
    columns = list(frame.columns)
    contributions = np.zeros((1, len(columns) + 4))
    contributions[0, -1] = 6.0  # the combination's; before it, three pairs and the columns themselves
    given = dict(zip(columns, crosses.given_back(contributions, columns)[0], strict=True))
    (weights,) = crosses.combinations_
    total = sum(map(abs, weights.values()))
    assert given == pytest.approx({name: 6.0 * abs(weights.get(name, 0.0)) / total for name in columns})


def test_without_crosses_a_familys_pipeline_is_as_before():
    settings = SETTINGS["xgboost"](**QUICK["xgboost"])
    assert list(family_module("xgboost").build(settings, seed=0, n_threads=1).named_steps) == ["prepare", "model"]
