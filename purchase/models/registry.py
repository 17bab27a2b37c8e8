"""One place that knows the families: purchase/models/<family>.py, imported when that family is asked for.

A family's module has

``build(settings, *, seed, n_threads)``
    An unfitted scikit-learn pipeline with ``predict_proba`` that takes what ``feature_frame`` returns.
``save(pipeline, folder)``, ``load(folder, *, n_threads)``
    The fitted pipeline in files of its library's own format, and back.
``STEPS`` (optional)
    {setting: step of the pipeline} for settings that do not belong to the step ``model``.
``fit_watched(pipeline, frame, label, *, watched)``, ``n_rounds(pipeline)``, ``ROUNDS`` (optional, all or none)
    Fit until the log loss of other rows no longer falls; after how many rounds it did; the setting that is the most.
``contributions(pipeline, frame)`` (optional)
    What each feature adds to the log-odds of each row, shape (n_rows, n_features), as its library works it out.
``SCORE`` (optional)
    The method that gives the score; ``predict_proba`` unless said otherwise.
"""

import importlib

from purchase.params import ALL_SETTINGS


def family_module(family):
    """Return the module of a family; TensorFlow is loaded for the networks alone."""
    if family not in ALL_SETTINGS:
        raise ValueError(f"{family!r} is no family; there are {', '.join(ALL_SETTINGS)}")
    return importlib.import_module(f"purchase.models.{family}")


def parameter_name(family, setting):
    """Return the name by which ``set_params`` of the family's pipeline knows a setting."""
    steps = getattr(family_module(family), "STEPS", {})
    return f"{steps.get(setting, 'model')}__{setting}"


def predict(family, pipeline, frame):
    """Return score and raw probability of each row.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_features)
        As ``feature_frame`` returns it.

    Returns
    -------
    score, probability : ndarray of shape (n_rows,), float64
    """
    probability = pipeline.predict_proba(frame)[:, 1].astype("float64")
    method = getattr(family_module(family), "SCORE", "predict_proba")
    score = probability if method == "predict_proba" else getattr(pipeline, method)(frame)
    return score, probability
