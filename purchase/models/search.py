"""Search a family's settings on the inner folds by scikit-learn's searches, the defaults always tried first.

Successive halving (Jamieson and Talwalkar 2016, Non-stochastic best arm identification) tries many candidates on few
rows and goes on with the best third on three times as many, up to all rows.
"""

import numpy as np
import pandas as pd
from scipy.stats import loguniform, uniform
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    ParameterGrid,
    RandomizedSearchCV,
)

from purchase.models.balance import searchable
from purchase.models.columns import feature_frame, feature_kinds
from purchase.models.kept import KeptTrials, Remembering, Scorer
from purchase.models.registry import family_module, parameter_name
from purchase.models.training import SILENT
from purchase.models.workers import with_retries, workers
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


class _InSteps:
    """Evaluates a search's candidates a few at a time, the train settings first, and keeps each step's trials."""

    defaults = None
    step = 1  # candidates at a time
    trials = None
    progress = SILENT

    def _with_defaults(self, candidates):
        return [self.defaults, *(one for one in candidates if one != self.defaults)]

    def _evaluator(self, evaluate_candidates, *, all_candidates=list):
        def evaluate(candidates, cv=None, *, more_results=None, callback_ctx=None):
            candidates, results = all_candidates(candidates), None
            folds = [train for train, _ in cv.split(np.zeros(self.n_rows), self.labels)] if cv else self.fitted_rows
            self.progress.total += len(candidates) * len(folds)
            for start in range(0, len(candidates), self.step):
                some = slice(start, start + self.step)
                more = more_results and {name: values[some] for name, values in more_results.items()}
                results = with_retries(evaluate_candidates, candidates[some], cv, more)
                self._keep(results, folds, n_new=len(candidates[some]))
            return results

        return evaluate

    def _keep(self, results, folds, *, n_new):
        for number in range(len(results["params"]) - n_new, len(results["params"])):
            for fold, rows in enumerate(folds):
                score, seconds = results[f"split{fold}_test_score"][number], results["mean_fit_time"][number]
                self.trials.keep(results["params"][number], rows, score, seconds)
                self.progress.update()
            self.seconds.append(sum(self.trials.seconds(results["params"][number], rows) for rows in folds))


class _AllAtOnce(_InSteps):
    def _run_search(self, evaluate_candidates, *, callback_ctx=None):
        evaluate = self._evaluator(evaluate_candidates, all_candidates=self._with_defaults)
        super()._run_search(evaluate, callback_ctx=callback_ctx)


class _Halving(_InSteps):
    def _generate_candidate_params(self):
        return self._with_defaults(super()._generate_candidate_params())

    def _run_search(self, evaluate_candidates, *, callback_ctx=None):
        super()._run_search(self._evaluator(evaluate_candidates), callback_ctx=callback_ctx)


class GridSearch(_AllAtOnce, GridSearchCV):
    pass


class RandomSearch(_AllAtOnce, RandomizedSearchCV):
    pass


class HalvingGridSearch(_Halving, HalvingGridSearchCV):
    pass


class HalvingRandomSearch(_Halving, HalvingRandomSearchCV):
    pass


SEARCHES = {
    "grid": GridSearch,
    "random": RandomSearch,
    "halving_grid": HalvingGridSearch,
    "halving_random": HalvingRandomSearch,
}


def search_settings(
    features, settings, search, *, family, folds, scoring, seed, n_threads, at=None, trials=None, progress=SILENT
):
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
        A scorer of scikit-learn, on raw probabilities, those of weighted rows taken back; higher is better.
    at : dict
        The ``backend``, ``n_jobs`` and ``address`` of ``workers``; None: one fit after the other, here. Candidates are
        tried ``n_jobs`` at a time.
    trials : KeptTrials
        What a search that was killed has kept.
    progress : tqdm
        Advances by one a fit.

    Returns
    -------
    best : model of the family's settings
    trials : DataFrame of shape (n_trials, 1 + n_searched + n_folds + 2)
        trial, the settings searched, fold_0 ..., mean_score, rank (1: best; of equals, the first trial wins). With
        successive halving also n_rows, that of the round; trials of later rounds rank before those of earlier ones.
    seconds : DataFrame of shape (n_trials, 2)
        trial, seconds of fitting over all folds.
    """
    frame = feature_frame(features, feature_kinds(features)).reset_index(drop=True)
    names = {f"pipeline__{parameter_name(family, setting)}": setting for setting in search.candidates()}
    built_by = searchable(settings, search.candidates())
    pipeline = family_module(family).build(built_by, seed=seed, n_threads=n_threads)
    if built_by.balances:
        pipeline.set_params(model__as_untouched=True)
    trials = trials or KeptTrials(None, "")
    remembering = Remembering(pipeline, searched=tuple(names), known=dict(trials.known), n_threads=n_threads)
    searcher = _searcher(remembering, search, names, cv=folds, scoring=Scorer(get_scorer(scoring)), seed=seed)
    searcher.defaults = {name: getattr(settings, setting) for name, setting in names.items()}
    at = at or {"backend": "loky", "n_jobs": 1}
    searcher.step, searcher.trials, searcher.progress, searcher.seconds = at["n_jobs"], trials, progress, []
    searcher.n_rows, searcher.labels = len(frame), features["label"].to_numpy()
    searcher.fitted_rows = [train for train, _ in folds]
    with workers([frame, searcher.labels], n_threads=n_threads, **at):
        searcher.fit(frame, searcher.labels)
    results = searcher.cv_results_
    tried = [{names[name]: value for name, value in candidate.items()} for candidate in results["params"]]
    table = _table(results, tried, n_folds=len(folds))
    best = tried[int(np.argmin(table["rank"]))]
    seconds = pd.DataFrame({"trial": table["trial"], "seconds": searcher.seconds})
    return type(settings)(**{**settings.model_dump(), **best}), table, seconds


def _searcher(estimator, search, names, *, cv, scoring, seed):
    space = {name: search.candidates()[setting] for name, setting in names.items()}
    common = {"cv": cv, "scoring": scoring, "refit": False, "error_score": "raise"}
    if search.search.startswith("halving"):
        common |= {"random_state": seed, "min_resources": "exhaust", "return_train_score": False}
    if search.search.endswith("grid"):
        return SEARCHES[search.search](estimator, space, **common)
    n_candidates = search.n_candidates
    if all(isinstance(values, list) for values in space.values()):
        n_candidates = min(n_candidates, len(ParameterGrid(space)))  # there are no more to draw
    draws = {name: Draw(values) if isinstance(values, Range) else values for name, values in space.items()}
    number = "n_candidates" if search.search.startswith("halving") else "n_iter"
    return SEARCHES[search.search](estimator, draws, **common | {number: n_candidates, "random_state": seed})


def _table(results, tried, *, n_folds):
    table = pd.DataFrame({"trial": np.arange(len(tried))} | {name: [one[name] for one in tried] for name in tried[0]})
    if "n_resources" in results:
        table["n_rows"] = results["n_resources"]
    for fold in range(n_folds):
        table[f"fold_{fold}"] = results[f"split{fold}_test_score"]
    table["mean_score"] = results["mean_test_score"]
    order = pd.DataFrame({"round": results.get("iter", np.zeros(len(tried))), "score": table["mean_score"]})
    ranking = order.sort_values(["round", "score"], ascending=False, kind="stable").index
    return table.assign(rank=pd.Series(np.arange(1, len(tried) + 1), index=ranking))
