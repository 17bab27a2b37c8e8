import numpy as np
import pytest
from sklearn.metrics import log_loss

from purchase.models.calibration import calibrate, cross_calibrate, fit_calibrator, logit

# Scores that claim far too much: 0.9 where 1 row of 4 orders, 0.5 where 1 of 10 does, 40 rows of each.
PROBABILITY = np.repeat([0.9, 0.5], 40)
LABEL = np.concatenate([np.tile([1, 0, 0, 0], 10), np.tile([1] + [0] * 9, 4)])
FOLD = np.arange(80) // 4 % 2  # the same shares in both


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_overconfident_scores_become_the_shares_that_ordered(method):
    calibrator = fit_calibrator(PROBABILITY, LABEL, method=method)
    assert calibrate(calibrator, np.array([0.9, 0.5])) == pytest.approx([0.25, 0.1], abs=0.003)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibration_lowers_log_loss_on_rows_that_it_did_not_see(method):
    propensity = cross_calibrate(PROBABILITY, LABEL, FOLD, method=method)
    assert log_loss(LABEL, propensity) < 0.5 < 1.2 < log_loss(LABEL, PROBABILITY)


def test_a_rows_own_label_does_not_shape_its_propensity():
    changed = np.where(FOLD == 0, 1 - LABEL, LABEL)
    before = cross_calibrate(PROBABILITY, LABEL, FOLD, method="sigmoid")
    after = cross_calibrate(PROBABILITY, changed, FOLD, method="sigmoid")
    assert np.array_equal(before[FOLD == 0], after[FOLD == 0])
    assert not np.allclose(before[FOLD == 1], after[FOLD == 1])


def test_sigmoid_keeps_the_order_of_scores():
    raw = np.linspace(0.001, 0.999, 50)
    propensity = calibrate(fit_calibrator(PROBABILITY, LABEL, method="sigmoid"), raw)
    assert (np.diff(propensity) > 0).all()


@pytest.mark.parametrize("method", ["none", "sigmoid", "isotonic"])
def test_no_propensity_is_ever_certain(method):
    calibrator = fit_calibrator(np.array([0.0, 0.2, 0.8, 1.0]), np.array([0, 0, 1, 1]), method=method)
    propensity = calibrate(calibrator, np.array([0.0, 1.0]))
    assert ((propensity > 0) & (propensity < 1)).all()


def test_the_logit_of_a_half_is_zero():
    assert logit(np.array([0.5]))[0] == 0
