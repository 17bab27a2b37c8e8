"""Give up candidates that are far behind: what a blend would not use need not be fitted on every fold.

Maron and Moore (1994), "Hoeffding races" (NIPS 6): models are compared on the same tested rows, as they come.
"""

import numpy as np
from sklearn.metrics import log_loss

from purchase.models.calibration import LEAST

N_FOLDS = 2  # on which a candidate is seen before it may be given up
LEAST_SHARE = 0.95  # of the best one's way in log loss from the base rate


class Hopeless(Exception):
    """The candidate is too far behind for the blend."""


class Race:
    """Log losses of candidates by fold.

    Parameters
    ----------
    labels : list of arrays of 0 and 1
        Of the rows that each fold tests.
    """

    def __init__(self, labels):
        self.labels = labels
        self.base = [_log_loss(label, np.full(len(label), np.mean(label))) for label in labels]
        self.finished = []  # a list of each candidate's losses

    def new_candidate(self):
        """Return what takes a candidate's probabilities, fold after fold, and raises Hopeless."""
        losses = []

        def after(probability):
            losses.append(_log_loss(self.labels[len(losses)], probability))
            if len(losses) == len(self.labels):
                self.finished.append(losses)
            elif len(losses) == N_FOLDS and self.finished:
                self._check(losses)

        return after

    def _check(self, losses):
        base, mine = (np.mean(some[:N_FOLDS]) for some in (self.base, losses))
        best = min(np.mean(others[:N_FOLDS]) for others in self.finished)
        if base - mine < LEAST_SHARE * (base - best):
            raise Hopeless


def _log_loss(label, probability):
    return log_loss(label, np.clip(probability, LEAST, 1 - LEAST), labels=[0, 1])
