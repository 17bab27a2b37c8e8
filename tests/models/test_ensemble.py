import numpy as np
import pytest
from sklearn.metrics import log_loss

from purchase.models.ensemble import blend, greedy_weights

LABEL = np.array([1, 1, 0, 0])
# The first is wrong about row 1 alone, the second about row 3 alone, the third is noise.
PROBABILITIES = np.array([[0.9, 0.4, 0.1, 0.1], [0.9, 0.9, 0.1, 0.6], [0.5, 0.5, 0.5, 0.5]])


def test_two_models_that_err_on_different_rows_share_the_weight_and_noise_gets_none():
    assert greedy_weights(PROBABILITIES, LABEL) == pytest.approx([0.5, 0.5, 0.0], abs=0.05)


def test_one_round_takes_the_model_with_the_lowest_log_loss():
    losses = [log_loss(LABEL, one) for one in PROBABILITIES]
    assert int(np.argmax(greedy_weights(PROBABILITIES, LABEL, n_rounds=1))) == int(np.argmin(losses)) == 0


def test_the_blend_is_never_worse_than_its_best_model_on_the_rows_that_it_was_chosen_by():
    draw = np.random.default_rng(0)
    label = draw.integers(0, 2, 200)
    many = np.clip(label * 0.3 + draw.random((6, 200)) * 0.7, 0.01, 0.99)
    loss = log_loss(label, blend(many, greedy_weights(many, label)))
    assert loss <= min(log_loss(label, one) for one in many)


def test_of_equal_models_the_first_gets_the_weight():
    assert list(greedy_weights(np.stack([PROBABILITIES[0]] * 3), LABEL)) == [1, 0, 0]


def test_a_model_that_is_certain_and_wrong_does_not_make_the_loss_infinite():
    certain = np.array([[0.0, 1.0, 0.0, 0.0], [0.6, 0.6, 0.4, 0.4]])
    assert list(greedy_weights(certain, LABEL, n_rounds=1)) == [0, 1]
