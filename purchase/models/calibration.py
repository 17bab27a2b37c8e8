"""From raw probabilities to propensities: a one-dimensional fit on rows that the model did not see."""

import numpy as np
from scipy.special import expit
from scipy.stats import sem
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

# A forest may give exactly 0 or 1, which has no logit and, if wrong, an infinite log loss: nothing is surer than this.
LEAST = 1e-6

# From the simplest to the freest: of two that are as good, the simpler one is chosen.
METHODS = ("none", "sigmoid", "beta", "pooled", "isotonic")


def fit_calibrator(probability, label, *, method):
    """Fit the map from raw probability to propensity.

    ``sigmoid`` is Platt's: a logistic regression on the logit of the raw probability (two numbers). ``beta`` lets the
    two ends bend apart (three numbers). ``isotonic`` is the best rising curve; it needs some thousand rows, and keeps
    half a row's chance away from 0 and 1. ``pooled`` is halfway between sigmoid and isotonic.

    Parameters
    ----------
    probability, label : array of shape (n_rows,)
        Out of fold.
    method : one of METHODS

    Returns
    -------
    scikit-learn estimator, or None for "none"

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines"; Kull, Silva Filho and Flach (2017), "Beta
    calibration" (AISTATS); Zadrozny and Elkan (2002), "Transforming classifier scores into accurate multiclass
    probability estimates".
    """
    if method == "none":
        return None
    if method == "sigmoid":
        # The penalty is next to nothing; it only keeps the slope finite where the classes do not overlap.
        calibrator = make_pipeline(FunctionTransformer(logit), LogisticRegression(C=1e4, solver="newton-cholesky"))
    elif method == "beta":
        calibrator = BetaCalibration()
    elif method == "pooled":
        calibrator = PooledCalibration()
    else:
        calibrator = CentredIsotonic()
    return calibrator.fit(np.asarray(probability)[:, None], label)


class BetaCalibration(ClassifierMixin, BaseEstimator):
    """P(label = 1) whose logit is ``a ln(p) - b ln(1 - p) + c``, with a and b not below 0, so that it never falls.

    Kull, Silva Filho and Flach (2017), section 4: a slope that comes out negative is set to 0, and the rest fitted
    again. Where both would be, the propensity is the share of positives.
    """

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        sides = _both_sides(X)
        self.sides_ = np.array([True, True])
        self.regression_ = _regression(sides, y)
        while (negative := self.regression_.coef_[0] < 0).any():
            self.sides_[np.flatnonzero(self.sides_)[negative]] = False
            if not self.sides_.any():
                self.share_ = np.mean(y)
                break
            self.regression_ = _regression(sides[:, self.sides_], y)
        return self

    def predict_proba(self, X):
        if not self.sides_.any():
            return np.tile([1 - self.share_, self.share_], (len(X), 1))
        return self.regression_.predict_proba(_both_sides(X)[:, self.sides_])


class CentredIsotonic(ClassifierMixin, BaseEstimator):
    """The best rising step function, joined by lines through the middles of its steps.

    As steps, it would give the same propensity to all rows of one, and their order, which the scores knew, would be
    lost (UCI Online Shoppers: average precision 0.751 instead of 0.763). Oron and Flournoy (2017), "Centered isotonic
    regression" (Statistics in Biopharmaceutical Research 9), section 2.
    """

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        raw, margin = np.asarray(X)[:, 0], 0.5 / len(y)
        steps = IsotonicRegression(y_min=margin, y_max=1 - margin).fit_transform(raw, y)
        height, step = np.unique(steps, return_inverse=True)
        middle = np.bincount(step, raw) / np.bincount(step)
        # Beyond the outermost middles it goes on rising, to halfway between the outermost step and 0 or 1.
        self.middle_ = np.concatenate([[0.0], middle, [1.0]])
        self.height_ = np.concatenate([[height[0] / 2], height, [(1 + height[-1]) / 2]])
        return self

    def predict_proba(self, X):
        propensity = np.interp(np.asarray(X)[:, 0], self.middle_, self.height_)
        return np.column_stack([1 - propensity, propensity])


class PooledCalibration(ClassifierMixin, BaseEstimator):
    """The mean of the log-odds of sigmoid and isotonic.

    Isotonic says next to nothing of rows that score below all positives it saw: mostly right, and dear where the next
    one is among them. Halfway to a smooth curve, most of the gain is left and half of that risk. Genest and Zidek
    (1986), "Combining probability distributions: a critique and an annotated bibliography" (Statistical Science 1),
    section 3, the logarithmic opinion pool.
    """

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.calibrators_ = [
            fit_calibrator(np.asarray(X)[:, 0], y, method=method) for method in ("sigmoid", "isotonic")
        ]
        return self

    def predict_proba(self, X):
        raw = np.asarray(X)[:, 0]
        propensity = expit(np.mean([logit(calibrate(one, raw)) for one in self.calibrators_], axis=0))
        return np.column_stack([1 - propensity, propensity])


def calibrate(calibrator, probability):
    """Return the propensities of raw probabilities, both of shape (n_rows,)."""
    column = np.asarray(probability)[:, None]
    propensity = column[:, 0] if calibrator is None else calibrator.predict_proba(column)[:, 1]
    return np.clip(propensity, LEAST, 1 - LEAST)


def cross_calibrate(probability, label, fold, *, method):
    """Return each row's propensity by the calibrator of the other folds, so that no row's label shapes its own."""
    propensity = np.empty(len(probability))
    for tested in np.unique(fold):
        rest, here = fold != tested, fold == tested
        calibrator = fit_calibrator(probability[rest], label[rest], method=method)
        propensity[here] = calibrate(calibrator, probability[here])
    return propensity


def choose_calibration(probability, label, fold, *, by_time):
    """Return the method of METHODS with the lowest log loss on rows that it was not fitted on, the mean over folds.

    Folds that go by time differ in level: how many order changes from month to month, and a calibrator brings past
    months' level to the next. Then the simplest method is chosen of those that are no worse than the best by more than
    one standard error over folds.

    Parameters
    ----------
    probability, label, fold : array of shape (n_rows,)
        Out of fold; ``fold`` says which rows were tested together.
    by_time : bool

    References
    ----------
    Breiman, Friedman, Olshen and Stone (1984), "Classification and regression trees", section 3.4.3, for the rule of
    one standard error.
    """
    each = [cross_calibrate(probability, label, fold, method=method) for method in METHODS]
    tested = [fold == number for number in np.unique(fold)]
    losses = np.array([[log_loss(label[rows], one[rows], labels=[0, 1]) for rows in tested] for one in each])
    worse = losses - losses[np.argmin(losses.mean(axis=1))]
    allowed = sem(worse, axis=1) if by_time else 0.0
    return METHODS[int(np.argmax(worse.mean(axis=1) <= allowed))]


def logit(probability):
    clipped = np.clip(probability, LEAST, 1 - LEAST)
    return np.log(clipped / (1 - clipped))


def _both_sides(column):
    clipped = np.clip(np.asarray(column)[:, 0], LEAST, 1 - LEAST)
    return np.column_stack([np.log(clipped), -np.log1p(-clipped)])


def _regression(sides, label):
    return LogisticRegression(C=1e4, solver="newton-cholesky").fit(sides, label)
