from pathlib import Path

import pytest

from purchase.params import read_params
from purchase.typed_yaml import ParamsError

COMMITTED = Path(__file__).parents[1] / "params.yaml"


def edited(tmp_path, old, new):
    text = COMMITTED.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is no longer in params.yaml"
    path = tmp_path / "params.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_committed_params_are_valid():
    assert read_params(COMMITTED).shop == "simulated"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("shop: simulated", "shopp: simulated", ["shopp is not a known key", "Did you mean 'shop'?"]),
        ("num_leaves: 15", "num_leafs: 15", ["train.lightgbm.num_leafs", "allowed here", "Did you mean 'num_leaves'?"]),
        ("num_leaves: {low", "num_leafs: {low", ["tune.lightgbm.space.num_leafs", "Did you mean 'num_leaves'?"]),
        (
            "search: grid",
            "search: gird",
            ["tune.logistic_regression.search='gird'", "'grid' or 'random'", "mean 'grid'"],
        ),
        ("horizon_days: 30", "horizon_days: -3", ["cutoffs.horizon_days=-3", "greater than or equal to 1"]),
        ("n_threads: 2", "n_threads: 2.5", ["n_threads=2.5", "integer"]),
        ("  seed: 1", "  seed: true", ["simulate.seed=True", "integer"]),
        ("learning_rate: 0.05", "learning_rate: fast", ["train.xgboost.learning_rate='fast'", "number"]),
        ("low: 4, high: 63", "low: 1, high: 63", ["tune.lightgbm.space.num_leaves=1", "greater than or equal to 2"]),
        ("low: 4, high: 63", "low: 63, high: 4", ["tune.lightgbm.space.num_leaves", "low=63 is not below high=4"]),
        ("low: 0.01, high: 3.0", "low: 0, high: 3.0", ["tune.svm.space.C", "low=0 has no logarithm"]),
        ("C: [0.001, 0.01, 0.1, 1.0]", "C: {low: 1, high: 2}", ["a grid needs a list", "search: random"]),
        ("threshold: f1", "threshold: f2", ["evaluate.threshold='f2'", "f1 or a number between 0 and 1"]),
        ("[7, 30, 90]", "[7, 300]", ["windows_days holds 300", "lookback_days=180", "raise the lookback"]),
        ('start: "2024-12-01"', "start: 2024-12-01", ["simulate.start", "unquoted date", '"2024-12-01"']),
        ('start: "2024-12-01"', 'start: "2024-13-01"', ["simulate.start='2024-13-01'", "month"]),
        ("shop: simulated", "shop: [simulated", ["is not YAML", "line 4"]),
    ],
)
def test_a_bad_param_is_named_with_its_value_and_its_mend(tmp_path, old, new, said):
    with pytest.raises(ParamsError) as raised:
        read_params(edited(tmp_path, old, new))
    for words in ["params.yaml", *said]:
        assert words in str(raised.value)


def test_every_bad_key_is_named_at_once(tmp_path):
    path = edited(tmp_path, "n_threads: 2", "n_threads: 0")
    path.write_text(path.read_text(encoding="utf-8").replace("memory_gb: 3", "memory_gb: -1"), encoding="utf-8")
    with pytest.raises(ParamsError, match=r"(?s)n_threads=0.*memory_gb=-1"):
        read_params(path)


def test_a_missing_file_is_named_with_its_neighbours(tmp_path):
    (tmp_path / "param.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"params\.yaml does not exist.*Did you mean 'param'\?"):
        read_params(tmp_path / "params.yaml")


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    assert read_params(edited(tmp_path, "reg_lambda: 1.0", "reg_lambda: 1e-3")).train.xgboost.reg_lambda == 0.001
