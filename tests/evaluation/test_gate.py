import pytest

from purchase.evaluation.gate import hold, said
from purchase.tables import TableError

REPORT = {
    "test": {"average_precision": {"value": 0.16}, "lift_at_10_percent": {"value": 3.0}},
    "calibration_error": {"value": 0.1},
    "baselines": {"base_rate": {"beaten": True}, "recency_frequency": {"beaten": True}},
}


@pytest.mark.parametrize(
    ("name", "at", "beyond"),
    [
        ("min_average_precision", 0.16, 0.1601),
        ("max_calibration_error", 0.1, 0.0999),
        ("min_lift_at_10_percent", 3.0, 3.01),
    ],
)
def test_a_gate_passes_at_its_bound_fails_beyond_it_and_is_none_where_null(name, at, beyond):
    assert hold({name: at}, REPORT)["passed"]
    failed = hold({name: beyond}, REPORT)
    assert not failed["passed"]
    assert failed["checks"][name]["bound"] == beyond
    assert hold({name: None}, REPORT) == {"passed": True, "checks": {}}


def test_one_failed_check_fails_the_gate_and_the_others_are_still_told():
    gate = hold({"max_calibration_error": 0.2, "min_lift_at_10_percent": 4.0}, REPORT)
    assert not gate["passed"]
    assert [check["passed"] for check in gate["checks"].values()] == [True, False]


def test_every_baseline_must_be_beaten_where_that_is_asked():
    asked = {"better_than_baselines": True}
    assert hold(asked, REPORT)["checks"]["better_than_baselines"] == {"value": 2, "bound": 2, "passed": True}
    unbeaten = REPORT | {"baselines": REPORT["baselines"] | {"recency_frequency": {"beaten": False}}}
    check = hold(asked, unbeaten)["checks"]["better_than_baselines"]
    assert not check["passed"]
    assert said("better_than_baselines", check) == ("baselines beaten", "1", "at least 2")


def test_a_gate_that_cannot_be_computed_is_an_error_that_names_it_and_the_mend():
    undefined = REPORT | {"test": {"average_precision": {"value": None}}}
    with pytest.raises(TableError, match=r"gate\.min_average_precision=0\.1 cannot be .* set gate\.min_.*: null"):
        hold({"min_average_precision": 0.1}, undefined)
    older = {"test": REPORT["test"]}
    with pytest.raises(TableError, match=r"gate\.max_calibration_error .* has no 'calibration_error'.*dvc repro"):
        hold({"max_calibration_error": 0.1}, older)
    unclear = REPORT | {"baselines": {"base_rate": {"beaten": None}}}
    with pytest.raises(TableError, match="better_than_baselines"):
        hold({"better_than_baselines": True}, unclear)
