import numpy as np
import pytest
from sklearn.metrics import log_loss

from purchase.models.calibration import METHODS, calibrate, choose_calibration, cross_calibrate, fit_calibrator, logit

# Scores that claim far too much: 0.9 where 1 row of 4 orders, 0.5 where 1 of 10 does, 40 rows of each.
PROBABILITY = np.repeat([0.9, 0.5], 40)
LABEL = np.concatenate([np.tile([1, 0, 0, 0], 10), np.tile([1] + [0] * 9, 4)])
FOLD = np.arange(80) // 4 % 2  # the same shares in both


@pytest.mark.parametrize("method", METHODS[1:])
def test_overconfident_scores_become_the_shares_that_ordered(method):
    calibrator = fit_calibrator(PROBABILITY, LABEL, method=method)
    assert calibrate(calibrator, np.array([0.9, 0.5])) == pytest.approx([0.25, 0.1], abs=0.003)


@pytest.mark.parametrize("method", METHODS[1:])
def test_calibration_lowers_log_loss_on_rows_that_it_did_not_see(method):
    propensity = cross_calibrate(PROBABILITY, LABEL, FOLD, method=method)
    assert log_loss(LABEL, propensity) < 0.5 < 1.2 < log_loss(LABEL, PROBABILITY)


def test_a_rows_own_label_does_not_shape_its_propensity():
    changed = np.where(FOLD == 0, 1 - LABEL, LABEL)
    before = cross_calibrate(PROBABILITY, LABEL, FOLD, method="sigmoid")
    after = cross_calibrate(PROBABILITY, changed, FOLD, method="sigmoid")
    assert np.array_equal(before[FOLD == 0], after[FOLD == 0])
    assert not np.allclose(before[FOLD == 1], after[FOLD == 1])


@pytest.mark.parametrize("method", METHODS[1:])
def test_calibration_keeps_the_order_of_scores(method):
    raw = np.linspace(0.001, 0.999, 50)
    propensity = calibrate(fit_calibrator(PROBABILITY, LABEL, method=method), raw)
    assert (np.diff(propensity) > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_no_propensity_is_ever_certain(method):
    calibrator = fit_calibrator(np.array([0.0, 0.2, 0.8, 1.0]), np.array([0, 0, 1, 1]), method=method)
    propensity = calibrate(calibrator, np.array([0.0, 1.0]))
    assert ((propensity > 0) & (propensity < 1)).all()


def drawn(truth, n_rows=20_000):
    """Raw probabilities, labels drawn by what ``truth`` makes of them, and five folds."""
    draw = np.random.default_rng(0)
    raw = draw.random(n_rows)
    return raw, (draw.random(n_rows) < truth(raw)).astype(int), np.arange(n_rows) % 5


def test_beta_finds_the_curve_that_made_the_labels():
    # logit(p) = 2 ln(x) - 0.5 ln(1 - x) + 1 bends one end only, which no sigmoid of the logit does.
    def truth(x):
        return 1 / (1 + np.exp(-(2 * np.log(x) - 0.5 * np.log1p(-x) + 1)))

    raw, label, _ = drawn(truth)
    propensity = calibrate(fit_calibrator(raw, label, method="beta"), np.array([0.1, 0.5, 0.9]))
    assert propensity == pytest.approx(truth(np.array([0.1, 0.5, 0.9])), abs=0.015)


def test_pooled_has_the_mean_log_odds_of_sigmoid_and_isotonic():
    raw, label, _ = drawn(lambda x: np.where(x < 0.5, 0.0, x))
    found = {
        method: logit(calibrate(fit_calibrator(raw, label, method=method), raw))
        for method in ("sigmoid", "pooled", "isotonic")
    }
    assert np.abs(found["sigmoid"] - found["isotonic"]).max() > 1
    assert found["pooled"] == pytest.approx((found["sigmoid"] + found["isotonic"]) / 2)


def test_beta_never_turns_scores_around():
    raw, label, _ = drawn(lambda x: 1 - x)
    assert calibrate(fit_calibrator(raw, label, method="beta"), np.array([0.1, 0.9])) == pytest.approx(
        [0.5] * 2, abs=0.02
    )


@pytest.mark.parametrize(
    ("truth", "chosen"),
    [
        (lambda x: 1 / (1 + np.exp(-2 * logit(x) - 1)), "sigmoid"),
        (lambda x: np.where(x < 0.5, 0.1, np.where(x < 0.8, 0.3, 0.9)), "isotonic"),
        (lambda x: x**2.5, "beta"),
    ],
)
def test_auto_chooses_the_method_that_fits_the_curve(truth, chosen):
    assert choose_calibration(*drawn(truth), by_time=False) == chosen


def months(levels, bend=1.0, n_rows=20_000):
    """Raw probabilities whose logit is off by the level of the row's fold, and by the slope ``bend``."""
    draw = np.random.default_rng(0)
    raw, fold = draw.beta(1, 9, n_rows), np.arange(n_rows) % len(levels)
    truth = 1 / (1 + np.exp(-(bend * logit(raw) + np.array(levels)[fold])))
    return raw, (draw.random(n_rows) < truth).astype(int), fold


def test_what_months_differ_by_is_no_reason_to_calibrate_folds_that_go_by_time():
    levels = [0.6, 0.5, 0.4, -0.6, 0.5]
    assert choose_calibration(*months(levels), by_time=False) != "none"
    assert choose_calibration(*months(levels), by_time=True) == "none"


def test_folds_that_go_by_time_calibrate_what_is_wrong_in_every_month():
    assert choose_calibration(*months([0.5, 0.3, 0.6, 0.4, 0.5], bend=0.6), by_time=True) == "sigmoid"


def test_the_logit_of_a_half_is_zero():
    assert logit(np.array([0.5]))[0] == 0
