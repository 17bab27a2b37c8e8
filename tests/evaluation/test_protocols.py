import numpy as np
import pandas as pd
import pytest

from purchase.evaluation.learning import last_step, learning_curve
from purchase.evaluation.protocols import _splits, as_numbers, compare_protocols, feature_sets_by_moment
from purchase.models.folds import make_folds
from purchase.models.training import fit_model
from purchase.tables import DAY
from tests.models.feature_tables import quick_settings

RESAMPLING = {"n_bootstrap": 100, "interval": 0.95, "seed": 0}
FEATURES = {"cutoff": ["early", "noise", "month"]}


def rows(cutoff, *, n=400, sign=1, seed=0):
    """Customers at a cutoff, half of whom order: those whose ``early`` is positive, or with ``sign=-1`` negative."""
    draw = np.random.default_rng((seed, cutoff))
    early = draw.normal(size=n)
    label = (sign * early + 0.5 * draw.normal(size=n) > 0).astype("int8")
    customer = [f"c{i}" for i in range(n)]
    columns = {"row_id": [f"{name}@{cutoff}" for name in customer], "customer_id": customer, "session_id": None}
    columns |= {"cutoff": cutoff * 30 * DAY, "group": customer, "label": label}
    return pd.DataFrame(columns | {"early": early, "noise": draw.normal(size=n), "month": float(cutoff)})


def parts(*, last_sign):
    train = pd.concat([rows(cutoff) for cutoff in range(4)], ignore_index=True)
    return {"train": train, "validation": rows(4), "test": rows(5, sign=last_sign)}


def champion_of(train, family="lightgbm"):
    folds = make_folds(train, n_folds=2, horizon_days=30, seed=0)
    common = {"folds": folds, "calibration": "sigmoid", "seed": 0, "n_threads": 2}
    return fit_model(train, quick_settings(family), family=family, **common)[0]


def compared(tables, feature_sets=FEATURES):
    table = compare_protocols(champion_of(tables["train"]), tables, feature_sets=feature_sets, **RESAMPLING)
    return table, table.set_index(["protocol", "features"])


def test_a_protocol_that_sees_the_test_month_is_shown_to_pretend():
    # In the last month the meaning of the feature turns round: only a model of that month can know.
    table, at = compared(parts(last_sign=-1))
    assert table["protocol"].tolist() == ["out of time", "by customer", "at random"]
    for protocol in ("by customer", "at random"):
        row = at.loc[(protocol, "cutoff")]
        assert row["roc_auc_difference"] > 0.05
        assert row["roc_auc_difference_low"] > 0
        assert row["log_loss_difference_high"] < 0
    assert at.loc[("out of time", "cutoff"), "roc_auc"] < 0.2


def test_where_nothing_changes_the_shortcuts_are_within_noise_and_the_first_row_is_the_champion():
    tables = parts(last_sign=1)
    table, _ = compared(tables)
    assert (table["roc_auc_difference"].abs() < 0.02).all()
    assert (
        table.loc[0, ["roc_auc_difference", "log_loss_difference_low", "log_loss_difference_high"]].tolist() == [0] * 3
    )
    assert as_numbers(table)["out of time"]["cutoff"]["roc_auc"] == table.loc[0, "roc_auc"]


def test_the_cost_of_honesty_is_what_the_score_loses_without_late_features():
    tables = parts(last_sign=1)
    for part in tables.values():
        part["late"] = part["label"] + 0.01 * part["noise"]
    known = {"name": ["early", "noise", "month", "late"], "known_at": [*["session_start"] * 3, "session_end"]}
    sets = feature_sets_by_moment(pd.DataFrame(known))
    assert sets == {"session_end": ["early", "noise", "month", "late"], "session_start": ["early", "noise", "month"]}
    _, at = compared(tables, sets)
    assert at.loc[("out of time", "session_end"), "roc_auc"] > 0.99
    honest = at.loc[("out of time", "session_start")]
    assert honest["roc_auc"] < 0.98
    assert honest["roc_auc_difference_high"] < 0
    assert honest["n_features"] == 3


@pytest.mark.parametrize("seed", range(3))
def test_no_tested_row_trains_its_own_model_and_by_customer_no_row_of_its_customer(seed):
    pooled = pd.concat(parts(last_sign=1).values(), ignore_index=True)
    for protocol, folds in _splits(pooled, n_train=1600, n_test=400, seed=seed).items():
        assert sorted(np.concatenate([tested for _, tested in folds])) == list(range(2000, 2400))
        for train, tested in folds:
            assert not set(train) & set(tested)
            assert len(train) <= 1600
            if protocol == "by customer":
                assert not set(pooled["group"].iloc[train]) & set(pooled["group"].iloc[tested])


def test_rows_without_times_and_customers_are_split_as_the_pipeline_does_and_at_random():
    pooled = pd.concat(parts(last_sign=1).values(), ignore_index=True).assign(customer_id=None, cutoff=None)
    assert list(_splits(pooled, n_train=1600, n_test=400, seed=0)) == ["as split", "at random"]


def test_the_learning_curve_falls_where_there_is_something_to_learn_and_ends_at_the_champion():
    tables = parts(last_sign=1)
    curve = learning_curve(champion_of(tables["train"]), tables["train"], tables["validation"], **RESAMPLING)
    assert curve["n_rows"].tolist() == [160, 320, 640, 1120, 1600]
    assert curve["log_loss"].iloc[0] > curve["log_loss"].iloc[-1]
    assert curve.iloc[-1][["share", "difference", "difference_low", "difference_high"]].tolist() == [1, 0, 0, 0]
    assert last_step(curve)["from_share"] == 0.7


def test_shares_with_too_few_positives_are_left_out_of_the_learning_curve():
    tables = parts(last_sign=1)
    train = tables["train"].sort_values(["label", "cutoff"], kind="stable").iloc[: 800 + 40]
    train = train.sort_values("cutoff", kind="stable", ignore_index=True)
    train.loc[train.groupby("cutoff").head(5).index, "label"] = 1
    model = champion_of(tables["train"])
    curve = learning_curve(model, train, tables["validation"], **RESAMPLING)
    assert (curve["n_positive"].iloc[:-1] >= 10).all()
    assert curve["share"].iloc[-1] == 1
    alone = curve.tail(1)
    assert "fewer than 10" in last_step(alone)["not_available"]
