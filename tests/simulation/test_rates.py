import pytest

from purchase.simulation.catalogue import CATEGORIES


@pytest.fixture(scope="module")
def sessions(clean):
    kinds = clean.events.dropna(subset="session_id")
    return kinds.groupby(["session_id", "event_type"]).size().unstack(fill_value=0)


@pytest.fixture(scope="module")
def bought(clean):
    return clean.orders[clean.orders["status"] == "completed"]


def test_one_session_in_forty_to_thirty_ends_with_an_order(sessions):
    assert 0.025 <= (sessions["purchase"] > 0).mean() <= 0.035


def test_seven_to_eleven_of_a_hundred_sessions_put_something_into_the_cart(sessions):
    assert (sessions["view"] > 0).all()
    assert 0.07 <= (sessions["add_to_cart"] > 0).mean() <= 0.11


def test_seven_of_ten_carts_are_left_behind(sessions):
    carts = sessions[sessions["add_to_cart"] > 0]
    assert 0.66 <= (carts["purchase"] == 0).mean() <= 0.74


def test_a_quarter_to_a_third_of_buyers_order_again(bought):
    orders = bought.groupby("customer_id")["order_id"].nunique()
    assert 0.25 <= (orders > 1).mean() <= 0.35


def test_promotions_are_opened_and_clicked_as_often_as_published(clean):
    kinds = clean.events["event_type"].value_counts()
    assert 0.20 <= kinds["email_open"] / kinds["email_sent"] <= 0.35
    assert 0.015 <= kinds["email_click"] / kinds["email_sent"] <= 0.025


def test_every_category_comes_back_at_its_own_rate_between_5_and_25_percent(clean):
    rates = clean.orders.groupby("category")["status"].agg(lambda status: (status == "returned").sum() / len(status))
    rates = rates / (1 - rates)  # of lines sold, not of rows
    assert set(rates.index) == set(CATEGORIES)
    assert rates.between(0.04, 0.27).all()  # a small category is a few hundred lines
    overall = (clean.orders["status"] == "returned").sum() / (clean.orders["status"] == "completed").sum()
    assert 0.10 <= overall <= 0.18


def test_the_default_is_about_a_million_events_and_six_thousand_orders(clean, bought, make_params):
    default = make_params()
    scale = default.n_customers / clean.params.n_customers
    assert default.n_days > 15 * 30
    assert 900_000 <= len(clean.events) * scale <= 1_200_000
    assert bought["order_id"].nunique() * scale >= 6000


def test_some_250_customers_order_in_each_late_horizon_of_the_default(clean, make_params):
    scale = make_params().n_customers / clean.params.n_customers
    expected = clean.customer_propensity.groupby("cutoff")["true_propensity"].sum() * scale
    assert (expected.sort_index().tail(6) > 250).all()


def test_some_sessions_are_anonymous_and_some_log_in_half_way(clean):
    named = clean.events.dropna(subset="session_id").groupby("session_id")["customer_id"].agg(["count", "size"])
    assert 0.35 <= (named["count"] == 0).mean() <= 0.6
    assert 0.05 <= ((named["count"] > 0) & (named["count"] < named["size"])).mean() <= 0.3


def test_sale_days_sell_more_than_the_days_around_them(bought):
    day = bought.drop_duplicates("order_id")["ordered_at"].str[:10].value_counts()
    before = [day.get(f"2025-11-{number}", 0) for number in range(7, 28)]
    assert day[["2025-11-28", "2025-11-29", "2025-11-30", "2025-12-01"]].mean() > 1.5 * sum(before) / len(before)


def test_recent_browsing_tells_who_will_order(clean):
    """Customers seen in the week before a cutoff order several times as often as the others."""
    cutoff = clean.customer_propensity["cutoff"].max()
    truth = clean.customer_propensity.query("cutoff == @cutoff").set_index("customer_id")["true_propensity"]
    events = clean.events.dropna(subset=["session_id", "customer_id"])
    at = events["event_time"].astype("datetime64[s]").astype("int64")
    seen = events.loc[at.between(cutoff - 7 * 86_400, cutoff - 1), "customer_id"].unique()
    assert truth[truth.index.isin(seen)].mean() > 5 * truth[~truth.index.isin(seen)].mean()
