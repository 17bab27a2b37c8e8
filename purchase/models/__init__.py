"""Models: the families, one place that fits them, and an estimator of its own for any table."""


def __getattr__(name):
    """Import the estimator when it is asked for; the stages need one family each, and not what it needs."""
    if name == "PropensityClassifier":
        from purchase.models.classifier import PropensityClassifier

        return PropensityClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
