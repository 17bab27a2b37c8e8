"""Fitted pipelines in files: what is scikit-learn's by joblib, the rest in its own library's format."""

import joblib

PIPELINE = "pipeline.joblib"
PREPARATION = "preparation.joblib"


def save_pipeline(pipeline, folder):
    """Write a pipeline of scikit-learn parts only."""
    joblib.dump(pipeline, folder / PIPELINE)


def load_pipeline(folder, *, n_threads):
    """Read what ``save_pipeline`` wrote; such parts hold their number of threads themselves."""
    return joblib.load(folder / PIPELINE)


def save_preparation(pipeline, folder):
    """Write all steps of a pipeline but its last, which has a format of its own."""
    joblib.dump(pipeline[:-1], folder / PREPARATION)


def load_preparation(folder):
    return joblib.load(folder / PREPARATION)
