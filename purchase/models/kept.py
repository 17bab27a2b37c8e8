"""Trials that a search keeps as it goes, so that one that was killed goes on where it was.

The file is there only while a search runs or after it was killed: a search that ends deletes it, so that running a
stage again is a run from nothing. Kept trials are used only by a search of the very same rows, settings and code.
"""

import contextlib
import json
from pathlib import Path

import joblib
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from threadpoolctl import threadpool_limits


@contextlib.contextmanager
def kept_trials(path, *about):
    """Yield the trials in a file, and delete it when all went well.

    Parameters
    ----------
    path : str or Path, or None
        None: nothing is kept.
    *about
        All that a trial's score depends on; the trials of another search are not taken.
    """
    trials = KeptTrials(path, joblib.hash(about))
    yield trials
    if path is not None:
        Path(path).unlink(missing_ok=True)


class KeptTrials:
    """Scores and seconds by candidate and fold, each written to a file as soon as it is known: a line of JSON a trial.

    Parameters
    ----------
    path : Path or None
    about : str
        Hash of what the trials are about: the file's first line.
    """

    def __init__(self, path, about):
        self.path, self.known = path and Path(path), {}
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path and self.path.exists() else []
        if lines and lines[0] == about:
            self.known = dict(map(tuple, filter(None, map(_whole_line, lines[1:]))))
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            text = [about, *(json.dumps([key, value]) for key, value in self.known.items())]
            self.path.write_text("\n".join(text) + "\n", encoding="utf-8")

    def keep(self, candidate, rows, score, seconds):
        """Keep a trial's score on the fold that was trained on ``rows``, and the seconds that its fit took."""
        key = trial_key(candidate, rows)
        if key in self.known:
            return
        self.known[key] = [float(score), float(seconds)]
        if self.path:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, self.known[key]]) + "\n")

    def seconds(self, candidate, rows):
        return self.known[trial_key(candidate, rows)][1]


def _whole_line(line):
    try:
        return json.loads(line)
    except json.JSONDecodeError:  # the line at which the search was killed
        return None


def trial_key(candidate, rows):
    """Return the key of a candidate's trial on the fold that is trained on these rows (positions)."""
    return joblib.hash((sorted(candidate.items()), np.asarray(rows, dtype="int64")))


class Remembering(ClassifierMixin, BaseEstimator):
    """A pipeline that is not fitted where the score of the trial is known already.

    Parameters
    ----------
    pipeline : scikit-learn pipeline
    searched : tuple of str
        Names of the parameters that tell candidates apart, as ``set_params`` of this estimator knows them.
    known : dict
        From ``KeptTrials``.
    n_threads : int
        Of a fit, wherever it runs.
    """

    def __init__(self, pipeline, searched=(), known=None, n_threads=1):
        self.pipeline, self.searched, self.known, self.n_threads = pipeline, searched, known, n_threads

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        own = self.get_params()
        key = trial_key({name: own[name] for name in self.searched}, X.index.to_numpy())
        self.score_ = (self.known or {}).get(key, [None])[0]
        if self.score_ is None:
            with threadpool_limits(self.n_threads):
                self.pipeline_ = clone(self.pipeline).fit(X, y)
        return self


class Scorer:
    """A scorer of scikit-learn for ``Remembering``: the score that is known, or that of the fitted pipeline."""

    def __init__(self, scorer):
        self.scorer = scorer

    def __call__(self, estimator, X, y):
        if estimator.score_ is not None:
            return estimator.score_
        with threadpool_limits(estimator.n_threads):
            return self.scorer(estimator.pipeline_, X, y)


def code_hash():
    """Return the hash of the pins and of the code that fits: a trial of other code is none."""
    sources = [Path("requirements.txt"), *sorted(Path(__file__).parent.glob("*.py"))]
    return joblib.hash([path.read_bytes() for path in sources])
