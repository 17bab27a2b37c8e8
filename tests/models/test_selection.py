import numpy as np
import pandas as pd
import pytest

from purchase.models.folds import make_folds
from purchase.models.registry import family_module
from purchase.models.selection import Selection, to_features
from purchase.models.selection_effect import selection_effect, stability
from purchase.params import SETTINGS
from tests.models.feature_tables import QUICK, customer_table


def told(n_rows=1500, seed=0):
    """A number in a bell and a category that say who buys, and noise of all kinds between them."""
    draw = np.random.default_rng(seed)
    amount, country = draw.normal(size=n_rows), draw.choice(["de", "fr", "tr"], n_rows).astype(object)
    log_odds = 3 * (np.abs(amount) < 0.7) + 2.0 * (country == "de") - 2.5
    noise = {f"noise_{place}": draw.normal(size=n_rows) for place in range(4)}
    country[:50] = None
    table = pd.DataFrame(
        {"empty": np.nan, **noise, "amount": amount, "country": country, "city": draw.choice(5, n_rows)}
    )
    label = (draw.random(n_rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    return table.astype({"country": "str", "city": "str"}), label


X, Y = told()


@pytest.mark.parametrize("method", ["mutual_information", "shadow", "recursive"])
def test_what_tells_about_the_label_is_chosen_and_noise_is_not(method):
    chosen = Selection(method, None if method == "shadow" else 2, random_state=0).fit(X, Y)
    assert chosen.chosen_ == ["amount", "country"]
    assert list(chosen.transform(X.iloc[:, ::-1]).columns) == ["amount", "country"]


def test_where_nothing_tells_one_feature_is_left():
    shuffled = np.random.default_rng(1).permutation(Y)
    assert len(Selection("shadow", random_state=0).fit(X.drop(columns="empty"), shuffled).chosen_) == 1


def test_each_fold_chooses_by_the_rows_that_it_trains_on():
    table = customer_table()
    folds = make_folds(table, n_folds=2, horizon_days=30, seed=0)
    settings = SETTINGS["lightgbm"](**QUICK["lightgbm"], selection="mutual_information", n_selected=2)
    common = {"family": "lightgbm", "folds": folds, "seed": 0, "n_threads": 1}
    effect, _ = selection_effect(table, settings, **common)
    last = table["cutoff"] == table["cutoff"].max()
    flipped = table.assign(label=table["label"].where(~last, 1 - table["label"]))
    again, _ = selection_effect(flipped, settings, **common)
    assert effect["n_features"] == [2, 2]
    assert effect["chosen_in_all_folds"] == again["chosen_in_all_folds"]
    assert {"recency_days"} <= set(effect["chosen_in_all_folds"])
    assert effect["with"]["log_loss"] != effect["without"]["log_loss"]


def test_features_that_are_not_chosen_add_nothing_to_a_row():
    settings = SETTINGS["xgboost"](**QUICK["xgboost"], selection="shadow", n_crossed=2)
    pipeline = family_module("xgboost").build(settings, seed=0, n_threads=1).fit(X, Y)
    n_inputs = pipeline[:-1].transform(X.head(3)).shape[1]
    given = to_features(pipeline, np.ones((3, n_inputs)), X.head(3))
    assert given.sum(axis=1) == pytest.approx(n_inputs)
    assert (given > 0).all(axis=0).tolist() == [name in ("amount", "country") for name in X.columns]


def test_stability_is_that_of_a_table_worked_out_by_hand():
    # Three choices of four features: shares 1, 2/3, 1/3, 0, variances 0, 1/3, 1/3, 0, mean 1/6; of all, half.
    assert stability([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]]) == pytest.approx(1 - (1 / 6) / 0.25)
    assert stability([[1, 0], [1, 0]]) == 1
    assert stability([[1, 1], [1, 1]]) is None
