import math

import pytest

from purchase.rebuild import compare_metrics, verdict

KEY = ("metrics/evaluate.json", "test.log_loss.value")


def lock(**changes):
    """The stages of a ``dvc.lock``; ``changes`` give a path, dots and slashes as underscores, another hash."""

    def entries(*paths):
        return [{"path": path, "md5": changes.get(path.replace("/", "_").replace(".", "_"), "0")} for path in paths]

    return {
        "featurize": {
            "cmd": "python -m stages.featurize",
            "deps": entries("purchase/features", "data/clean"),
            "params": {"params.yaml": {"seed": changes.get("seed", 1)}},
            "outs": entries("data/features/train.parquet"),
        },
        "train@svm": {
            "cmd": "python -m stages.train svm",
            "deps": entries("data/features/train.parquet"),
            "outs": entries("models/train/svm"),
        },
    }


def judge(rebuilt, before=0.08, after=0.08, *, whole=True):
    return verdict(lock(), rebuilt, {KEY: before}, {KEY: after}, whole=whole)


def test_the_same_hashes_make_a_true_lock():
    assert judge(lock()) == ("2 of 2 outs have the committed hash.", [])


def test_data_with_another_hash_make_it_false_however_near_the_metrics_are():
    _, wrong = judge(lock(data_features_train_parquet="1"))
    assert wrong == ["featurize: data/features/train.parquet has another hash"]


def test_a_model_with_other_bytes_is_excused_by_metrics_within_a_millionth_and_said():
    said, wrong = judge(lock(models_train_svm="1"), 0.08, 0.08 * (1 + 5e-7))
    assert wrong == []
    assert said.startswith("1 of 2 outs have the committed hash. Models differ in their bytes")
    assert "by 5e-07 of their value at most (allowed: 1e-06)" in said


def test_a_model_with_other_bytes_and_another_metric_makes_it_false():
    _, wrong = judge(lock(models_train_svm="1"), 0.08, 0.08 * (1 + 2e-6))
    assert wrong == ["metrics/evaluate.json: test.log_loss.value is 0.08 in Git and 0.08000016 rebuilt"]


@pytest.mark.parametrize(
    ("rebuilt", "line"),
    [
        (lock(purchase_features="1"), "featurize: purchase/features is another"),
        (lock(seed=2), "featurize: params are others"),
        ({**lock(), "evaluate": {"cmd": "python"}}, "evaluate: a stage that dvc.lock does not hold"),
        ({"featurize": lock()["featurize"]}, "train@svm: in dvc.lock, but no stage any more"),
    ],
)
def test_a_stale_lock_is_false_even_if_every_out_is_the_same(rebuilt, line):
    assert judge(rebuilt)[1] == [line]


def test_a_rebuild_of_the_first_stages_says_nothing_of_the_later():
    assert judge({"featurize": lock()["featurize"]}, whole=False) == ("1 of 1 outs have the committed hash.", [])


def test_a_text_or_a_metric_that_is_gone_is_no_rounding():
    largest, wrong = compare_metrics({KEY: "tune/svm", ("m", "gone"): 1.0}, {KEY: "tune/xgboost"})
    assert largest == math.inf
    assert len(wrong) == 2
