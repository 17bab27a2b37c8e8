"""Blend models by greedy selection on out-of-fold probabilities."""

import numpy as np

from purchase.models.calibration import LEAST

N_ROUNDS = 100  # a weight is a whole number of hundredths at the finest


def greedy_weights(probabilities, label, *, n_rounds=N_ROUNDS):
    """Return the weights of a blend that was put together one model at a time, with replacement.

    Each round adds the model that lowers the blend's log loss most, the first of equals; the best of all rounds is
    returned. A model may be added again, which is how weights come about, and most models of a long list get none.

    Parameters
    ----------
    probabilities : array of shape (n_models, n_rows)
        Out of fold: chosen on rows that a model was fitted on, the most overfitted would win.
    label : array of 0 and 1, shape (n_rows,)
    n_rounds : int

    Returns
    -------
    ndarray of shape (n_models,)
        Not below 0, their sum is 1.

    References
    ----------
    Caruana, Niculescu-Mizil, Crew and Ksikes (2004), "Ensemble selection from libraries of models" (ICML), section 2.
    """
    # What each model gives to the class that each row has: the log loss is minus the mean of the logarithm.
    given = np.where(np.asarray(label) == 1, probabilities, 1 - np.asarray(probabilities))
    total, counts = np.zeros(given.shape[1]), np.zeros(len(given))
    best_loss, best_counts = np.inf, counts
    for size in range(1, n_rounds + 1):
        losses = [_log_loss((total + one) / size) for one in given]
        chosen = int(np.argmin(losses))
        total, counts = total + given[chosen], counts + np.eye(len(given))[chosen]
        if losses[chosen] < best_loss:
            best_loss, best_counts = losses[chosen], counts
    return best_counts / best_counts.sum()


def blend(probabilities, weights):
    """Return the weighted mean of probabilities of shape (n_models, n_rows), shape (n_rows,)."""
    return np.average(probabilities, axis=0, weights=weights)


def _log_loss(given):
    return -np.mean(np.log(np.clip(given, LEAST, 1)))
