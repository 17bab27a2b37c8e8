import numpy as np
import pandas as pd
import pytest

from purchase.insights.driver_groups import rank_correlation
from purchase.insights.drivers import always_shown, direction, driver_part, grid
from purchase.insights.shift import shift_part
from purchase.insights.words import Words

ASKED = {"n_top": 2, "n_repeats": 2, "n_bootstrap": 200, "interval": 0.95, "seed": 0}
DICTIONARY = pd.DataFrame({"name": ["x"], "meaning": ["the x; missing: none"], "unit": "", "type": "number"})
WORDS = Words(DICTIONARY, currency="")


def features_of(n_rows=1500):
    rng = np.random.default_rng(0)
    x = rng.normal(size=n_rows)
    table = pd.DataFrame({"group": np.arange(n_rows), "x": x, "idle": rng.normal(size=n_rows), "n_orders_30d": 1.0})
    table["n_orders_180d"] = rng.poisson(1.0, n_rows).astype(float)
    return table.assign(label=(rng.random(n_rows) < knowing(table)).astype(int))


def knowing(table):
    """Knows x, and nothing else."""
    return 1 / (1 + np.exp(1 - 2 * table["x"].to_numpy()))


def test_what_the_champion_knows_is_important_beyond_doubt_and_what_it_ignores_is_not():
    part = driver_part(knowing, features_of(), ["x", "idle"], WORDS, **ASKED)
    table = part.tables["drivers"].set_index("feature")
    assert table.loc["x", "low"] > 0.1
    assert (table.loc["idle", ["importance", "low", "high"]] == 0).all()
    assert table.loc["x", "direction"] == "rises"
    assert table.loc["x", "meaning"] == "the x"
    assert table.index[0] == "x"


def test_a_propensity_of_0_or_1_that_turns_out_wrong_costs_much_and_not_infinity():
    part = driver_part(lambda table: (table["x"] > 0).to_numpy(float), features_of(), ["x", "idle"], WORDS, **ASKED)
    importance = part.tables["drivers"].set_index("feature")["importance"]
    assert np.isfinite(part.tables["driver_groups"][["importance", "low", "high"]]).all(axis=None)
    assert np.isfinite(importance).all()
    assert importance["x"] > 1


def test_what_is_always_shown_is_shown_though_it_does_not_rank_and_what_the_shop_lacks_is_named():
    part = driver_part(knowing, features_of(), ["x", "idle"], WORDS, **ASKED)
    table = part.tables["drivers"].set_index("feature")
    assert table.loc["n_orders_180d", "always_shown"] == "prior purchase frequency"
    assert pd.isna(table.loc["n_orders_180d", "rank"])
    assert "n_orders_30d" not in table.index  # the longest window stands for the others
    assert set(part.numbers["missing"]) == {"session duration", "product views"}
    assert always_shown(["product_pages", "total_seconds"])["product views"] == "product_pages"


def test_features_that_stand_in_for_one_another_hide_alone_but_not_together_and_what_is_idle_has_no_firm_rank():
    table = features_of().assign(twin=lambda rows: rows["x"] * 1.01)
    part = driver_part(
        lambda rows: knowing(rows.assign(x=rows[["x", "twin"]].mean(axis=1))), table, ["x"], WORDS, **ASKED
    )
    groups, alone = part.tables["driver_groups"].set_index("feature"), part.tables["drivers"].set_index("feature")
    assert groups.loc["x", "features"] == "x; twin"
    assert groups.loc["x", "low"] > 2 * alone.loc["x", "high"]
    assert tuple(groups.loc["x", ["rank", "rank_low", "rank_high", "share_in_top"]]) == (1, 1, 1, 1)
    assert groups.loc["n_orders_180d", "always_shown"] == "prior purchase frequency"
    assert (part.numbers["groups"]["n_groups"], part.numbers["groups"]["n_top"]) == (4, 2)
    assert groups["share_in_top"].sum() >= 2


def test_rank_correlation_is_the_mean_over_pairs_of_columns():
    assert rank_correlation(np.array([[1, 10], [2, 30], [3, 20]])) == pytest.approx(0.5)  # by hand: 1 - 6 * 2 / 24
    assert rank_correlation(np.array([[1, 10, 3], [2, 20, 2], [3, 30, 1]])) == pytest.approx((1 - 1 - 1) / 3)
    assert rank_correlation(np.ones((3, 2))) is None
    assert rank_correlation(np.arange(3.0)[:, None]) is None


def test_a_shape_is_the_mean_propensity_if_all_rows_had_the_value():
    table = features_of()
    shapes = driver_part(knowing, table, ["x", "idle"], WORDS, **ASKED).tables["shapes"]
    x = shapes[shapes["feature"] == "x"]
    values = grid(table["x"])
    expected = [knowing(pd.DataFrame({"x": [value]}))[0] for value in values]
    assert np.allclose(x["mean_propensity"].iloc[[0, -1]], [expected[0], expected[-1]], atol=0.02)
    assert shapes.loc[shapes["feature"] == "idle", "mean_propensity"].nunique() == 1


def test_grids_hold_quantiles_of_numbers_the_commonest_categories_and_missing_last():
    assert grid(pd.Series([1.0, 1.0, 2.0, np.nan])) == [1.0, 2.0, None]
    assert grid(pd.Series(["b", "a", "b", None])) == ["a", "b", None]
    assert grid(pd.Series([True, False, True])) == [False, True]
    assert len(grid(pd.Series(np.arange(1000.0)))) == 9
    assert grid(pd.Series([np.nan, np.nan])) == [None]


def test_directions_are_told_by_rank_and_not_where_nothing_moves():
    def told(propensity, values="0123"):
        shape = pd.DataFrame({"value": list(values), "place": range(len(values)), "mean_propensity": propensity})
        return direction(shape)

    assert told([0.1, 0.2, 0.3, 0.4]) == "rises"
    assert told([0.4, 0.3, 0.2, 0.1]) == "falls"
    assert told([0.1, 0.4, 0.4, 0.1]) == "bends"
    assert told([0.1, 0.1, 0.1, 0.1]) == "flat"
    assert told([0.1, 0.4, 0.3, 0.1], "abcd") == "differs"


def test_drift_counts_the_features_beyond_the_bound_and_compares_propensities_of_unseen_rows():
    still, moved = pd.Series(np.arange(100.0)), pd.Series(np.arange(100.0) + 1000)
    propensities = {"validation": still.to_numpy(), "test": moved.to_numpy()}
    pairs = [("still", still, still), ("moved", still, moved)]
    part = shift_part(pairs, propensities=propensities, max_drift=0.2)
    assert list(part.tables["drift"]["feature"]) == ["moved", "still"]
    assert part.numbers["n_drifted"] == 1
    assert part.numbers["propensity"] > 1
