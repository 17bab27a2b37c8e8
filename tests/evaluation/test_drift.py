import numpy as np
import pandas as pd
import pytest

from purchase.evaluation.drift import drift, stability_index


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
