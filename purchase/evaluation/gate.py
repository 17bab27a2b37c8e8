"""The gate: what a champion must reach on test rows, by the section ``gate`` of params.yaml."""

from purchase.tables import TableError


def hold(gate, report):
    """Hold a champion against its gate.

    Parameters
    ----------
    gate : dict of {name: bound, or None}
        The section ``gate`` of params.yaml; None (or False) stands for no such gate.
    report : dict
        The content of metrics/evaluate.json.

    Returns
    -------
    dict
        ``passed``, and ``checks``: {name: {value, bound, passed}} of the gates that are set.

    Raises
    ------
    TableError
        If a gate is set whose value is undefined or is not in the report; names it, and the mend.
    """
    checks = {name: _check(name, gate[name], report) for name in CHECKS if gate.get(name)}
    return {"passed": all(check["passed"] for check in checks.values()), "checks": checks}


def _check(name, bound, report):
    try:
        value, bound = CHECKS[name](report, bound)
    except KeyError as error:
        raise TableError(
            f"gate.{name} cannot be computed: metrics/evaluate.json has no {error.args[0]!r}, as older code wrote "
            f"it. Run `dvc repro evaluate` at that revision, or set gate.{name}: null."
        ) from None
    if value is None:
        raise TableError(
            f"gate.{name}={bound} cannot be computed: the champion's value is undefined on these test rows. Check in "
            f"metrics/featurize.json how many rows and orders the test part has, or set gate.{name}: null."
        )
    passed = value <= bound if name.startswith("max_") else value >= bound
    return {"value": value, "bound": bound, "passed": passed}


def _test_score(metric):
    return lambda report, bound: (report["test"][metric]["value"], bound)


def _baselines_beaten(report, _):
    beaten = [scores["beaten"] for scores in report["baselines"].values()]
    return (None if None in beaten else sum(beaten)), len(beaten)


# What each gate looks at: (report, bound) -> (value, bound).
CHECKS = {
    "min_average_precision": _test_score("average_precision"),
    "max_calibration_error": lambda report, bound: (report["calibration_error"]["value"], bound),
    "min_lift_at_10_percent": _test_score("lift_at_10_percent"),
    "better_than_baselines": _baselines_beaten,
}
# As a reader knows them.
WORDS = {
    "min_average_precision": "average precision",
    "max_calibration_error": "calibration error",
    "min_lift_at_10_percent": "lift at 10 %",
    "better_than_baselines": "baselines beaten",
}


def said(name, check):
    """Return (what, value, bound) of a check as texts."""
    value, bound = check["value"], check["bound"]
    shown = f"{value}" if name == "better_than_baselines" else f"{value:.4f}"
    return WORDS[name], shown, f"at {'most' if name.startswith('max_') else 'least'} {bound:g}"
