import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics as sk
from sklearn.linear_model import LogisticRegression

from purchase.evaluation.bootstrap import weighted_metrics
from purchase.evaluation.metrics import METRICS, check_labels, check_propensities, choose_threshold, metrics_at
from purchase.tables import TableError

# Ten rows, two orders, worked out by hand. Ranked by propensity:
#   rank        1    2    3    4    5    6    7    8    9   10
#   propensity 0.9  0.8  0.6  0.6  0.4  0.3  0.2  0.2  0.1  0.1
#   label       0    1    1    0    0    0    0    0    0    0
LABELS = np.array([0, 1, 1, 0, 0, 0, 0, 0, 0, 0])
PROPENSITY = np.array([0.9, 0.8, 0.6, 0.6, 0.4, 0.3, 0.2, 0.2, 0.1, 0.1])


def made_up(n_rows=800, seed=0, decimals=2):
    """Labels, and propensities that are too extreme and, being rounded, often tied."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1.5, 1.2, n_rows)
    labels = (rng.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(int)
    propensity = 1 / (1 + np.exp(-1.6 * logit - 0.3 + rng.normal(0, 0.3, n_rows)))
    return labels, propensity.round(decimals).clip(0.01, 0.99)


def by_name(values):
    return dict(zip(METRICS, values[:, 0], strict=True))


def test_the_hand_worked_table_comes_out():
    values = metrics_at(LABELS, PROPENSITY, threshold=0.6)
    # Of the 16 pairs, the order at 0.8 wins 7, the one at 0.6 wins 6 and halves 1: 13.5 / 16.
    assert values["roc_auc"] == pytest.approx(13.5 / 16)
    # Recall rises by a half at precision 1/2 (of the first 2), by a half at precision 2/4 (the tie counts whole).
    assert values["average_precision"] == pytest.approx(0.5 * 1 / 2 + 0.5 * 2 / 4)
    # 0.6 and above: ranks 1 to 4, two of them orders.
    assert [values[m] for m in ("accuracy", "precision", "recall", "f1")] == pytest.approx([0.8, 0.5, 1.0, 2 / 3])
    # Squares: 0.81 + 0.04 + 0.16 + 0.36 + 0.16 + 0.09 + 0.04 + 0.04 + 0.01 + 0.01 = 1.72
    assert values["brier"] == pytest.approx(0.172)
    # Probability given to what happened: 0.1, 0.8, 0.6, 0.4, 0.6, 0.7, 0.8, 0.8, 0.9, 0.9; their product 0.0041803776
    assert values["log_loss"] == pytest.approx(-np.log(0.1 * 0.8 * 0.6 * 0.4 * 0.6 * 0.7 * 0.8 * 0.8 * 0.9 * 0.9) / 10)
    # The top tenth is rank 1, no order.
    assert values["lift_at_10_percent"] == 0


def test_lift_shares_a_tie_among_its_rows_whatever_their_order():
    # The top tenth of ten rows is one row; three rows tie for it, one of them an order: 1/3 of an order is expected
    # there, where a random row holds 1/5.
    labels, propensity = np.array([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), np.array([0.7] * 3 + [0.2] * 7)
    for order in (np.arange(10), np.arange(10)[::-1]):
        lift = metrics_at(labels[order], propensity[order], threshold=0.5)["lift_at_10_percent"]
        assert lift == pytest.approx((1 / 3) / (1 / 5))


def test_all_rows_tied_is_chance():
    values = metrics_at(LABELS, np.full(10, 0.3), threshold=0.5)
    assert (values["roc_auc"], values["lift_at_10_percent"]) == (0.5, pytest.approx(1.0))
    assert values["average_precision"] == pytest.approx(0.2)
    assert (values["precision"], values["f1"]) == (0, 0)
    assert np.isnan(values["calibration_slope"])


def test_slope_and_intercept_are_those_of_logistic_regressions_on_the_logit():
    labels, propensity = made_up()
    values = metrics_at(labels, propensity, threshold=0.5)
    logit = np.log(propensity / (1 - propensity))
    slope = LogisticRegression(C=np.inf, tol=1e-10).fit(logit[:, None], labels).coef_[0, 0]
    assert values["calibration_slope"] == pytest.approx(slope, abs=1e-5)
    # With the slope fixed at 1, the intercept is what makes the mean propensity the share of orders.
    shifted = 1 / (1 + np.exp(-logit - values["calibration_intercept"]))
    assert shifted.mean() == pytest.approx(labels.mean(), abs=1e-9)
    assert slope < 0.9  # made too extreme


def test_propensities_of_zero_and_one_have_a_slope_and_separated_classes_have_none():
    labels, propensity = made_up()
    extreme = np.where(propensity > 0.9, 1.0, np.where(propensity < 0.02, 0.0, propensity))
    assert 0 < metrics_at(labels, extreme, threshold=0.5)["calibration_slope"] < 1
    assert np.isnan(metrics_at(labels, 0.2 + 0.5 * labels, threshold=0.5)["calibration_slope"])


def test_weights_of_one_give_the_point_values():
    labels, propensity = made_up()
    points = metrics_at(labels, propensity, threshold=0.4)
    weighted = by_name(weighted_metrics(labels, propensity, np.ones((len(labels), 1)), threshold=0.4))
    for metric in METRICS:
        close = 1e-3 if metric.startswith("calibration") else 1e-9  # logits are rounded in resamples
        assert weighted[metric] == pytest.approx(points[metric], abs=close), metric


def test_a_weight_is_as_many_copies_of_the_row():
    labels, propensity = made_up(decimals=1)
    weights = np.random.default_rng(1).integers(0, 4, size=len(labels))
    copies = np.repeat(np.arange(len(labels)), weights)
    points = metrics_at(labels[copies], propensity[copies], threshold=0.4)
    weighted = by_name(weighted_metrics(labels, propensity, weights[:, None].astype(float), threshold=0.4))
    for metric in METRICS:
        close = 1e-3 if metric.startswith("calibration") else 1e-9
        assert weighted[metric] == pytest.approx(points[metric], abs=close), metric


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.0, 0.05, 0.1, 0.3, 0.5, 0.9, 1.0]), st.integers(0, 3)),
        min_size=2,
        max_size=30,
    )
)
def test_weighted_metrics_are_those_of_scikit_learn(rows):
    labels, propensity, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assume(0 < labels @ weights < weights.sum())
    values = by_name(weighted_metrics(labels, propensity, weights[:, None], threshold=0.3))
    kept, predicted = weights > 0, propensity >= 0.3
    fair = {
        "roc_auc": sk.roc_auc_score(labels, propensity, sample_weight=weights),
        # Rows of weight 0 make scikit-learn's curve begin at 0 / 0.
        "average_precision": sk.average_precision_score(labels[kept], propensity[kept], sample_weight=weights[kept]),
        "log_loss": sk.log_loss(labels, propensity, sample_weight=weights, labels=[0, 1]),
        "brier": sk.brier_score_loss(labels, propensity, sample_weight=weights, pos_label=1),
        "accuracy": sk.accuracy_score(labels, predicted, sample_weight=weights),
        "precision": sk.precision_score(labels, predicted, sample_weight=weights, zero_division=0.0),
        "recall": sk.recall_score(labels, predicted, sample_weight=weights),
        "f1": sk.f1_score(labels, predicted, sample_weight=weights, zero_division=0.0),
    }
    assert {metric: values[metric] for metric in fair} == pytest.approx(fair, abs=1e-9)


def test_the_threshold_is_the_one_of_highest_f1_and_the_highest_of_equals():
    # F1 by threshold: 0.9: 0, 0.8: 2*1/(2+2) = 1/2, 0.6: 2*2/(4+2) = 2/3, 0.4: 4/7, ...
    assert choose_threshold(LABELS, PROPENSITY, threshold="f1") == 0.6
    # 0.9 (one hit of one, F1 2/3) and 0.2 (two hits of four, F1 2/3) are equal.
    assert choose_threshold(np.array([1, 0, 0, 1]), np.array([0.9, 0.5, 0.4, 0.2]), threshold="f1") == 0.9
    assert choose_threshold(LABELS, PROPENSITY, threshold=0.25) == 0.25


@pytest.mark.parametrize(("task", "key"), [("customer", "cutoffs.horizon_days"), ("session", "preprocess.test_share")])
def test_a_part_of_one_class_is_refused_with_its_name_and_what_to_change(task, key):
    key = key.rpartition(".")[2]
    with pytest.raises(TableError, match=rf"test\.parquet: label is 0 in all 12 rows of the test part.*{key}"):
        check_labels(np.zeros(12, dtype=int), part="test", task=task)
    with pytest.raises(TableError, match=rf"validation\.parquet: the validation part has no rows.*{key}"):
        check_labels([], part="validation", task=task)


def test_a_propensity_that_is_no_probability_is_refused_with_the_models_name():
    for wrong in (1.5, -0.1, np.nan):
        with pytest.raises(TableError, match=rf"models/tune/svm: propensity {wrong} .*1 of 3 rows.*tune@svm"):
            check_propensities(np.array([0.1, wrong, 0.2]), model="tune/svm")
