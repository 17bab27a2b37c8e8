import numpy as np
import pandas as pd
import pytest

from purchase.review.changes import (
    accounts,
    calibration_error,
    changed,
    drift,
    moved_drivers,
    pass_gate,
    pins,
    stability_index,
)


def test_params_that_changed_came_or_went_are_listed_by_their_key_with_both_values():
    base = {"seed": 1, "train": {"svm": {"C": 0.1}}, "old": {"a": 1}}
    head = {"seed": 1, "train": {"svm": {"C": 0.2}}, "new": [7, 30]}
    assert changed(base, head) == [("train.svm.C", 0.1, 0.2), ("old.a", 1, None), ("new", None, [7, 30])]


def test_pins_are_read_with_their_markers_and_comments():
    text = "# made\npandas==3.0.1\ntensorflow==2.20 ; sys_platform == 'darwin'\n    # via x\nnumpy==2.4.6  \n"
    assert pins(text) == {"pandas": "3.0.1", "tensorflow": "2.20", "numpy": "2.4.6"}
    assert pins(None) == {}


def test_accounts_name_what_was_read_kept_and_lost_by_reason():
    prepare = {"events": {"read": 9, "kept": 7, "rejected": {"total": 2, "by_reason": {"bad_event_at": 2}}}}
    preprocess = {"events": {"read": 7, "kept": 6, "dropped": {"total": 1, "by_reason": {"bot": 1}}}, "split": {}}
    featurize = {"n_features": 5, "test": {"rows": 3, "positives": 1}}
    assert accounts(prepare, preprocess, featurize) == {
        "prepare: events read": 9,
        "prepare: events kept": 7,
        "prepare: events rejected, bad_event_at": 2,
        "preprocess: events read": 7,
        "preprocess: events kept": 6,
        "preprocess: events dropped, bot": 1,
        "featurize: features": 5,
        "featurize: test rows": 3,
        "featurize: test positives": 1,
    }


def test_the_stability_index_is_that_of_two_bins_worked_out_by_hand():
    # Half of base is "a"; of head, a quarter: (1/4 - 1/2) ln(1/2) + (3/4 - 1/2) ln(3/2) = 0.2747.
    base, head = pd.Series(["a", "b"] * 50), pd.Series(["a", "b", "b", "b"] * 25)
    assert stability_index(base, head) == pytest.approx(0.25 * np.log(2) + 0.25 * np.log(1.5))
    assert stability_index(base, base) == 0


def test_numbers_drift_by_their_tenths_and_by_what_is_missing():
    values = pd.Series(np.random.default_rng(0).normal(size=5000))
    again = pd.Series(np.random.default_rng(1).normal(size=5000))
    assert stability_index(values, again) < 0.02
    assert stability_index(values, again + 1) > 0.5
    assert stability_index(values, again.mask(np.arange(5000) < 2000)) > 0.5
    assert stability_index(pd.Series([np.nan] * 9), pd.Series([np.nan] * 9)) == 0
    assert stability_index(pd.Series([0.0] * 90 + [1.0] * 10), pd.Series([0.0] * 60 + [1.0] * 40)) > 0.3


def test_drift_covers_shared_features_and_no_keys_the_most_drifted_first():
    base = pd.DataFrame({"row_id": ["a", "b"] * 50, "label": 0, "still": 1.0, "moved": [1.0, 2.0] * 50, "gone": 1})
    head = base.drop(columns="gone").assign(row_id="z", label=1, moved=9.0)
    table = drift(base, head)
    assert list(table["feature"]) == ["moved", "still"]
    assert table.loc[1, "drift"] == 0


def test_a_driver_moves_beyond_its_spread_or_not_at_all():
    base = pd.DataFrame({"feature": ["a", "b", "c"], "importance": [1.0, 1.0, 1.0], "spread": [0.1, 0.1, 0.1]})
    head = pd.DataFrame({"feature": ["a", "b", "d"], "importance": [1.29, 0.7, 1.0], "spread": [0.1, 0.1, 0.1]})
    moved = moved_drivers(base, head)  # twice the root of 0.1^2 + 0.1^2 is 0.283
    assert list(moved["feature"]) == ["b", "a"]
    assert moved_drivers(base, head.assign(spread=0.2)).empty


def test_the_calibration_error_weighs_bins_by_their_rows():
    bins = pd.DataFrame({"mean_propensity": [0.1, 0.5], "share_ordered": [0.2, 0.4], "n_rows": [30, 10]})
    assert calibration_error(bins) == pytest.approx((30 * 0.1 + 10 * 0.1) / 40)
    bins["share_ordered"] = [0.2, 0.5]
    assert calibration_error(bins) == pytest.approx(0.075)


def test_a_gate_passes_at_its_bound_fails_beyond_it_and_is_none_where_null():
    bins = pd.DataFrame({"mean_propensity": [0.1], "share_ordered": [0.2], "n_rows": [30]})
    at, beyond = {"max_calibration_error": 0.1, "min_lift_at_10_percent": 3.0}, {"max_calibration_error": 0.09}
    assert [passed for *_, passed in pass_gate(at, bins=bins, lift=3.0)] == [True, True]
    assert [passed for *_, passed in pass_gate(at, bins=bins, lift=2.99)] == [True, False]
    assert [passed for *_, passed in pass_gate(beyond, bins=bins, lift=1.0)] == [False]
    assert pass_gate({"max_calibration_error": None}, bins=bins, lift=1.0) == []
