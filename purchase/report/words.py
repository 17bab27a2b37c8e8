"""Numbers in words, as the page and the card show them."""

from purchase.insights.words import money

FEWEST_ORDERS = 30  # in the test part; below it the intervals are too wide to decide on
STAGES = {"train": "default settings", "tune": "tuned", "baseline": "baseline", "": "weighted mean of models"}
METRICS = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "calibration_slope": "calibration slope (ideal 1)",
    "calibration_intercept": "calibration intercept (ideal 0)",
    "lift_at_10_percent": "lift at 10 %",
}


def share(value, digits=1):
    return "undefined" if value is None else f"{value:.{digits}%}"


def score(value):
    return "undefined" if value is None else f"{value:.4f}".replace("-0.0000", "0.0000")


def signed(value):
    return f"{value:+.4f}".replace("-0.0000", "+0.0000")


def estimate(found, shown=score):
    """Return a value with its interval: 0.1609 [0.1287, 0.2036]."""
    return f"{shown(found['value'])} [{shown(found['low'])}, {shown(found['high'])}]"


def cents(currency):
    """Return the function that shows cents in a currency."""
    return lambda value: money(value, currency)


def metric(name):
    return METRICS.get(name, name.replace("_", " "))


def model(name):
    """Return "tune/xgboost" as "xgboost (tuned)", and "ensemble" as "ensemble (weighted mean of models)"."""
    stage, _, family = name.rpartition("/")
    return f"{family.replace('_', ' ')} ({STAGES[stage]})"


def enough_orders(evaluation):
    """Whether the test part holds enough orders to decide on."""
    return evaluation["n_positive"] >= FEWEST_ORDERS
