from types import SimpleNamespace

import numpy as np
import pytest

from purchase.simulation import conversion
from purchase.simulation.calendar import CAMPAIGN_REACH
from purchase.simulation.population import LEAVE_MARKET, Traits
from purchase.simulation.shop import Shop
from purchase.simulation.truth import order_propensity
from purchase.simulation.visits import ORDER, SENT
from purchase.tables import DAY

HORIZON = 30


def surprise(chances, happened):
    """How many standard errors a count of happenings lies from the sum of their chances."""
    chances, happened = np.asarray(chances, dtype=float), np.asarray(happened, dtype=float)
    return (happened.sum() - chances.sum()) / np.sqrt((chances * (1 - chances)).sum())


@pytest.fixture(scope="module")
def cutoffs(clean):
    """Each customer at each cutoff, with the truth and whether they ordered in the horizon."""
    bought = clean.orders[clean.orders["status"] == "completed"].dropna(subset="customer_id")
    at = bought["ordered_at"].astype("datetime64[s]").astype("int64")
    end = clean.customer_propensity["cutoff"].max() + HORIZON * DAY
    back = -((at - end) // (HORIZON * DAY))  # the horizon that an order falls in, counted from the end
    ordered = set(zip(bought["customer_id"], end - back * HORIZON * DAY, strict=True))
    table = clean.customer_propensity
    keys = zip(table["customer_id"], table["cutoff"], strict=True)
    return table.assign(ordered=[key in ordered for key in keys])


def test_as_many_customers_order_as_the_truth_says(cutoffs):
    assert cutoffs["ordered"].sum() > 1000
    assert abs(surprise(cutoffs["true_propensity"], cutoffs["ordered"])) < 3.5


def test_every_decile_of_the_truth_orders_as_often_as_it_says(cutoffs):
    alive = cutoffs[cutoffs["true_propensity"] > 0].sort_values(["true_propensity", "customer_id", "cutoff"])
    for part in np.array_split(np.arange(len(alive)), 10):
        decile = alive.iloc[part]
        assert abs(surprise(decile["true_propensity"], decile["ordered"])) < 3.5


def test_those_who_have_dropped_out_have_no_chance_and_do_not_order(cutoffs, clean):
    dropped = clean.traits.set_index("customer_id")["dropped_out_at"]
    gone = cutoffs["customer_id"].map(dropped) < cutoffs["cutoff"]
    assert gone.any()
    assert (cutoffs.loc[gone, "true_propensity"] == 0).all()
    assert not cutoffs.loc[gone, "ordered"].any()
    assert (cutoffs.loc[~gone, "true_propensity"] > 0).all()


def test_cutoffs_count_back_from_the_end_of_the_export_by_whole_horizons(clean):
    start = np.datetime64(clean.params.start, "s").astype("int64")
    cutoffs = np.sort(clean.customer_propensity["cutoff"].unique())
    ends = start + (clean.params.n_days - np.arange(16, 0, -1) * HORIZON) * DAY
    assert cutoffs.tolist() == ends.tolist()


def test_only_customers_who_have_signed_up_by_the_cutoff_have_a_truth(cutoffs, clean):
    signed_up = clean.customers.set_index("customer_id")["signed_up_at"].astype("datetime64[s]").astype("int64")
    for cutoff, table in cutoffs.groupby("cutoff"):
        assert set(table["customer_id"]) == set(signed_up.index[signed_up < cutoff])


def test_sessions_order_as_often_as_their_truth_says_in_every_decile(clean):
    truth = clean.session_propensity
    assert truth["session_id"].is_unique
    bought = clean.events.loc[clean.events["event_type"] == "purchase", "session_id"]
    truth = truth.assign(ordered=truth["session_id"].isin(bought)).sort_values(["true_propensity", "session_id"])
    assert set(clean.events["session_id"].dropna()) == set(truth["session_id"])
    for part in np.array_split(np.arange(len(truth)), 10):
        assert abs(surprise(truth["true_propensity"].iloc[part], truth["ordered"].iloc[part])) < 3.5


def test_truth_knows_who_is_in_the_market_and_whom_a_promotion_reached(make_params):
    """Two days after a promotion, the chances of each state agree with what then happens."""
    shop = Shop(make_params(n_customers=20_000, n_days=60, truth_horizon_days=10, dirt=0.0))
    cutoff = int(np.flatnonzero(shop.calendar.campaign)[1]) + 2
    for day in range(cutoff):
        shop.walk.step(day)
    rows = np.flatnonzero(shop.walk.present(cutoff))
    states = {"in_market": shop.walk.in_market[rows].copy(), "treated": shop.walk.treated[rows].copy()}
    chance = order_propensity(shop.walk, rows, day=cutoff, horizon_days=10)
    ordered = np.zeros(len(shop.population), dtype=bool)
    for day in range(cutoff, cutoff + 10):
        sessions, _ = shop.walk.step(day)
        customer = sessions["customer"][sessions["depth"] == ORDER]
        ordered[customer[customer >= 0]] = True
    for state in states.values():
        assert 100 < state.sum() < len(rows) / 2
        assert abs(surprise(chance[state], ordered[rows][state])) < 3.5
        assert abs(surprise(chance[~state], ordered[rows][~state])) < 3.5
    assert chance[states["in_market"]].mean() > 3 * chance[~states["in_market"]].mean()


@pytest.fixture(scope="module")
def calendar(make_params):
    return Shop(make_params(n_customers=50, n_days=60, drift_days=0)).calendar


def one_customer(calendar, *, need=0.0, dropout=0.0, consent=False, holdout=0.0):
    """A walk of a single customer of a visit in ten days, indifferent to prices, now outside the market."""
    traits = Traits(
        visits=np.array([0.1]), conversion=np.array([-2.0]), need=np.array([need]), dropout=np.array([dropout]),
        sensitivity=np.array([0.0]), opens=np.array([0.5]), device=np.array([1]), taste=np.ones((1, 8)),
    )  # fmt: skip
    return SimpleNamespace(
        population=SimpleNamespace(traits=traits, consent=np.array([consent])),
        calendar=calendar, holdout=holdout, in_market=np.array([False]), treated=np.array([False]),
    )  # fmt: skip


def conversion_of(calendar, day, *, in_market=False, clicked=False):
    logit = np.array([-2.0 + conversion.IN_MARKET_LOGIT * in_market])
    return conversion.mean_order_chance(logit, np.array([1]), calendar, day, clicked=clicked)[0]


def no_order(calendar, day, *, in_market=False):
    visits = 0.1 * calendar.traffic[day] * (conversion.IN_MARKET_VISITS if in_market else 1)
    return np.exp(-visits * conversion_of(calendar, day, in_market=in_market))


def truth_of(walk, *, day, horizon_days):
    return order_propensity(walk, np.arange(1), day=day, horizon_days=horizon_days)[0]


def test_truth_of_a_steady_customer_is_the_poisson_formula(calendar):
    expected = 1 - no_order(calendar, 2) * no_order(calendar, 3)
    assert truth_of(one_customer(calendar), day=2, horizon_days=2) == pytest.approx(expected, rel=1e-9)


def test_truth_mixes_over_a_need_that_passes(calendar):
    """A need comes for certain on the first day; by the second it has passed with the chance LEAVE_MARKET."""
    second_day = LEAVE_MARKET * no_order(calendar, 3) + (1 - LEAVE_MARKET) * no_order(calendar, 3, in_market=True)
    expected = 1 - no_order(calendar, 2, in_market=True) * second_day
    assert truth_of(one_customer(calendar, need=1.0), day=2, horizon_days=2) == pytest.approx(expected, rel=1e-9)


def test_truth_mixes_over_dropping_out_at_the_start_of_each_day(calendar):
    """Gone on the first day 0.3; else no order on it, then gone 0.3, else no order on the second day."""
    second_day = 0.3 + 0.7 * no_order(calendar, 3)
    expected = 1 - (0.3 + 0.7 * no_order(calendar, 2) * second_day)
    assert truth_of(one_customer(calendar, dropout=0.3), day=2, horizon_days=2) == pytest.approx(expected, rel=1e-9)


def test_truth_mixes_over_who_gets_the_promotion_and_clicks(calendar):
    """Drawn among the recipients and not held out; then opened (0.5), clicked, and ordered in that session."""
    day = int(np.flatnonzero(calendar.campaign)[0])
    sent = conversion.REACHED_SHARE * (1 - 0.2)
    click_orders = 0.5 * conversion.CLICK_GIVEN_OPEN * conversion_of(calendar, day, clicked=True)
    expected = 1 - no_order(calendar, day) * (sent * (1 - click_orders) + 1 - sent)
    walk = one_customer(calendar, consent=True, holdout=0.2)
    assert truth_of(walk, day=day, horizon_days=1) == pytest.approx(expected, rel=1e-9)


def test_a_promotion_works_on_those_who_got_it_until_its_days_are_over(make_params):
    walk = Shop(make_params(n_customers=2000, n_days=60, dirt=0.0)).walk
    day = int(np.flatnonzero(walk.calendar.campaign)[0])
    emails = [walk.step(each)[1] for each in range(day + 1)][-1]
    sent = np.unique(emails["customer"][emails["type"] == SENT])
    for each in range(day + 1, day + 1 + CAMPAIGN_REACH):
        assert np.flatnonzero(walk.treated).tolist() == sent.tolist()
        walk.step(each)
    walk.step(day + 1 + CAMPAIGN_REACH)
    assert not walk.treated.any()


def test_mean_conversion_is_the_mean_over_devices_sources_and_hours(make_params):
    """Against a plain loop over what a session may draw."""
    shop = Shop(make_params(n_customers=50, n_days=60, dirt=0.0))
    calendar, day, logit = shop.calendar, 59, -1.234
    hours = conversion.hour_shares(calendar.weekend[day]).reshape(4, 6).sum(axis=1)
    mean = 0.0
    for device, device_share in enumerate(conversion.device_shares(calendar.drift[day])[1]):
        for source, source_share in enumerate(conversion.CUSTOMER_SOURCES):
            for part, hour_share in enumerate(hours):
                marks = conversion.DEVICE_LOGIT[device] + conversion.SOURCE_LOGIT[source]
                chance = conversion.reach(logit + marks + conversion.HOUR_LOGIT[6 * part])[2]
                mean += device_share * source_share * hour_share * chance
    got = conversion.mean_order_chance(np.array([logit]), np.array([1]), calendar, day)
    assert got[0] == pytest.approx(mean, rel=1e-4)
