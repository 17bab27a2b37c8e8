"""Fit candidates on folds, and keep what predicts: the models of the folds, or one of all rows."""

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel
from threadpoolctl import threadpool_limits

from purchase.models.deadline import OutOfTime
from purchase.models.folds import go_by_time
from purchase.models.race import Hopeless, Race
from purchase.models.registry import family_module, predict
from purchase.models.training import cross_fit


@dataclass(frozen=True)
class Committee:
    """Fitted pipelines of one family with the same settings, whose probabilities are averaged.

    Parameters
    ----------
    settings : model of the family's settings (purchase.params)
    pipelines : list of fitted pipelines
    """

    family: str
    settings: BaseModel
    pipelines: list

    def predict_probability(self, frame):
        """Return the mean raw probability of each row, shape (n_rows,)."""
        return np.mean([predict(self.family, pipeline, frame)[1] for pipeline in self.pipelines], axis=0)


def fit_committees(frame, label, candidates, *, folds, seed, n_threads, deadline):
    """Fit candidates one after another until the time is over; those far behind others are given up on the way.

    Where the folds together test every row, the models of the folds are the committee: each row is behind all but one
    of them, and their mean is better than one model of all rows (Breiman 1996, "Bagging predictors"). Where folds go by
    time, the earlier ones are out of date, and one model of all rows is fitted.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_features)
        As ``feature_frame`` returns it.
    label : array of 0 and 1, shape (n_rows,)
    candidates : list of Candidate
    folds : list of (train, test), arrays of row positions
    deadline : Deadline

    Returns
    -------
    committees : list of Committee
        The candidates that were done, in their order.
    tested : list of OutOfFold
        What they say about rows that they did not see; all of the same rows.
    """
    committees, tested = [], []
    common = {"folds": folds, "n_threads": n_threads, "deadline": deadline}
    race = Race([label[test] for _, test in folds])
    with threadpool_limits(n_threads):
        for number, candidate in enumerate(candidates):
            try:  # each draws its own rows and columns: what they have in common is not averaged away
                committee, out_of_fold = _fit(
                    frame, label, candidate, seed=seed + number, after=race.new_candidate(), **common
                )
            except (OutOfTime, Hopeless):
                continue  # a quicker or a better one may follow
            committees.append(committee)
            tested.append(out_of_fold)
    return committees, tested


def _fit(frame, label, candidate, *, folds, seed, n_threads, deadline, after):
    family, settings = candidate.family, candidate.settings
    deadline.begin()
    module = family_module(family)
    by_time = go_by_time(folds, len(frame))
    deadline.total = int(by_time)
    pipeline = module.build(settings, seed=seed, n_threads=n_threads)
    tested = cross_fit(frame, label, pipeline, family=family, folds=folds, watch=True, progress=deadline, after=after)
    if not by_time:
        return Committee(family, settings, tested.pipelines), tested
    if hasattr(module, "n_rounds"):
        n_rounds = max(round(np.mean([module.n_rounds(one) for one in tested.pipelines])), 1)
        settings = settings.model_copy(update={module.ROUNDS: n_rounds})
    whole = module.build(settings, seed=seed, n_threads=n_threads).fit(frame, label)
    deadline.update()
    return Committee(family, settings, [whole]), tested
