import numpy as np
import pandas as pd
import pytest

from purchase.insights.parts import NotAvailable
from purchase.insights.uplift import HELD_OUT, SENT, difference, promotions, qini, uplift_part
from purchase.tables import DAY

CUTOFF = 1_700_000_000
DAYS = {"uplift_days": 10, "horizon_days": 30}
RESAMPLING = {"n_bootstrap": 200, "interval": 0.95, "seed": 0}


def shop(n_customers=4000, lift=0.3, seed=0):
    """Half of the customers are held out; e-mails make those of high propensity order more, the others not."""
    rng = np.random.default_rng(seed)
    names = np.array([f"c{i:05}" for i in range(n_customers)])
    propensity = rng.random(n_customers) * 0.4
    sent = rng.random(n_customers) < 0.5
    chance = propensity * 0.5 + lift * sent * (propensity > 0.2)
    rows = pd.DataFrame({"customer_id": names, "cutoff": CUTOFF, "group": names, "propensity": propensity})
    mails = pd.DataFrame({"customer_id": names, "event_at": CUTOFF + DAY, "event_type": np.where(sent, SENT, HELD_OUT)})
    buyers = names[rng.random(n_customers) < chance]
    return rows, mails, pd.DataFrame({"customer_id": buyers, "ordered_at": CUTOFF + 2 * DAY})


def test_what_e_mails_add_is_found_where_it_is_and_its_interval_holds_it():
    part = uplift_part(*shop(), **DAYS, **RESAMPLING)
    top, bottom = part.numbers["top_half"], part.numbers["bottom_half"]
    assert top["low"] < 0.3 < top["high"]
    assert top["low"] > 0.2
    assert bottom["low"] < 0 < bottom["high"]
    assert part.numbers["qini"]["low"] > 0
    table = part.tables["uplift"]
    assert table["mean_propensity"].is_monotonic_decreasing
    assert table[["n_sent", "n_held_out"]].to_numpy().sum() == 4000


def test_e_mails_that_do_nothing_add_nothing_and_rank_nobody():
    numbers = uplift_part(*shop(lift=0.0), **DAYS, **RESAMPLING).numbers
    assert numbers["overall"]["low"] < 0 < numbers["overall"]["high"]
    assert numbers["qini"]["low"] < 0 < numbers["qini"]["high"]


def test_only_promotions_whose_days_end_within_the_horizon_count_and_only_orders_after_them():
    rows, mails, orders = shop(n_customers=300)
    late = mails.assign(event_at=CUTOFF + 21 * DAY)
    early = mails.assign(event_at=CUTOFF - 1)
    found = promotions(rows, pd.concat([mails, late, early]), orders, **DAYS)
    assert len(found) == 300
    before = orders.assign(ordered_at=CUTOFF + DAY - 1)
    too_late = orders.assign(ordered_at=CUTOFF + 11 * DAY)
    assert not promotions(rows, mails, before, **DAYS)["ordered"].any()
    assert not promotions(rows, mails, too_late, **DAYS)["ordered"].any()
    assert promotions(rows, mails, orders, **DAYS)["ordered"].sum() == len(orders)


def test_a_shop_without_a_hold_out_says_why_it_has_no_uplift():
    rows, mails, orders = shop(n_customers=300)
    with pytest.raises(NotAvailable, match="0 customers were held out"):
        uplift_part(rows, mails.assign(event_type=SENT), orders, **DAYS, **RESAMPLING)


def test_the_interval_of_a_difference_is_newcombes_and_has_a_width_where_nobody_ordered():
    # Newcombe (1998), table II, method 10: 56/70 - 48/80 = 0.2 [0.0524, 0.3339]; 0/20 - 0/10 = 0 [-0.2775, 0.1611].
    assert difference(70, 56, 80, 48, interval=0.95) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert difference(20, 0, 10, 0, interval=0.95) == pytest.approx((0.0, -0.2775, 0.1611), abs=5e-5)


def test_the_qini_coefficient_is_the_area_over_the_straight_line():
    # All that the e-mails add, they add in the first of ten tenths: the curve is flat at 0.1 after it. The area over
    # the line from 0 to 0.1 is the sum of 0.1 - 0.01 k over k = 1 to 10, over ten: 0.045.
    counts = np.zeros((4, 10, 1))
    counts[[0, 2]] = 100
    counts[1, 0] = 100
    assert qini(counts) == pytest.approx([0.045])
