import numpy as np
import pandas as pd
import pytest

from purchase.insights.campaign import EVERYBODY, PROPENSITY, UPLIFT, campaign_part, predicted_uplift
from purchase.insights.parts import NotAvailable

SETTINGS = {"margin": 0.5, "contact_cost_cents": 100, "interval": 0.95, "n_bootstrap": 200, "seed": 0}


def promotions(n=20_000, seed=0, *, added=0.2):
    """E-mails sell to those who open them, who are the less likely buyers."""
    rng = np.random.default_rng(seed)
    opens, sent = rng.random(n) < 0.3, rng.random(n) < 0.7
    propensity = np.where(opens, 0.05, 0.15) + rng.uniform(0, 0.01, n)
    ordered = rng.random(n) < propensity + added * (opens & sent)
    rows = {"group": np.arange(n), "propensity": propensity, "sent": sent, "ordered": ordered}
    return pd.DataFrame(rows | {"email_open_rate": opens.astype(float)})


def part_of(learned, judged, *, order_value_cents=10_000.0):
    return campaign_part(learned, judged, order_value_cents=order_value_cents, **SETTINGS)


def test_where_the_less_likely_are_moved_aiming_at_uplift_finds_them_and_aiming_at_propensity_does_not():
    part = part_of(promotions(), promotions(seed=1))
    table = part.tables["campaign"].set_index(["whom", "share"])
    assert table.loc[(UPLIFT, 0.2), "low"] > 0.1
    assert table.loc[(PROPENSITY, 0.2), "high"] < 0.05
    assert part.numbers["qini_of_uplift"]["low"] > 0 > part.numbers["qini_of_propensity"]["high"]
    # Of a hundred, 20 order more, at 5,000 cents each, for 100 cents an e-mail.
    assert table.loc[(UPLIFT, 0.2), "profit_of_100_cents"] == pytest.approx(20 * 5000 - 100 * 100, rel=0.15)
    assert part.numbers["n_worth_it"] == pytest.approx(0.3 * 20_000, rel=0.1)


def test_everybody_is_the_difference_of_the_two_shares():
    judged = promotions(seed=1)
    row = part_of(promotions(), judged).tables["campaign"].set_index("whom").loc[EVERYBODY]
    shares = judged.groupby("sent")["ordered"].mean()
    assert row["uplift"] == pytest.approx(shares[True] - shares[False], abs=1e-6)
    assert row["n_sent"] + row["n_held_out"] == len(judged)


def test_what_the_judged_promotions_led_to_changes_no_prediction():
    learned, judged = promotions(2000), promotions(2000, seed=1)
    told = [predicted_uplift(learned, rows) for rows in (judged, judged.assign(ordered=False, sent=True))]
    np.testing.assert_array_equal(*told)


def test_without_prices_no_profit_is_told_and_without_orders_there_is_no_part():
    learned, judged = promotions(2000), promotions(2000, seed=1)
    assert "profit_of_100_cents" not in part_of(learned, judged, order_value_cents=None).tables["campaign"]
    with pytest.raises(NotAvailable, match="all or none ordered"):
        part_of(learned.assign(ordered=learned["ordered"] & learned["sent"]), judged)
