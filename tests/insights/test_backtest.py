import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

from purchase.features.bg_nbd import BGNBD
from purchase.insights.backtest import OURS, backtest_part
from purchase.insights.gamma_gamma import GammaGamma, fit_gamma_gamma, log_likelihood
from purchase.insights.parts import NotAvailable
from purchase.insights.rivals import LAST, LAST_YEAR, YEAR, rivals
from purchase.insights.rolling import roll
from purchase.tables import DAY
from tests.insights.small_panel import CUTOFFS, small_panel

EDGES = np.array([7, 30])
DAYS = {"horizon_days": 30, "lookback_days": 60}
MODELS = {CUTOFFS[0]: BGNBD(0.5, 20.0, 0.5, 2.0)}
SETTINGS = {"edges": EDGES, "prior_orders": 3.0, "interval": 0.95, **DAYS}


@pytest.fixture(scope="module")
def shop():
    panel, orders = small_panel()
    return roll(panel, orders, MODELS, {}, edges=EDGES, seed=0, n_threads=1, **DAYS), orders


def test_forecasts_of_a_steady_shop_are_close_and_lie_inside_their_intervals(shop):
    origins, orders = shop
    part = backtest_part(origins, orders, MODELS, **SETTINGS)
    table = part.tables["backtest"].set_index(["cutoff", "forecast"])
    ours = table.xs(OURS, level="forecast")
    assert len(ours) == len(origins) == 5
    assert (ours["happened_orders"] == [(origin.days < 30).sum() for origin in origins]).all()
    assert part.numbers["off_by"][OURS]["orders"] < 0.1
    assert part.numbers["inside_of_horizons"]["orders"]["by_chance"] >= 4
    assert part.numbers["inside_of_horizons"]["revenue_cents"]["by_chance"] >= 4
    assert table.xs(LAST, level="forecast")["expected_orders"].iloc[1] == pytest.approx((origins[0].days < 30).sum())
    assert abs(ours["expected_revenue_cents"] / ours["happened_revenue_cents"] - 1).mean() < 0.15


@pytest.mark.parametrize("name", ["backtest_weeks", "backtest_segments"])
def test_weeks_and_segments_add_up_to_the_horizon(shop, name):
    part = backtest_part(*shop, MODELS, **SETTINGS)
    sums = [f"{which}_{what}" for which in ("expected", "happened") for what in ("orders", "revenue_cents")]
    added = part.tables[name].groupby("cutoff")[sums].sum().astype(float)
    ours = part.tables["backtest"].query("forecast == @OURS").set_index("cutoff")[sums].astype(float)
    np.testing.assert_allclose(added, ours, rtol=1e-3)
    assert (added["happened_orders"] == ours["happened_orders"]).all()


def test_an_error_at_one_cutoff_widens_the_interval_of_the_next(shop):
    origins, orders = shop
    gone = orders[(orders["ordered_at"] < origins[0].cutoff) | (orders["ordered_at"] >= origins[1].cutoff)]
    missed = roll(small_panel()[0], gone, MODELS, {}, edges=EDGES, seed=0, n_threads=1, **DAYS)
    widths = []
    for found in (origins, missed):
        table = backtest_part(found, orders, MODELS, **SETTINGS).tables["backtest"].query("forecast == @OURS")
        widths.append((table["high_orders"] - table["low_orders"]).iloc[1] / table["expected_orders"].iloc[1])
    assert widths[1] > 3 * widths[0]


def test_where_nobody_ordered_at_some_cutoff_no_error_relative_to_it_is_told(shop):
    origins, orders = shop
    gone = orders[(orders["ordered_at"] < origins[0].cutoff) | (orders["ordered_at"] >= origins[1].cutoff)]
    missed = roll(small_panel()[0], gone, MODELS, {}, edges=EDGES, seed=0, n_threads=1, **DAYS)
    part = backtest_part(missed, gone, MODELS, **SETTINGS)
    assert part.tables["backtest"]["happened_orders"].iloc[0] == 0
    assert not set(part.numbers["off_by"][OURS]) & {"orders", "revenue_cents"}
    assert part.numbers["inside_of_horizons"]["n"] == len(missed)


def test_without_prices_there_is_no_revenue(shop):
    origins, orders = shop
    part = backtest_part(origins, orders.assign(revenue_cents=np.nan), MODELS, **SETTINGS)
    assert "expected_revenue_cents" not in part.tables["backtest"]
    with pytest.raises(NotAvailable, match="too few orders"):
        backtest_part([], orders, MODELS, **SETTINGS)


def test_the_seasonal_naive_forecast_is_the_same_days_a_year_before_and_says_where_there_are_none(shop):
    origins, orders = shop
    assert "the orders begin on" in backtest_part(origins, orders, MODELS, **SETTINGS).numbers["no_last_year"]
    then = origins[-1].cutoff - YEAR * DAY
    rows = [("a", then - DAY, 100.0), ("a", then, 300.0), ("b", then + 29 * DAY, 500.0), ("c", then + 30 * DAY, 900.0)]
    longer = pd.concat([pd.DataFrame(rows, columns=orders.columns), orders], ignore_index=True)
    told = rivals(origins[-1], longer, MODELS, 1, **DAYS)
    assert told[LAST_YEAR] == {"orders": 2, "revenue_cents": 800}
    assert LAST_YEAR not in rivals(origins[-1], orders, MODELS, 1, **DAYS)


def test_the_likelihood_of_gamma_gamma_is_a_density_and_its_fit_finds_what_made_the_orders():
    total, _ = quad(lambda z: np.exp(log_likelihood(6.0, 4.0, 15.0, 2.0, z)), 0, np.inf)
    assert total == pytest.approx(1, abs=1e-6)
    rng = np.random.default_rng(0)
    rate = rng.gamma(4.0, 1 / 15.0, 4000)
    n = rng.integers(1, 6, 4000)
    mean = rng.gamma(6.0 * n) / rate / n
    found = fit_gamma_gamma(n, mean)
    truth = GammaGamma(6.0, 4.0, 15.0)
    np.testing.assert_allclose(found.mean_order(n, mean), truth.mean_order(n, mean), rtol=0.1)
    assert found.mean_order(0, 0.0) == pytest.approx(mean.mean(), rel=0.1)
