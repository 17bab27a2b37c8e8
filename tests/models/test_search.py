import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from purchase import params
from purchase.models.folds import make_folds
from purchase.models.search import Draw, search_settings
from purchase.params import Range, TuneParams
from tests.models.feature_tables import customer_table, quick_settings

TABLE = customer_table()
FOLDS = make_folds(TABLE, n_folds=2, horizon_days=30, seed=0)


class Counter:
    def __init__(self):
        self.total, self.n = 0, 0

    def update(self):
        self.n += 1


def search(family, *, how, space, scoring="neg_log_loss", n_candidates=None, progress=None, at=None):
    section = TuneParams.model_fields[family].annotation(search=how, n_candidates=n_candidates, space=space)
    return search_settings(
        TABLE,
        quick_settings(family),
        section,
        family=family,
        folds=FOLDS,
        scoring=scoring,
        seed=0,
        n_threads=2,
        at=at,
        progress=progress or Counter(),
    )


def test_the_train_settings_are_trial_0_and_not_tried_twice():
    _, trials, _ = search("logistic_regression", how="grid", space={"C": [0.01, 0.1, 1.0]})
    assert list(trials["C"]) == [0.1, 0.01, 1.0]


def test_what_tune_picks_is_never_worse_on_the_folds_than_the_train_settings():
    best, trials, _ = search("lightgbm", how="random", n_candidates=3, space={"learning_rate": "uniform(0.5, 1)"})
    assert trials["mean_score"].max() >= trials["mean_score"][0]
    assert best.learning_rate == trials.loc[trials["rank"].idxmin(), "learning_rate"]
    # Steps this long overfit 300 rows, so the train settings stay.
    assert best == quick_settings("lightgbm")


def test_settings_outside_the_space_keep_their_train_value():
    best, _, _ = search("random_forest", how="grid", space={"min_samples_leaf": [30]})
    assert best.n_estimators == quick_settings("random_forest").n_estimators


def test_the_table_of_trials_holds_settings_fold_scores_mean_and_rank():
    _, trials, seconds = search("svm", how="random", n_candidates=2, space={"gamma": "uniform(0.01, 0.1)"})
    assert list(trials.columns) == ["trial", "gamma", "fold_0", "fold_1", "mean_score", "rank"]
    assert np.allclose(trials["mean_score"], (trials["fold_0"] + trials["fold_1"]) / 2)
    assert sorted(trials["rank"]) == [1, 2, 3]
    assert list(seconds.columns) == ["trial", "seconds"]


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "neg_log_loss"])
def test_every_scoring_fits_a_family_without_probabilities_of_its_own(scoring):
    _, trials, _ = search("svm", how="grid", space={"C": [1.0]}, scoring=scoring)
    assert np.isfinite(trials["mean_score"]).all()


def test_a_search_advances_the_progress_bar_once_a_fit():
    progress = Counter()
    search("logistic_regression", how="grid", space={"C": [0.01, 1.0]}, progress=progress)
    assert (progress.n, progress.total) == (6, 6)  # 3 trials on 2 folds


def test_a_random_search_of_lists_stops_when_all_are_tried():
    _, trials, _ = search("logistic_regression", how="random", n_candidates=9, space={"C": [0.01, 1.0]})
    assert sorted(trials["C"]) == [0.01, 0.1, 1.0]


def test_the_same_seed_draws_the_same_trials():
    space = {"C": "loguniform(0.01, 1.0)"}
    one, other = (search("logistic_regression", how="random", n_candidates=2, space=space)[1] for _ in range(2))
    assert one.equals(other)


def test_scikit_learn_drives_the_neural_network_too():
    best, trials, _ = search("neural_network", how="grid", space={"n_heads": [1, 3]})
    assert list(trials["n_heads"]) == [2, 1, 3]
    assert best.n_heads in (1, 2, 3)


def test_a_lasso_is_fitted_by_a_solver_that_can():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged after a few rounds is no matter here
        _, trials, _ = search("logistic_regression", how="grid", space={"l1_ratio": [1.0]})
    assert trials["mean_score"][0] != trials["mean_score"][1]


@given(low=st.integers(1, 50), width=st.integers(1, 50), log=st.booleans(), seed=st.integers(0, 2**31))
def test_whole_ends_draw_whole_values_between_them(low, width, log, seed):
    value = Draw(Range(low=low, high=low + width, log=log)).rvs(np.random.RandomState(seed))
    assert isinstance(value, int)
    assert low <= value <= low + width


@given(low=st.floats(0.001, 10), width=st.floats(0.1, 10), log=st.booleans(), seed=st.integers(0, 2**31))
def test_values_are_drawn_between_the_ends(low, width, log, seed):
    value = Draw(Range(low=low, high=low + width, log=log)).rvs(np.random.RandomState(seed))
    assert low <= value <= low + width


def test_both_ends_of_a_whole_range_are_drawn():
    draws = {
        Draw(Range(low=2, high=4, log=log)).rvs(np.random.RandomState(s)) for s in range(50) for log in (False, True)
    }
    assert draws == {2, 3, 4}


@pytest.mark.parametrize(
    ("family", "space"),
    [
        ("logistic_regression", {"C": "uniform(-1.0, 1.0)"}),
        ("xgboost", {"max_depth": "uniform(2.5, 6.0)"}),
        ("lightgbm", {"subsample": "uniform(0.5, 1.5)"}),
        ("neural_network", {"n_heads": "uniform(0, 4)"}),
    ],
)
def test_a_range_that_the_setting_would_not_take_is_refused(family, space):
    section = TuneParams.model_fields[family].annotation
    with pytest.raises(ValueError, match=next(iter(space))):
        section(search="random", n_candidates=1, space=space)


def test_every_family_has_settings_and_a_search():
    assert set(params.FAMILIES) == set(TuneParams.model_fields)


@pytest.mark.parametrize(
    ("how", "space", "n_candidates"),
    [
        ("halving_grid", {"learning_rate": [0.05, 0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]}, None),
        ("halving_random", {"learning_rate": "uniform(0.05, 0.8)"}, 8),
    ],
)
def test_halving_tries_many_on_few_rows_and_picks_among_those_tried_on_all(how, space, n_candidates):
    progress = Counter()
    best, trials, seconds = search("lightgbm", how=how, space=space, n_candidates=n_candidates, progress=progress)
    assert trials["n_rows"].tolist() == [44] * 9 + [132] * 3 + [396]
    assert trials["learning_rate"][0] == quick_settings("lightgbm").learning_rate
    winner = trials.loc[trials["rank"].idxmin()]
    assert winner["n_rows"] == 396
    assert best.learning_rate == winner["learning_rate"]
    assert (progress.n, progress.total) == (26, 26)
    assert len(seconds) == len(trials)


def test_candidates_tried_by_several_processes_score_the_same():
    space = {"C": [0.01, 1.0, 10.0]}
    _, alone, _ = search("logistic_regression", how="grid", space=space)
    at = {"backend": "loky", "n_jobs": 2}
    _, together, _ = search("logistic_regression", how="grid", space=space, at=at)
    pd.testing.assert_frame_equal(together, alone, rtol=1e-9)  # matrix products round by where their arrays lie
