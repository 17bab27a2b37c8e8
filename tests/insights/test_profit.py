import numpy as np
import pytest

from purchase.insights.profit import Outcomes, Terms, choose_cut, contacted, profit_part

RESAMPLING = {"n_bootstrap": 200, "interval": 0.9, "seed": 0}


def test_profit_is_margin_times_expected_spending_less_the_contact():
    terms = Terms(margin=0.5, contact_cost_cents=100, budget_cents=None)
    assert terms.profit(0.1, 4000) == 0.5 * 0.1 * 4000 - 100
    assert terms.profit(np.array([1.0, 0.0]), np.array([1000, 1000])).tolist() == [400, -100]


def test_the_budget_bounds_the_contacts_and_free_contacts_have_no_bound():
    assert Terms(0.5, 100, 250).most_contacts(10) == 2
    assert Terms(0.5, 100, 0).most_contacts(10) == 0
    assert Terms(0.5, 100, 5000).most_contacts(10) == 10
    assert Terms(0.5, 0, 250).most_contacts(10) == 10
    assert Terms(0.5, 100, None).most_contacts(10) == 10


# Ranked by what is expected, contacting earns 5, -2, 4, -1, -1: together 5, 3, 7, 6, 5.
EXPECTED, EARNED = np.array([9.0, 7.0, 5.0, 3.0, 1.0]), np.array([5.0, -2.0, 4.0, -1.0, -1.0])


def test_the_cut_is_where_most_was_earned_on_validation_within_the_budget():
    assert choose_cut(EXPECTED, EARNED, most=5) == 5.0
    assert choose_cut(EXPECTED, EARNED, most=2) == 9.0
    assert choose_cut(EXPECTED, EARNED, most=0) == np.inf
    assert choose_cut(EXPECTED, -np.abs(EARNED), most=5) == np.inf
    # Of equals the fewest are contacted; rows that expect the same are contacted together.
    assert choose_cut(EXPECTED, np.array([5.0, -1.0, 1.0, 0.0, 0.0]), most=5) == 9.0
    assert choose_cut(np.array([2.0, 2.0, 1.0]), np.array([5.0, -6.0, 2.0]), most=3) == 1.0


def test_those_above_the_cut_are_contacted_the_best_of_them_if_the_budget_ends():
    assert contacted(EXPECTED, cut=5.0, most=5).tolist() == [True, True, True, False, False]
    assert contacted(EXPECTED[::-1], cut=5.0, most=2).tolist() == [False, False, False, True, True]
    assert not contacted(EXPECTED, cut=np.inf, most=5).any()


def outcomes(seed, n_rows=400):
    rng = np.random.default_rng(seed)
    chance = rng.beta(1, 6, n_rows)
    labels = (rng.random(n_rows) < chance).astype(int)
    terms = Terms(0.5, 300, None)
    expected = {"champion": terms.profit(chance, 4000), "recency-frequency rule": terms.profit(chance[::-1], 4000)}
    return Outcomes(expected, terms.profit(labels, 4000), labels, np.arange(n_rows)), terms


def test_each_rule_is_measured_on_test_against_contacting_all_and_none():
    validation, terms = outcomes(0)
    test, _ = outcomes(1)
    part, chosen = profit_part(validation, test, terms, **RESAMPLING)
    policies = part.numbers["policies"]
    assert policies["everybody"]["profit_cents"] == test.profit.sum()
    assert (policies["nobody"]["profit_cents"], policies["nobody"]["n_contacted"]) == (0, 0)
    champion = policies["champion"]
    assert champion["profit_cents"] == test.profit[chosen].sum()
    assert champion["n_ordered"] == test.labels[chosen].sum()
    assert champion["low"] < champion["profit_cents"] < champion["high"]
    assert policies["recency-frequency rule"]["ahead_low"] > 0  # a rule that ranks at random earns less
    assert part.tables["profit"].groupby("rule")["profit_cents"].last().eq(test.profit.sum()).all()


def test_the_curve_after_a_share_is_what_its_best_rows_earned():
    validation, terms = outcomes(0)
    test, _ = outcomes(1)
    curve = profit_part(validation, test, terms, **RESAMPLING)[0].tables["profit"]
    tenth = curve[(curve["rule"] == "champion") & (curve["share_contacted"] == 0.1)].iloc[0]
    best = np.argsort(-test.expected["champion"], kind="stable")[:40]
    assert (tenth["n_contacted"], tenth["profit_cents"]) == (40, test.profit[best].sum())
    assert tenth["low"] < tenth["profit_cents"] < tenth["high"]


def test_the_cut_does_not_move_with_test_outcomes():
    validation, terms = outcomes(0)
    test, _ = outcomes(1)
    other = Outcomes(test.expected, -test.profit, 1 - test.labels, test.groups)
    _, chosen = profit_part(validation, test, terms, **RESAMPLING)
    _, again = profit_part(validation, other, terms, **RESAMPLING)
    assert (chosen == again).all()


@pytest.mark.parametrize("budget_cents", [0, 900])
def test_no_rule_of_a_model_spends_more_than_the_budget(budget_cents):
    validation, _ = outcomes(0)
    test, _ = outcomes(1)
    terms = Terms(0.5, 300, budget_cents)
    part, chosen = profit_part(validation, test, terms, **RESAMPLING)
    assert chosen.sum() * 300 <= budget_cents
    assert part.numbers["policies"]["recency-frequency rule"]["n_contacted"] * 300 <= budget_cents
