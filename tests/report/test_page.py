import html
import re

import pytest

from purchase.report.card import render_card
from purchase.report.page import LINKS, render
from purchase.report.words import model, score
from tests.report.stories import PICTURES, about, evaluation, insights, story

REASON = "the shop's records have no orders with prices"
ABSENT = {"not_available": REASON}


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)).split())


def test_the_verdict_comes_first_and_the_sections_follow_in_their_order():
    page = render(story())
    text = text_of(page)
    places = [page.index(f'<section id="{name}">') for name in LINKS]
    assert places == sorted(places)
    assert next(iter(LINKS)) == "verdict"
    assert text.index("Gate passed") < text.index("Whom to contact Contact 400 of 4,000 customers")
    assert "xgboost (tuned)" in text
    assert "Within noise of the champion on test: lightgbm (tuned)." in text


def test_a_failed_gate_is_said_with_what_failed_in_page_and_card():
    failed = story(evaluation(passed=False))
    assert "Gate failed. Not to be used" in text_of(render(failed))
    assert "Failed: calibration error 0.0040, at most 0.001 wanted" in text_of(render(failed))
    assert "Gate: **failed**." in render_card(failed)


def test_few_orders_in_the_test_part_mean_not_to_decide_on_it():
    for n_positive, warned in ((29, True), (30, False)):
        told = story(evaluation(n_positive=n_positive))
        assert ("Do not decide on this: only 29 of the 4,000 test customers ordered" in text_of(render(told))) == warned
        assert ("**Do not decide on this**" in render_card(told)) == warned


def test_the_page_needs_nothing_from_outside_and_describes_every_picture():
    page = render(story())
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page) == []
    assert "url(" not in page
    assert "@import" not in page
    assert "<script" not in page
    pictures = re.findall(r"<img [^>]*>", page)
    assert len(pictures) == len(PICTURES)
    assert all(re.search(r'alt="[^"]{20,}"', picture) for picture in pictures)


def test_texts_from_the_shop_are_escaped():
    page = render(story())
    assert "A shop &amp; &lt;sons&gt;" in page
    assert "raised by a &lt; b" in page
    assert "<sons>" not in page


def test_no_customer_is_named_on_the_page():
    assert "c00017" not in render(story())


@pytest.mark.parametrize(
    "part",
    [
        "profit",
        "uplift",
        "segments",
        "groups",
        "ceiling",
        "calibration",
        "when",
        "backtest",
        "campaign",
        "what",
        "clusters",
    ],
)
def test_a_part_that_cannot_be_made_says_why_in_page_and_card(part):
    told = story(found=insights(**{part: ABSENT}))
    assert f"Not available: {REASON}." in text_of(render(told))
    assert REASON in render_card(told)


def test_sessions_are_called_sessions_and_have_no_cutoff():
    absent = dict.fromkeys({*insights()} - {"about", "forecast", "drivers", "groups", "drift", "ceiling"}, ABSENT)
    text = text_of(render(story(found=insights(about=about("session"), **absent))))
    assert "4,000 sessions: how likely each is to end with an order" in text
    assert "cutoff" not in text.split("About these numbers")[0]
    assert "knows the true chance, as each session starts, that it ends with an order" in text


def test_promotions_that_add_nothing_for_sure_are_not_sold_as_if_they_did():
    unclear = insights()["uplift"] | {"overall": {"value": 0.001, "low": -0.002, "high": 0.004}}
    told = text_of(render(story(found=insights(uplift=unclear))))
    assert "0.10 [-0.20, 0.40] more order than otherwise" in told
    assert "The interval holds 0" in told
    assert "The interval holds 0" not in text_of(render(story()))


def test_a_horizon_that_is_not_scored_says_why_and_an_expected_day_that_is_no_better_is_not_recommended():
    text = text_of(render(story()))
    assert "Within 90 days: not scored, the records end." in text
    assert "2026-03-02 (*)" in text
    assert "no better, so go by the chance, not by the day" in text


def test_lists_of_products_say_which_simple_rules_they_are_no_better_than():
    text = text_of(render(story()))
    assert "by recall no better than popularity and buy again; by MAP better than popularity and buy again" in text


def test_segments_say_what_sets_them_apart_and_what_they_are_expected_to_spend():
    text = text_of(render(story()))
    assert "Champions: last order 9 days ago, 3.0 orders of 50.00 EUR 40 3.0% 3.0% [2.0%, 5.0%] 450 EUR Reward" in text


def test_clusters_say_how_steady_they_are():
    assert "adjusted Rand index of 0.90 on average and 0.80 at least" in text_of(render(story()))


def test_forecasts_that_missed_by_more_than_chance_say_which_interval_to_plan_with():
    text = text_of(render(story()))
    assert "Orders, in all 1 of 5 4 of 5" in text
    assert "Plan with the wider one" in text
    assert "last horizon 5 10.0% 20.0% not told 10.0%" in text
    assert "Nearer in orders at the same cutoffs: last horizon." in text
    assert "same days last year (seasonal naive): the orders begin on 2026-01-01." in text


def test_a_month_without_orders_leaves_no_error_to_tell_and_the_page_says_so():
    backtest = insights()["backtest"]
    lacking = {"n_cutoffs": 5, "ours_there": {"n_cutoffs": 5}}
    text = text_of(render(story(found=insights(backtest=backtest | {"off_by": {"propensities": lacking}}))))
    assert "propensities 5 not told not told not told not told" in text
    assert "At some cutoff nobody ordered after it" in text


def test_a_campaign_aimed_at_uplift_says_what_it_earned_with_its_interval():
    text = text_of(render(story()))
    assert "highest uplift, 20% of the recipients: 12.34 EUR a hundred e-mails [-5.00 EUR, 30.00 EUR]" in text
    assert "above 0: it knows whom e-mails move" in text


def test_the_words_say_association_and_that_propensity_is_not_uplift():
    text = text_of(render(story()))
    assert "This is association, not cause" in text
    assert "Propensity is not uplift" in text
    assert "time since <x>: the higher, the less likely" in text
    assert "session duration: not available" in text


def test_the_ranking_says_how_steady_it_is_and_groups_too_small_to_judge_are_not_judged():
    text = text_of(render(story()))
    assert "No. 1 [1 to 2]: time since <x> (with y); among the first 1 in 99% of the resamples; SHAP 0.25" in text
    assert "between two shuffles is not told, between two resamples 0.50" in text
    assert "Outside the interval of what happened: Champions: too high." in text
    assert "0.90 [0.90, 0.90] 90.0% [90.0%, 90.0%] too high" in text
    assert "too few too few too high" in text


def test_a_rule_that_is_within_noise_of_the_champions_is_said_to_be():
    ends = "than the recency-frequency rule (95% interval of the difference -5.00 EUR to 45.00 EUR, within noise)"
    assert f"20.00 EUR more {ends}" in text_of(render(story()))
    profit = insights()["profit"]
    worse = {rule: row | {"champion_ahead_cents": -2000} for rule, row in profit["policies"].items()}
    assert f"20.00 EUR less {ends}" in text_of(render(story(found=insights(profit=profit | {"policies": worse}))))


def test_models_and_scores_in_words():
    assert model("train/neural_network") == "neural network (default settings)"
    assert model("baseline/base_rate") == "base rate (baseline)"
    assert model("ensemble") == "ensemble (weighted mean of models)"
    assert (score(-0.00001), score(None), score(-0.1)) == ("0.0000", "undefined", "-0.1000")
