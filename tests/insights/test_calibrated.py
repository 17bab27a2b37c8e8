import numpy as np
import pandas as pd
import pytest

from purchase.insights.calibrated import calibration_part, months_of
from purchase.insights.parts import NotAvailable
from purchase.tables import DAY

ASKED = {"n_bootstrap": 200, "interval": 0.95, "seed": 0}


def rows_of(n_rows=3000, *, actual=1.0, seed=0):
    """Return rows whose odds of an order are ``actual`` times what is said."""
    rng = np.random.default_rng(seed)
    propensity = rng.beta(2, 8, n_rows)
    odds = actual * propensity / (1 - propensity)
    label = (rng.random(n_rows) < odds / (1 + odds)).astype(int)
    return pd.DataFrame({"group": np.arange(n_rows), "label": label, "propensity": propensity})


def test_a_month_whose_propensities_are_too_high_is_told_from_one_that_is_right_and_small_segments_are_not_judged():
    right, wrong = rows_of(seed=2), rows_of(actual=0.5, seed=1)
    months = {"validation": pd.Series(["2026-01"] * 3000), "test": pd.Series(["2026-02"] * 3000)}
    segments = pd.Series(["few"] * 10 + ["many"] * 2990)
    part = calibration_part(right, wrong, segments, months, **ASKED)
    table = part.tables["calibration_groups"].set_index("group")
    assert table.loc["2026-01", "verdict"] == "as predicted"
    assert table.loc["2026-01", "slope_low"] < 1 < table.loc["2026-01", "slope_high"]
    assert table.loc["2026-02", "verdict"] == "too high"
    assert table.loc["2026-02", "intercept_high"] < 0
    assert table.loc["2026-02", "error_low"] > 0.04
    assert table.loc["few", "small"]
    assert np.isnan(table.loc["few", "slope"])
    assert part.numbers["off"] == ["many: too high", "2026-02: too high"]


def test_without_segments_and_months_there_is_no_such_part():
    with pytest.raises(NotAvailable, match="neither segments nor dates"):
        calibration_part(rows_of(), rows_of(), None, dict.fromkeys(("validation", "test")), **ASKED)


def test_the_month_is_that_of_the_session_the_horizon_after_a_cutoff_or_a_column():
    at = pd.DataFrame({"cutoff": [31 * DAY + 5]})
    assert list(months_of(at)) == ["1970-02"]
    assert list(months_of(at, horizon_days=30)) == ["30 days from 1970-02-01"]
    undated = pd.DataFrame({"cutoff": pd.array([pd.NA], dtype="Int64")})
    assert months_of(undated) is None
    assert list(months_of(undated.assign(month="Nov"))) == ["Nov"]
