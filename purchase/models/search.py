"""Search a family's settings on the inner folds by scikit-learn's searches, the defaults always tried first."""

import numpy as np
import pandas as pd
from scipy.stats import loguniform, uniform
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, ParameterGrid, RandomizedSearchCV
from threadpoolctl import threadpool_limits

from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.registry import family_module, parameter_name
from purchase.models.training import SILENT
from purchase.params import Range


class Draw:
    """A Range as scikit-learn's random search takes it: something with ``rvs``."""

    def __init__(self, bounds):
        self.bounds = bounds

    def rvs(self, random_state=None):
        low, high = self.bounds.low, self.bounds.high
        whole = isinstance(low, int) and isinstance(high, int)
        if whole and not self.bounds.log:
            return int(random_state.randint(low, high + 1))
        # A whole number stands for all that rounds to it, so that the ends are drawn as often as the rest.
        low, high = (low - 0.5, high + 0.5) if whole else (low, high)
        law = loguniform(low, high) if self.bounds.log else uniform(low, high - low)
        value = float(law.rvs(random_state=random_state))
        return round(min(max(value, self.bounds.low), self.bounds.high)) if whole else value


class _DefaultsFirst:
    """Puts the train settings before the candidates of a search: what tune picks is never worse on the folds."""

    defaults = None
    progress = SILENT

    def _run_search(self, evaluate_candidates, *, callback_ctx=None):
        def evaluate(candidates, callback_ctx=None):
            tried = [self.defaults, *(one for one in candidates if one != self.defaults)]
            self.progress.total += len(tried) * len(self.cv)
            return evaluate_candidates(tried)

        super()._run_search(evaluate, callback_ctx=callback_ctx)


class GridSearch(_DefaultsFirst, GridSearchCV):
    pass


class RandomSearch(_DefaultsFirst, RandomizedSearchCV):
    pass


def search_settings(features, settings, search, *, family, folds, scoring, seed, n_threads, progress=SILENT):
    """Try the candidates of a search on every fold.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        Training rows with ``label``.
    settings : model of the family's settings (purchase.params)
        The defaults: trial 0, and the values of all that the space leaves out.
    search : model of the family's search (purchase.params)
    folds : list of (train, test), arrays of row positions
    scoring : str
        A scorer of scikit-learn, on raw probabilities; higher is better.
    progress : tqdm
        Advances by one a fit.

    Returns
    -------
    best : model of the family's settings
    trials : DataFrame of shape (n_trials, 1 + n_searched + n_folds + 2)
        trial, the settings searched, fold_0 ..., mean_score, rank (1: best; of equals, the first trial wins).
    seconds : DataFrame of shape (n_trials, 2)
        trial, seconds of fitting over all folds.
    """
    frame = feature_frame(features, feature_kinds(features))
    names = {parameter_name(family, setting): setting for setting in search.candidates()}
    pipeline = family_module(family).build(settings, seed=seed, n_threads=n_threads)
    searcher = _searcher(pipeline, search, names, cv=folds, scoring=_ticking(scoring, progress), seed=seed)
    searcher.defaults = {name: getattr(settings, setting) for name, setting in names.items()}
    searcher.progress = progress
    with threadpool_limits(n_threads):
        searcher.fit(frame, features["label"].to_numpy())
    results = searcher.cv_results_
    tried = [{names[name]: value for name, value in candidate.items()} for candidate in results["params"]]
    best = tried[int(np.argmin(results["rank_test_score"]))]
    return type(settings)(**{**settings.model_dump(), **best}), *_tables(results, tried, n_folds=len(folds))


def _searcher(pipeline, search, names, *, cv, scoring, seed):
    space = {name: search.candidates()[setting] for name, setting in names.items()}
    common = {"cv": cv, "scoring": scoring, "refit": False, "error_score": "raise"}
    if search.search == "grid":
        return GridSearch(pipeline, space, **common)
    n_candidates = search.n_candidates
    if all(isinstance(values, list) for values in space.values()):
        n_candidates = min(n_candidates, len(ParameterGrid(space)))  # there are no more to draw
    draws = {name: Draw(values) if isinstance(values, Range) else values for name, values in space.items()}
    return RandomSearch(pipeline, draws, n_iter=n_candidates, random_state=seed, **common)


def _ticking(scoring, progress):
    scorer = get_scorer(scoring)

    def score(estimator, X, y):
        value = scorer(estimator, X, y)
        progress.update()
        return value

    return score


def _tables(results, tried, *, n_folds):
    number = np.arange(len(tried))
    trials = pd.DataFrame({"trial": number} | {name: [one[name] for one in tried] for name in tried[0]})
    for fold in range(n_folds):
        trials[f"fold_{fold}"] = results[f"split{fold}_test_score"]
    trials["mean_score"] = results["mean_test_score"]
    trials["rank"] = results["rank_test_score"]
    return trials, pd.DataFrame({"trial": number, "seconds": results["mean_fit_time"] * n_folds})
