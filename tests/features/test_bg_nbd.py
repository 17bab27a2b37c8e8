"""BG/NBD against published figures, sums done by hand, and customers drawn from the model itself."""

import numpy as np
import pytest

from purchase.features.bg_nbd import BGNBD, fit_bg_nbd, log_likelihood

CDNOW = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)  # Fader, Hardie and Lee (2005), table 2; weeks


def test_the_papers_customer_is_expected_to_order_as_often_as_the_authors_publish():
    # B. Hardie's note "Implementing the BG/NBD Model for Customer Base Analysis in Excel": x=2, t_x=30.43, T=38.86.
    assert CDNOW.expected_orders(2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=5e-4)


def test_a_customer_without_a_repeat_order_is_alive_and_waits_as_a_gamma_says():
    assert CDNOW.alive(0, 0, 30) == 1
    assert CDNOW.orders_soon(0, 0, 30, 4) == pytest.approx(1 - (34.414 / 38.414) ** 0.243)
    assert log_likelihood((0.243, 4.414, 0.793, 2.426), 0, 0, 30) == pytest.approx(0.243 * np.log(4.414 / 34.414))


def test_the_likelihood_of_one_repeat_order_is_the_papers_equation_6():
    r, alpha, a, b = 0.5, 2.0, 1.0, 3.0
    dense = r * alpha**r * b / (a + b)  # gamma(r + 1) / gamma(r) = r; beta(a, b + 1) / beta(a, b) = b / (a + b)
    by_hand = dense * ((1 / (alpha + 9)) ** (r + 1) + a / b * (1 / (alpha + 4)) ** (r + 1))
    assert log_likelihood((r, alpha, a, b), 1, 4, 9) == pytest.approx(np.log(by_hand))


def test_the_longer_the_silence_after_many_orders_the_less_alive():
    alive = [float(CDNOW.alive(8, 20, age)) for age in (20, 30, 60, 200)]
    assert alive == sorted(alive, reverse=True)
    assert alive[0] > 0.8 > 0.01 > alive[-1]


def test_for_a_short_horizon_the_chance_of_an_order_is_the_number_expected():
    assert CDNOW.orders_soon(3, 10, 12, 0.001) == pytest.approx(CDNOW.expected_orders(3, 10, 12, 0.001), rel=1e-3)


def drawn(n_customers, *, r, alpha, a, b, until, seed):
    """Draw customers from the model; returns repeats, recency and age, with a different age for each."""
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(r, 1 / alpha, n_customers), rng.beta(a, b, n_customers)
    age = rng.uniform(until / 2, until, n_customers)
    n_repeats, recency = np.zeros(n_customers), np.zeros(n_customers)
    for i in range(n_customers):
        now = rng.exponential(1 / rate[i])
        while now < age[i]:
            n_repeats[i], recency[i] = n_repeats[i] + 1, now
            if rng.random() < leave[i]:
                break
            now += rng.exponential(1 / rate[i])
    return n_repeats, recency, age


def test_a_fit_finds_the_parameters_that_customers_were_drawn_with_whatever_the_unit_of_time():
    made = {"r": 0.6, "alpha": 8.0, "a": 0.9, "b": 3.0}
    n_repeats, recency, age = drawn(6000, until=80, seed=5, **made)
    found = fit_bg_nbd(n_repeats, recency, age, np.ones(6000))
    assert (found.r, found.alpha) == pytest.approx((0.6, 8.0), rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(0.9 / 3.9, rel=0.15)
    in_days = fit_bg_nbd(n_repeats, recency * 7, age * 7, np.ones(6000))
    assert in_days.alpha == pytest.approx(7 * found.alpha, rel=1e-3)


def test_customers_who_are_alike_may_be_given_once_with_their_number():
    each = fit_bg_nbd([0, 0, 0, 2, 2, 1], [0, 0, 0, 5, 5, 3], [9, 9, 9, 8, 8, 7], np.ones(6))
    counted = fit_bg_nbd([0, 2, 1], [0, 5, 3], [9, 8, 7], np.array([3, 2, 1]))
    assert counted.alpha == pytest.approx(each.alpha, rel=1e-3)


def test_no_repeat_order_at_all_still_gives_a_model():
    found = fit_bg_nbd([0, 0], [0, 0], [10, 20], np.array([5, 5]))
    assert 0 < found.orders_soon(0, 0, 10, 30) < 0.2
    assert np.isfinite(found.expected_orders(0, 0, 10, 30))
