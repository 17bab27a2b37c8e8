"""Blend models by greedy selection on out-of-fold probabilities, and predict by the blend."""

from dataclasses import dataclass

import numpy as np

from purchase.models.calibration import LEAST

N_ROUNDS = 100  # a weight is a member's share of the rounds up to the best one
LEAST_WEIGHT = 0.05  # of a member that is taken for more than an accident of the rows


@dataclass(frozen=True)
class Ensemble:
    """Fitted models whose propensities are averaged by weight; used like a ``Model``.

    Propensities are averaged, since scores do not mean the same for all families. The mean is not calibrated again:
    its members are (docs/experiments.md). Rows all count alike in it, though its members may weigh positives more.

    Parameters
    ----------
    weights : dict of {member: float}
        Above 0, their sum is 1.
    members : dict of {member: Model}
        By the same names, as "tune/xgboost".
    """

    weights: dict
    members: dict

    family = "ensemble"
    has_shap = False  # SHAP values add up in log-odds, and a mean of propensities does not

    @property
    def kinds(self):
        """The features that any member takes, {name: "number", "category" or "boolean"}."""
        return {name: kind for member in self.members.values() for name, kind in member.kinds.items()}

    def predict_propensity(self, features):
        """Return the weighted mean of the members' P(label = 1) for each row of a feature table, shape (n_rows,)."""
        propensities = [self.members[name].predict_propensity(features) for name in self.weights]
        return blend(propensities, list(self.weights.values()))

    predict_score = predict_propensity


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


def even_weights(weights):
    """Return the same weight for each model that greedy selection gave LEAST_WEIGHT or more, and 0 for the others.

    Which models belong in a blend, rows out of fold can tell; by how much one should outweigh another among those, they
    tell with an error that costs more than it gains (docs/experiments.md).

    Parameters
    ----------
    weights : ndarray of shape (n_models,)
        As ``greedy_weights`` returns them.

    References
    ----------
    Claeskens, Magnus, Vasnev and Wang (2016), "The forecast combination puzzle: a simple theoretical explanation"
    (International Journal of Forecasting 32).
    """
    members = weights >= min(LEAST_WEIGHT, weights.max())
    return members / members.sum()


def blend(probabilities, weights):
    """Return the weighted mean of probabilities of shape (n_models, n_rows), shape (n_rows,)."""
    return np.average(probabilities, axis=0, weights=weights)


def _log_loss(given):
    return -np.mean(np.log(np.clip(given, LEAST, 1)))
