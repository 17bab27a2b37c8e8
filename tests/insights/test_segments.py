import numpy as np
import pandas as pd

from purchase.insights.forecast import TOTAL, forecast_part
from purchase.insights.groups import UNKNOWN, group_columns, group_part
from purchase.insights.segments import ACTIONS, GRID, NO_ORDER, rfm, segment_part
from purchase.tables import DAY

CUTOFF = 1_700_000_000
RESAMPLING = {"n_bootstrap": 500, "interval": 0.9, "seed": 0}


def history(n_customers=10):
    """Customer i of 1 to n ordered i times, the last of them n - i days before the cutoff; customer 0 never did."""
    orders = [
        {"customer_id": i, "ordered_at": CUTOFF - (n_customers - i + 10 * k + 1) * DAY, "revenue_cents": 100.0 * i}
        for i in range(1, n_customers + 1)
        for k in range(i)
    ]
    rows = pd.DataFrame({"customer_id": range(n_customers + 1), "cutoff": CUTOFF})
    return pd.DataFrame(orders), rows


def test_the_most_recent_and_frequent_are_champions_the_least_are_lost_and_who_never_ordered_is_apart():
    orders, rows = history()
    table = rfm(orders, rows)
    assert table["segment"].iloc[0] == NO_ORDER
    assert np.isnan(table["days_since_order"].iloc[0])
    assert table["segment"].iloc[-1] == "Champions"
    assert table["segment"].iloc[1] == "Lost"
    assert table["n_orders"].tolist() == list(range(11))


def test_orders_at_or_after_the_cutoff_change_no_segment():
    orders, rows = history()
    later = orders.assign(ordered_at=CUTOFF, customer_id=0)
    assert rfm(orders, rows).equals(rfm(pd.concat([orders, later]), rows))


def test_a_customer_who_was_good_and_is_long_gone_cannot_be_lost():
    orders, rows = history()
    gone = orders.assign(ordered_at=orders["ordered_at"].where(orders["customer_id"] < 10, CUTOFF - 900 * DAY))
    assert rfm(gone, rows)["segment"].iloc[10] == "Cannot lose them"


def test_every_name_has_an_action():
    assert {name for row in GRID for name in row} | {NO_ORDER} == set(ACTIONS)


def scored(labels, propensity, **more):
    return pd.DataFrame({"label": np.asarray(labels, dtype="int8"), "propensity": propensity} | more)


def test_segments_add_up_to_all_customers_with_what_they_did():
    orders, rows = history()
    table = rfm(orders, rows)
    part = segment_part(table, scored(table["n_orders"] > 4, 0.1), interval=0.9)
    found = part.tables["segments"]
    assert found["n_customers"].sum() == 11
    assert found["n_ordered"].sum() == 6
    assert found["revenue_before_cents"].sum() == orders["revenue_cents"].sum()
    assert (found["low"] <= found["share_ordered"]).all()
    assert found["action"].notna().all()


def test_the_forecast_of_true_propensities_holds_what_happened_in_total_and_by_segment():
    rng = np.random.default_rng(0)
    propensity = rng.beta(1, 20, 6000)
    labels = (rng.random(6000) < propensity).astype(int)
    values, segments = np.full(6000, 500), pd.Series(np.where(propensity > 0.1, "Champions", NO_ORDER))
    rows = scored(labels, propensity, revenue_cents=labels * 500)
    part = forecast_part(rows, segments, values, np.ones(3), **RESAMPLING)
    table = part.tables["forecast"].set_index("segment")
    assert labels.sum() > 127  # labels are small integers, whose sum must not wrap around
    assert table.loc[TOTAL, "happened_orders"] == labels.sum() == table["happened_orders"].sum() / 2
    assert table.loc[TOTAL, "happened_revenue_cents"] == 500 * labels.sum()
    assert table["inside_orders"].all()
    assert (table["low_orders"] <= table["expected_orders"]).all()
    # Of independent orders the standard deviation is the root of the sum of p (1 - p); 90 % lie within 1.645 of them.
    width = table.loc[TOTAL, "high_orders"] - table.loc[TOTAL, "low_orders"]
    assert abs(width - 2 * 1.645 * np.sqrt((propensity * (1 - propensity)).sum())) < 5


def test_propensities_twice_too_high_leave_what_happened_outside():
    rng = np.random.default_rng(1)
    propensity = rng.beta(1, 20, 6000)
    labels = (rng.random(6000) < propensity / 2).astype(int)
    total = forecast_part(scored(labels, propensity), None, None, np.ones(1), **RESAMPLING).numbers["total"]
    assert not total["inside_orders"]
    assert "expected_revenue_cents" not in total


def people(n_rows=3000):
    rng = np.random.default_rng(0)
    ages = rng.choice([17.0, 18.0, 24.0, 25.0, 65.0, np.nan], n_rows)
    return pd.DataFrame({"gender": rng.choice(["female", "male", None], n_rows), "age_years": ages})


def test_ages_fall_into_bands_and_what_is_not_stated_is_a_group_of_its_own():
    features = pd.DataFrame({"age_years": [17.0, 18.0, 24.0, 25.0, 64.0, 65.0, np.nan], "country": None})
    found = group_columns(features)
    assert list(found["age"]) == ["under 18", "18 to 24", "18 to 24", "25 to 34", "55 to 64", "65 and over", UNKNOWN]
    assert set(found["country"]) == {UNKNOWN}


def test_a_group_whose_propensities_are_off_is_named_and_a_small_one_is_marked():
    features = people()
    rng = np.random.default_rng(1)
    labels = (rng.random(3000) < np.where(features["gender"] == "female", 0.2, 0.05)).astype(int)
    features.loc[0, "gender"] = "other"
    part = group_part(features, scored(labels, 0.05), None, interval=0.95)
    table = part.tables["groups"].set_index(["attribute", "group"])
    assert table.loc[("gender", "female"), "verdict"] == "too low"
    assert "gender female: too low" in part.numbers["off"]
    assert table.loc[("gender", "other"), "small"]
    assert table.loc[("gender", "other"), "verdict"] == "too few"
    assert table.loc[("gender", "male"), "verdict"] == "as predicted"
    assert table.loc["gender", "n_rows"].sum() == 3000
