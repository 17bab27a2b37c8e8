import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from purchase.models import PropensityClassifier, training
from purchase.models.committee import fit_committees
from purchase.models.deadline import Deadline
from purchase.models.folds import make_folds
from purchase.models.portfolio import PORTFOLIO, candidates_for
from purchase.tables import TableError
from tests.models.feature_tables import quick_settings


def table(n_rows=300, seed=0, share=0.3):
    """Rows of which amount and country say who buys; a column of each other type beside them."""
    draw = np.random.default_rng(seed)
    amount = draw.normal(size=n_rows)
    country = draw.choice(["de", "fr", "tr"], n_rows)
    log_odds = 2 * amount + (country == "de") + np.log(share / (1 - share))
    bought = draw.random(n_rows) < 1 / (1 + np.exp(-log_odds))
    X = pd.DataFrame(
        {
            "amount": np.where(draw.random(n_rows) < 0.1, np.nan, amount),
            "country": country,
            "plan": pd.Categorical(draw.choice(["a", "b"], n_rows)),
            "member": draw.random(n_rows) < 0.5,
            "seen_at": pd.Timestamp("2026-01-01") + pd.to_timedelta(draw.integers(0, 10**7, n_rows), unit="s"),
            "constant": 1.0,
            "never_said": None,
            "label": draw.integers(0, 9, n_rows),  # a key's name in the pipeline, a feature like others here
        }
    )
    return X, np.where(bought, "bought", "left")


def quick(**asked):
    return PropensityClassifier(**{"family": "logistic_regression", "n_folds": 3, "n_threads": 1} | asked)


X, Y = table()
POSITIVE = Y == "left"


@parametrize_with_checks([quick(n_folds=2)])
def test_it_is_an_estimator_as_scikit_learn_means_it(estimator, check):
    check(estimator)


def test_importing_the_package_does_not_import_what_the_estimator_needs():
    code = "import sys, purchase.models; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def fitted():
    return quick().fit(X, Y)


def test_a_table_of_all_types_needs_no_preparation(fitted):
    new, outcome = table(seed=1)
    propensity = fitted.predict_proba(new)
    assert propensity.sum(axis=1) == pytest.approx(1)
    assert list(fitted.classes_) == ["bought", "left"]
    assert roc_auc_score(outcome == "left", propensity[:, 1]) > 0.8
    assert log_loss(outcome == "left", propensity[:, 1]) < 0.5 < 0.65 < log_loss(Y, np.full(300, POSITIVE.mean()))


def test_times_become_seconds_hour_and_weekday(fitted):
    assert {"seen_at", "seen_at (hour)", "seen_at (weekday)"} < set(fitted.kinds_)


def test_a_column_with_the_name_of_a_key_is_a_feature(fitted):
    assert fitted.kinds_["label"] == "number"


def test_constant_and_missing_columns_are_not_used(fitted):
    assert not {"constant", "never_said"} & set(fitted.kinds_)


def test_out_of_fold_has_every_row_once(fitted):
    assert list(fitted.out_of_fold_["row"]) == list(range(300))
    assert np.array_equal(fitted.out_of_fold_["label"] == 1, POSITIVE)


def test_columns_may_come_in_another_order_and_beside_others(fitted):
    turned = X[X.columns[::-1]].assign(other=1)
    assert np.array_equal(fitted.predict_proba(turned), fitted.predict_proba(X))


def test_a_missing_column_is_named(fitted):
    with pytest.raises(TableError, match=r"X has no column 'amount' \(1 of the 8 .*does not know: \['sum'\]"):
        fitted.predict_proba(X.rename(columns={"amount": "sum"}))


def test_unseen_categories_and_missing_values_get_a_propensity(fitted):
    strange = X.head(2).assign(country=["atlantis", None], amount=np.nan, plan="z", seen_at=pd.NaT, never_said=1.0)
    propensity = fitted.predict_proba(strange)[:, 1]
    assert ((propensity > 0) & (propensity < 1)).all()


def test_an_infinite_value_is_refused_by_name():
    with pytest.raises(TableError, match="'amount' is infinite in 300 of 300 rows"):
        quick().fit(X.assign(amount=[np.inf, -np.inf] * 150), Y)


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(TableError, match="more than one column named 'amount'"):
        quick().fit(X.rename(columns={"label": "amount"}), Y)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="one class only: all 300 rows are 'left'"):
        quick().fit(X, ["left"] * 300)


def test_a_label_of_three_classes_is_refused():
    with pytest.raises(ValueError, match=r"Only binary classification .* y holds 3 classes"):
        quick().fit(X, np.arange(300) % 3)


def test_an_unknown_family_or_setting_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="family='boosting' does not exist; there are auto, logistic_regression"):
        quick(family="boosting").fit(X, Y)
    with pytest.raises(ValueError, match="C1 is not a known key; allowed here: C, crosses, l1_ratio"):
        quick(settings={"C1": 1.0}).fit(X, Y)
    with pytest.raises(ValueError, match=r"settings names \['forest'\], which are no families"):
        quick(family="auto", settings={"forest": {}}).fit(X, Y)


def test_an_unknown_calibration_or_too_few_folds_are_refused():
    with pytest.raises(ValueError, match="calibration='platt' does not exist; there are auto, none, sigmoid"):
        quick(calibration="platt").fit(X, Y)
    with pytest.raises(ValueError, match="n_folds=1: there must be 2 or more"):
        quick(n_folds=1).fit(X, Y)


def test_where_all_columns_are_constant_the_base_rate_is_all_there_is():
    with pytest.warns(UserWarning, match="all 2 columns are the same in all 300 rows"):
        model = quick().fit(X[["constant", "never_said"]], Y)
    assert model.predict_proba(X[["constant", "never_said"]])[:, 1] == pytest.approx(np.mean(POSITIVE))


def test_fewer_positives_than_folds_lower_the_folds_with_a_warning():
    label = np.zeros(300)
    label[[5, 100]] = 1
    with pytest.warns(UserWarning, match="2 inner folds instead of 3: .*hold 2 groups with label 1"):
        model = quick().fit(X, label)
    assert set(model.out_of_fold_["fold"]) == {0, 1}


def test_one_positive_row_gives_the_base_rate_with_a_warning():
    with pytest.warns(UserWarning, match="share of positives, 0.003333: no inner folds"):
        model = quick().fit(X, np.arange(300) == 7)
    assert model.predict_proba(X)[:, 1] == pytest.approx(1 / 300)


def test_a_budget_too_short_for_one_fit_gives_the_base_rate_with_a_warning():
    with pytest.warns(UserWarning, match="time_budget_s=1e-09 is too short for one fit"):
        model = quick(time_budget_s=1e-9).fit(X, Y)
    assert model.predict_proba(X)[:, 1] == pytest.approx(np.mean(POSITIVE))


def test_a_candidate_whose_last_folds_would_come_too_late_is_given_up():
    class Slow(Deadline):
        def update(self):
            self.end = self.began  # time is over as soon as a fold is done
            super().update()

    frame, label = X[["amount"]].fillna(0.0), POSITIVE.astype(int)
    folds = [(np.arange(150), np.arange(150, 300)), (np.arange(150, 300), np.arange(150))]
    common = {"folds": folds, "seed": 0, "n_threads": 1}
    one = candidates_for("logistic_regression")
    assert fit_committees(frame, label, one, deadline=Slow(100), **common) == ([], [])
    assert len(fit_committees(frame, label, one, deadline=Deadline(100), **common)[0]) == 1


def test_a_candidate_far_behind_the_best_is_given_up_and_the_others_are_as_without_it():
    frame, label = X[["amount"]].fillna(0.0), POSITIVE.astype(int)
    folds = [
        (np.flatnonzero(np.arange(300) % 3 != fold), np.flatnonzero(np.arange(300) % 3 == fold)) for fold in range(3)
    ]
    common = {"folds": folds, "seed": 0, "n_threads": 1, "deadline": Deadline(None)}
    good, bad = (candidates_for("logistic_regression", {"C": C}) for C in (1.0, 1e-6))
    committees, tested = fit_committees(frame, label, [*good, *bad, *good], **common)
    assert [one.settings.C for one in committees] == [1.0, 1.0]
    assert np.array_equal(tested[0].probability, tested[1].probability)
    assert len(fit_committees(frame, label, [*bad, *good], **common)[0]) == 2  # none was better yet


def test_rows_of_a_group_stay_in_one_fold():
    groups = np.arange(300) % 50
    folds = quick().fit(X, Y, groups=groups).out_of_fold_.groupby(groups)["fold"].nunique()
    assert (folds == 1).all()


def test_copies_of_rows_stay_in_one_fold():
    fold = quick().fit(pd.concat([X, X[:30]]), np.concatenate([Y, Y[:30]])).out_of_fold_["fold"].to_numpy()
    assert np.array_equal(fold[:30], fold[300:])


def test_rows_that_are_equal_by_chance_are_rows_of_their_own():
    draw = np.random.default_rng(0)
    flags = pd.DataFrame(draw.integers(0, 2, (300, 3)), columns=["a", "b", "c"])  # eight kinds of rows
    label = (draw.random(300) < 0.1 + 0.6 * flags["a"]).astype(int)
    model = quick().fit(flags, label)
    assert model.out_of_fold_.groupby("fold")["label"].mean().between(0.35, 0.45).all()
    without, with_it = model.predict_proba(pd.DataFrame({"a": [0, 1], "b": 0, "c": 0}))[:, 1]
    assert without < 0.2 < 0.5 < with_it


def test_with_times_later_rows_are_tested_and_one_model_of_all_rows_predicts():
    times = pd.Timestamp("2026-01-01", tz="Europe/Berlin") + pd.to_timedelta(np.arange(300)[::-1], unit="D")
    model = quick().fit(X, Y, times=times)
    assert set(model.out_of_fold_["row"]) == set(range(225))  # the earliest quarter, the last rows, trains only
    assert [len(member.pipelines) for member in model.members_] == [1]


def test_the_choice_of_a_calibrator_is_told_whether_folds_go_by_time(monkeypatch):
    told, times = [], np.arange(300) * 86_400
    monkeypatch.setattr(training, "choose_calibration", lambda *rows, by_time: told.append(by_time) or "none")
    quick().fit(X, Y)
    quick().fit(X, Y, times=times)
    features = X.select_dtypes("number").assign(row_id=np.arange(300), label=POSITIVE.astype(int))
    for keys in ({"cutoff": None}, {"cutoff": times}):
        keys |= {"group": np.arange(300), "session_id": np.arange(300).astype(str)}
        training.fit_model(
            features,
            quick_settings("logistic_regression"),
            family="logistic_regression",
            folds=make_folds(features.assign(**keys), n_folds=3, horizon_days=0, seed=0),
            calibration="auto",
            seed=0,
            n_threads=1,
        )
    assert told == [False, True, False, True]


def test_labels_after_a_block_do_not_reach_its_scores():
    times = np.arange(300) * 86_400
    turned = np.where((times > times[224]) & (np.arange(300) % 2 == 0), np.where(POSITIVE, "bought", "left"), Y)
    both = [quick(calibration="none").fit(X, y, times=times).out_of_fold_.set_index("row") for y in (Y, turned)]
    pd.testing.assert_series_equal(*(one["propensity"].loc[75:224] for one in both), check_exact=True)


def test_a_missing_time_is_refused_by_row():
    times = pd.Series(pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(300), unit="D")).where(X.index != 4)
    with pytest.raises(TableError, match="times is missing in 1 of 300 rows, the first of them row 4"):
        quick().fit(X, Y, times=times)


def test_a_watched_booster_stops_and_its_last_model_has_as_many_trees_as_the_folds_needed():
    for family in ("xgboost", "lightgbm"):
        settings = {"n_estimators": 500, "learning_rate": 0.3}
        folds = quick(family=family, settings=settings).fit(X, Y).members_[0]
        whole = quick(family=family, settings=settings).fit(X, Y, times=np.arange(300) * 86_400).members_[0]
        assert len(folds.pipelines) == 3
        assert whole.settings.n_estimators < 100


@pytest.mark.parametrize(("share", "n_rows"), [(0.002, 3000), (0.6, 200)])
def test_rare_and_common_positives_get_calibrated_propensities(share, n_rows):
    draw = np.random.default_rng(0)
    columns = pd.DataFrame(draw.normal(size=(n_rows, 3)), columns=["a", "b", "c"])
    label = np.zeros(n_rows, dtype=int)
    label[draw.choice(n_rows, int(share * n_rows), replace=False)] = 1
    propensity = quick(family="lightgbm").fit(columns, label).predict_proba(columns)[:, 1]
    assert propensity.mean() == pytest.approx(share, rel=0.35)


def test_auto_blends_several_families_and_is_the_same_every_time(monkeypatch):
    without_network = tuple(one for one in PORTFOLIO if one.family != "neural_network")  # nine seconds to load
    monkeypatch.setattr("purchase.models.portfolio.PORTFOLIO", without_network)
    fewer = {"random_forest": {"n_estimators": 20}, "svm": {"n_components": 20}}
    asked = {"family": "auto", "n_folds": 2, "settings": fewer}
    model, again = quick(**asked).fit(X, Y), quick(**asked).fit(X, Y)
    assert len(model.members_) > 1
    assert model.weights_.sum() == pytest.approx(1)
    assert model.weights_ == pytest.approx(1 / len(model.members_))
    assert np.array_equal(model.predict_proba(X), again.predict_proba(X))
    alone = quick(family="lightgbm", n_folds=2).fit(X, Y).out_of_fold_
    blended = model.out_of_fold_
    assert log_loss(blended["label"], blended["propensity"]) < log_loss(alone["label"], alone["propensity"])


def test_every_family_has_a_default():
    assert {candidates_for(one.family)[0].family for one in PORTFOLIO} == {one.family for one in candidates_for("auto")}
