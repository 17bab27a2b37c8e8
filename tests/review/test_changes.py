import pandas as pd

from purchase.review.changes import accounts, changed, moved_drivers, pins


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


def test_a_driver_moves_beyond_its_spread_or_not_at_all():
    base = pd.DataFrame({"feature": ["a", "b", "c"], "importance": [1.0, 1.0, 1.0], "spread": [0.1, 0.1, 0.1]})
    head = pd.DataFrame({"feature": ["a", "b", "d"], "importance": [1.29, 0.7, 1.0], "spread": [0.1, 0.1, 0.1]})
    moved = moved_drivers(base, head)  # twice the root of 0.1^2 + 0.1^2 is 0.283
    assert list(moved["feature"]) == ["b", "a"]
    assert moved_drivers(base, head.assign(spread=0.2)).empty
