import numpy as np
import pandas as pd
import pytest

from purchase.insights.clusters import OTHERWISE, action, cluster_part, habits_of, in_words
from purchase.insights.movement import GONE, NEW, movement_part
from purchase.insights.parts import NotAvailable
from purchase.insights.segments import NO_ORDER
from purchase.tables import DAY

CUTOFF = 1_700_000_000
SETTINGS = {"seed": 0, "interval": 0.9}


def three_kinds(n_each=200, seed=0):
    """Buyers who visit, visitors who do not buy, and the gone; the first order, the others never."""
    rng = np.random.default_rng(seed)
    kind = np.repeat([0, 1, 2], n_each)
    table = pd.DataFrame(
        {
            "days_since_event": np.where(kind == 2, rng.uniform(100, 180, kind.size), rng.uniform(0, 10, kind.size)),
            "n_view_halved_30d": np.where(kind == 2, 0, rng.uniform(5, 20, kind.size)),
            "n_orders_180d": np.where(kind == 0, rng.integers(2, 9, kind.size), 0),
            "mobile_share": np.nan,
        }
    )
    scored = pd.DataFrame(
        {"label": (kind == 0).astype("int8"), "propensity": [0.3, 0.1, 0.01] @ (kind == [[0], [1], [2]])}
    )
    return table, scored, kind


def test_kinds_that_lie_apart_are_found_again_on_every_half_and_numbered_by_their_propensity():
    features, scored, kind = three_kinds()
    part, clusters = cluster_part(features, scored, **SETTINGS)
    table = part.tables["clusters"]
    assert part.numbers["stability_by_number"]["3"] > 0.95
    assert part.numbers["stability"]["mean"] >= 0.9
    assert table["mean_propensity"].is_monotonic_decreasing
    assert table["n_customers"].sum() == 600
    assert table["n_ordered"].sum() == 200
    assert {tuple(np.unique(kind[clusters == number])) for number in table["cluster"]} == {(0,), (1,), (2,)}
    assert "more orders" in table["apart"].iloc[0]
    assert "less recent visits" in table["apart"].iloc[-1]


def test_clusters_are_the_same_a_second_time():
    features, scored, _ = three_kinds()
    first, second = (cluster_part(features, scored, **SETTINGS) for _ in range(2))
    assert first[0].numbers == second[0].numbers
    assert (first[1] == second[1]).all()


def test_without_prices_clusters_have_no_revenue():
    features, scored, _ = three_kinds()
    assert "expected_revenue_cents" not in cluster_part(features, scored, **SETTINGS)[0].tables["clusters"]
    priced = cluster_part(features, scored.assign(expected_value_cents=1000), **SETTINGS)[0].tables["clusters"]
    assert priced["expected_revenue_cents"].sum() == round((scored["propensity"] * 1000).sum())


def test_habits_that_nobody_differs_in_do_not_count_and_too_few_make_no_clusters():
    features, scored, _ = three_kinds()
    assert "mobile visits" not in habits_of(features)
    with pytest.raises(NotAvailable, match="600 customers and 2 habits that differ"):
        cluster_part(features.drop(columns="n_orders_180d"), scored, **SETTINGS)
    with pytest.raises(NotAvailable, match="99 customers"):
        cluster_part(features.head(99), scored.head(99), **SETTINGS)


def test_words_and_action_follow_the_strongest_habit():
    row = pd.Series({"carts": 0.6, "views": 0.3, "e-mail reading": -0.2, "orders": 0.05})
    assert in_words(row) == "more carts, more views"
    assert "what is in the cart" in action(row)
    assert in_words(row * 0) == "like all others"
    assert action(row * 0) == OTHERWISE


def test_who_came_who_left_and_who_moved_adds_up_to_everybody():
    orders = pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": CUTOFF + 10 * DAY, "revenue_cents": 100.0})
    before = pd.DataFrame({"customer_id": ["a", "b", "c"], "cutoff": CUTOFF})
    after = pd.DataFrame({"customer_id": ["a", "b", "d"], "cutoff": CUTOFF + 30 * DAY})
    part = movement_part(orders, before, after)
    table = part.tables["movement"].set_index(["before", "after"])["n_customers"]
    assert table.loc[(NO_ORDER, GONE)] == table.loc[(NEW, NO_ORDER)] == 1
    assert table.drop(index=[(NO_ORDER, GONE), (NEW, NO_ORDER)]).sum() == 2  # a and b ordered in between
    assert part.numbers["n_stayed"] == 0
    assert part.numbers["n_customers"] == 4
