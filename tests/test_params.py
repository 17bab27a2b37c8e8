import datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from purchase.files import ParamsError
from purchase.params import read_params

COMMITTED = Path(__file__).parents[1] / "params.yaml"


def changed(tmp_path, changes):
    """Write the committed params with other values, {dotted key: value}; keys that are not there are added."""
    content = YAML(typ="safe").load(COMMITTED)
    for key, value in changes.items():
        *sections, name = key.split(".")
        section = content
        for part in sections:
            section = section[part]
        section[name] = value
    path = tmp_path / "params.yaml"
    YAML().dump(content, path)
    return path


def test_committed_params_are_valid():
    assert read_params(COMMITTED).shop == "simulated"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("shopp", "simulated", ["shopp is not a known key", "Did you mean 'shop'?"]),
        ("train.lightgbm.num_leafs", 15, ["train.lightgbm.num_leafs", "allowed here", "Did you mean 'num_leaves'?"]),
        ("tune.lightgbm.space.num_leafs", [3], ["tune.lightgbm.space.num_leafs", "Did you mean 'num_leaves'?"]),
        ("search.backend", "dask", ["search", "needs an address", "tcp://"]),
        ("tune.svm.search", "gird", ["tune.svm.search='gird'", "Did you mean 'grid'?"]),
        ("search.scoring", "neg_logloss", ["search.scoring='neg_logloss'", "Did you mean 'neg_log_loss'?"]),
        ("cutoffs.horizon_days", -3, ["cutoffs.horizon_days=-3", "greater than or equal to 1"]),
        ("n_threads", 2.5, ["n_threads=2.5", "integer"]),
        ("simulate.seed", True, ["simulate.seed=True", "integer"]),
        ("train.xgboost.learning_rate", "fast", ["train.xgboost.learning_rate='fast'", "number"]),
        ("tune.lightgbm.space.num_leaves", [1, 7], ["num_leaves.0=1", "greater than or equal to 2"]),
        ("tune.lightgbm.space.num_leaves", "uniform(1, 63)", ["num_leaves=1", "greater than or equal to 2"]),
        ("tune.lightgbm.space.num_leaves", "uniform(9, 4)", ["num_leaves", "low=9 is not below high=4"]),
        ("tune.svm.space.C", "loguniform(0, 3)", ["tune.svm.space.C", "low=0 has no logarithm"]),
        ("tune.svm.space.C", "lognormal(0, 3)", ["tune.svm.space.C='lognormal(0, 3)'", "loguniform(low, high)"]),
        ("tune.svm.space.C", {"low": 1, "high": 3, "lg": True}, ["tune.svm.space.C", "loguniform(low, high)"]),
        ("tune.logistic_regression.space.C", "uniform(1, 2)", ["a grid needs a list", "search: random"]),
        ("tune.xgboost.space.n_crossed", [0, 10], ["tune.xgboost.space.n_crossed is not a known key"]),
        ("train.xgboost.crosses", ["ratio"], ["train.xgboost.crosses.0='ratio'", "'share'"]),
        ("train.svm.positive_weight", 0.0, ["train.svm.positive_weight", "=0.0", "greater than 0", "'balanced'"]),
        ("train.lightgbm.positive_weight", "balance", ["positive_weight", "number", "Did you mean 'balanced'?"]),
        ("train.sequence_network.negative_share", 1.5, ["negative_share=1.5", "less than or equal to 1"]),
        ("tune.xgboost.space.positive_weight", "uniform(0, 9)", ["tune.xgboost.space.positive_weight", "than 0"]),
        ("tune.xgboost.space.positve_weight", [3.0], ["Did you mean 'positive_weight'?"]),
        ("train.svm.n_crossed", 51, ["train.svm.n_crossed=51", "less than or equal to 50"]),
        ("tune.svm.space", {}, ["tune.svm", "space is empty"]),
        ("ensemble.n_rounds", 0, ["ensemble.n_rounds=0", "greater than or equal to 1"]),
        ("evaluate.threshold", "f2", ["evaluate.threshold='f2'", "f1 or a number between 0 and 1"]),
        ("evaluate.threshold", 1.5, ["evaluate.threshold=1.5", "f1 or a number between 0 and 1"]),
        ("featurize.windows_days", [7, 900], ["windows_days holds 900", "lookback_days=", "raise the lookback"]),
        ("featurize.scoring_moment", "session_stop", ["featurize.scoring_moment", "Did you mean 'session_st"]),
        ("featurize.leave_out", ["tastes"], ["featurize.leave_out.0='tastes'", "Did you mean 'taste'?"]),
        ("featurize.sequence_length", 0, ["featurize.sequence_length=0", "greater than or equal to 1"]),
        ("featurize.half_lives_days", [0], ["featurize.half_lives_days.0=0", "greater than or equal to 1"]),
        ("simulate.start", datetime.date(2024, 12, 1), ["simulate.start", "unquoted date", '"2024-12-01"']),
        ("gate.better_than_baselines", "yes", ["gate.better_than_baselines='yes'", "boolean"]),
        ("gate.min_averge_precision", 0.1, ["allowed here", "Did you mean 'min_average_precision'?"]),
        ("insights.margin", 1.5, ["insights.margin=1.5", "less than or equal to 1"]),
        ("insights.contact_cost_cents", 0.5, ["insights.contact_cost_cents=0.5", "integer"]),
        ("simulate.start", "2024-13-01", ["simulate.start='2024-13-01'", "month"]),
    ],
)
def test_a_bad_param_is_named_with_its_value_and_its_mend(tmp_path, key, value, said):
    with pytest.raises(ParamsError) as raised:
        read_params(changed(tmp_path, {key: value}))
    for words in ["params.yaml", *said]:
        assert words in str(raised.value)


@pytest.mark.parametrize(
    "change", [{"train.svm.positive_weight": 2.0}, {"tune.xgboost.space.negative_share": [0.3]}], ids=str
)
def test_rows_that_weigh_or_are_drawn_need_a_calibration(tmp_path, change):
    read_params(changed(tmp_path, change))
    with pytest.raises(ParamsError, match=r"(svm|xgboost) weighs or draws rows .*fit\.calibration: none .*set sigmoid"):
        read_params(changed(tmp_path, change | {"fit.calibration": "none"}))


def test_every_bad_key_is_named_at_once(tmp_path):
    with pytest.raises(ParamsError, match=r"(?s)n_threads=0.*memory_gb=-1"):
        read_params(changed(tmp_path, {"n_threads": 0, "memory_gb": -1}))


def test_broken_yaml_is_named_with_its_line(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("seed: 1\nshop: [simulated\n", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"params\.yaml is not YAML.*line 2"):
        read_params(path)


def test_a_missing_file_is_named_with_its_neighbours(tmp_path):
    (tmp_path / "param.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"params\.yaml does not exist.*Did you mean 'param'\?"):
        read_params(tmp_path / "params.yaml")


def test_numbers_are_read_as_dvc_reads_them(tmp_path):
    path = changed(tmp_path, {"train.xgboost.reg_lambda": "as_written_below"})
    path.write_text(path.read_text(encoding="utf-8").replace("as_written_below", "1e-3"), encoding="utf-8")
    assert read_params(path).train.xgboost.reg_lambda == 0.001
