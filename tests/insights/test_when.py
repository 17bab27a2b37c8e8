import numpy as np
import pandas as pd
import pytest

from purchase.features.bg_nbd import BGNBD
from purchase.insights.panel import days_to_next_order, in_panel
from purchase.insights.parts import NotAvailable
from purchase.insights.rolling import repeat_buying, roll
from purchase.insights.timing import anchored, chance_within, days_to_half, fit_hazards
from purchase.insights.when import horizon_columns, when_part
from purchase.tables import DAY
from tests.insights.small_panel import CUTOFFS, END, small_panel

EDGES = np.array([7, 30, 60, 90])
RESAMPLING = {"n_bootstrap": 50, "interval": 0.9, "seed": 0}
ROLLING = {"edges": EDGES, "horizon_days": 30, "lookback_days": 60, "seed": 0, "n_threads": 1}


@pytest.fixture(scope="module")
def origins():
    panel, orders = small_panel()
    last = panel[panel["cutoff"] == CUTOFFS[-1]].set_index("customer_id")["rate"]
    champion = {CUTOFFS[-1]: pd.Series(np.where(last > 0.01, 0.4, 0.02), index=last.index)}
    return roll(panel, orders, {CUTOFFS[0]: BGNBD(0.5, 20.0, 0.5, 2.0)}, champion, **ROLLING)


def test_the_next_order_is_the_first_at_or_after_the_cutoff():
    orders = pd.DataFrame({"customer_id": ["a", "a", "b"], "ordered_at": [0, 5 * DAY, 2 * DAY]})
    rows = pd.DataFrame({"customer_id": ["b", "a", "a", "c"], "cutoff": [3 * DAY, 0, DAY, 0]})
    assert days_to_next_order(orders, rows).tolist()[1:3] == [0, 4]
    assert np.isnan(days_to_next_order(orders, rows)[[0, 3]]).all()


def test_the_chance_of_an_order_never_falls_as_the_horizon_grows(origins):
    for origin in origins:
        learned = ~np.isnan(origin.chances).any(axis=0)
        assert (np.diff(origin.chances[:, learned], axis=1) >= 0).all()
    # An order a 50 days leaves exp(-30 / 50) without one within 30.
    often = (small_panel()[0]["rate"][:1500] > 0.01).to_numpy()
    assert abs(origins[-2].chances[often, 1].mean() - (1 - np.exp(-30 * 0.02))) < 0.05


def test_nothing_at_or_after_a_cutoff_teaches_its_model():
    panel, orders = small_panel()
    names, settings = ["rate", "noise"], {"edges": EDGES, "origin": CUTOFFS[3], "seed": 0, "n_threads": 1}
    later = orders["ordered_at"] >= CUTOFFS[3]
    known, all_orders = (days_to_next_order(table, panel) for table in (orders[~later], orders))
    told = [fit_hazards(panel, days, names, **settings).chances(panel) for days in (known, all_orders)]
    np.testing.assert_array_equal(*told)


def test_horizons_longer_than_the_history_are_not_learned_and_say_why(origins):
    assert np.isnan(origins[0].chances[:, 2]).all()  # 30 days lie between the first two cutoffs
    assert not np.isnan(origins[-1].chances).any()
    part = when_part(origins, edges=EDGES, horizons_days=[7, 90], end_at=CUTOFFS[-1], **RESAMPLING)
    assert "records end less than 90 days after" in part.numbers["not_scored"]["90"]
    assert part.tables["horizons"]["horizon_days"].tolist() == [7]


def test_too_few_orders_make_no_part():
    panel, orders = small_panel()
    assert roll(panel, orders.head(20), {}, {}, **ROLLING) == []
    with pytest.raises(NotAvailable, match="too few orders"):
        when_part([], edges=EDGES, horizons_days=[7], end_at=END, **RESAMPLING)


def test_each_horizon_is_scored_at_the_latest_cutoff_after_which_it_is_over_and_beats_what_sees_less(origins):
    part = when_part(origins, edges=EDGES, horizons_days=list(EDGES), end_at=END, **RESAMPLING)
    table = part.tables["horizons"].set_index("horizon_days")
    days = [str(pd.Timestamp(cutoff, unit="s").date()) for cutoff in CUTOFFS]
    assert table["cutoff"].tolist() == [days[-1], days[-1], days[-1], days[-2]]
    assert table["with_champion"].tolist() == [True, True, True, False]
    assert (table["gain_low"] > 0).all()  # BG/NBD does not know the rates
    assert (table["log_loss"] < table["base_rate_log_loss"]).all()
    assert (table["log_loss_low"] <= table["log_loss"]).all()
    assert len(part.tables["horizons_by_cutoff"]) > len(table)


def test_within_the_champions_horizon_the_chance_is_its_propensity(origins):
    table = horizon_columns(origins[-1].chances, edges=EDGES, horizons_days=[7, 30])
    assert set(table["propensity_30_days"]) == {0.4, 0.02}
    assert (table["propensity_7_days"] < table["propensity_30_days"]).all()


def test_anchoring_scales_the_accumulated_hazard():
    chances = np.array([[1 - 0.9, 1 - 0.9**3]])
    np.testing.assert_allclose(anchored(chances, np.array([1 - 0.8**3]), 1), [[1 - 0.8, 1 - 0.8**3]])


def test_at_an_even_hazard_time_runs_evenly_between_edges():
    chances = 1 - np.exp(-0.1 * np.array([[10.0, 30.0]]))
    for day in (5, 10, 20, 30):
        np.testing.assert_allclose(chance_within(chances, [10, 30], day), 1 - np.exp(-0.1 * day))
    # Of those who order within 30 days at 0.1 a day, half have by ln(2 / (1 + exp(-3))) / 0.1 = 6.4 days.
    np.testing.assert_allclose(days_to_half(chances, [10, 30]), np.log(2 / (1 + np.exp(-3))) / 0.1)


def test_repeat_buying_counts_days_with_an_order_in_the_lookback():
    orders = pd.DataFrame({"customer_id": "a", "ordered_at": np.array([9.5, 9.4, 4.2, 0.0]) * DAY})
    rows = pd.DataFrame({"customer_id": ["a", "b"], "cutoff": 10 * DAY})
    found = repeat_buying(rows, orders, lookback_days=8)
    assert found.iloc[0].tolist() == [1, 5, 6]
    assert found.iloc[1].isna().all()


def test_of_many_customers_the_same_few_are_followed_at_every_cutoff():
    groups = np.tile(np.arange(1000), 3)
    kept = in_panel(groups, most=100)
    assert len(np.unique(groups[kept])) == 100
    assert kept.sum() == 300
    assert in_panel(groups, most=5000).all()
