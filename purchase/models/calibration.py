"""From raw probabilities to propensities: a one-dimensional fit on rows that the model did not see."""

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

# A forest may give exactly 0 or 1, which has no logit and, if wrong, an infinite log loss: nothing is surer than this.
LEAST = 1e-6


def fit_calibrator(probability, label, *, method):
    """Fit the map from raw probability to propensity.

    ``sigmoid`` is Platt's: a logistic regression on the logit of the raw probability (two numbers). ``isotonic`` is
    the best rising step function; it needs some thousand rows, and keeps half a row's chance away from 0 and 1.

    Parameters
    ----------
    probability, label : array of shape (n_rows,)
        Out of fold.
    method : {"none", "sigmoid", "isotonic"}

    Returns
    -------
    scikit-learn estimator, or None for "none"

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines"; Zadrozny and Elkan (2002), "Transforming
    classifier scores into accurate multiclass probability estimates".
    """
    if method == "none":
        return None
    if method == "sigmoid":
        # The penalty is next to nothing; it only keeps the slope finite where the classes do not overlap.
        calibrator = make_pipeline(FunctionTransformer(logit), LogisticRegression(C=1e4, solver="newton-cholesky"))
    else:
        margin = 0.5 / len(label)
        calibrator = IsotonicRegression(y_min=margin, y_max=1 - margin, out_of_bounds="clip")
    return calibrator.fit(np.asarray(probability)[:, None], label)


def calibrate(calibrator, probability):
    """Return the propensities of raw probabilities, both of shape (n_rows,)."""
    column = np.asarray(probability)[:, None]
    if calibrator is None:
        propensity = column[:, 0]
    elif isinstance(calibrator, IsotonicRegression):
        propensity = calibrator.predict(column)
    else:
        propensity = calibrator.predict_proba(column)[:, 1]
    return np.clip(propensity, LEAST, 1 - LEAST)


def cross_calibrate(probability, label, fold, *, method):
    """Return each row's propensity by the calibrator of the other folds, so that no row's label shapes its own."""
    propensity = np.empty(len(probability))
    for tested in np.unique(fold):
        rest, here = fold != tested, fold == tested
        calibrator = fit_calibrator(probability[rest], label[rest], method=method)
        propensity[here] = calibrate(calibrator, probability[here])
    return propensity


def logit(probability):
    clipped = np.clip(probability, LEAST, 1 - LEAST)
    return np.log(clipped / (1 - clipped))
