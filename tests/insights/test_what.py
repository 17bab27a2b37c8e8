import numpy as np
import pandas as pd
import pytest

from purchase.insights.candidates import FEATURES, MOST_OWN, N_POPULAR, candidates, goods_at
from purchase.insights.parts import NotAvailable
from purchase.insights.ranking import hits_at, in_order
from purchase.insights.what import Shelf, what_part
from purchase.tables import DAY

START, N_DAYS = 1_700_000_000 // DAY * DAY, 150
CUTOFFS = [START + days * DAY for days in (60, 90, 120)]
DAYS = {"horizon_days": 30, "lookback_days": 100}
NO_VIEWS = {"customer_id": str, "product_id": str, "category": str, "price_cents": float}
NO_VIEWS |= {"n_views": "int64", "n_carts": "int64", "last_at": "int64"}


def seen_nothing(cutoff, customers):
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in NO_VIEWS.items()})


def loyal_shop(n_customers=120, seed=0):
    """Every customer orders one of three products of their own once in ten days; p0 is bought by all, once."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_customers), N_DAYS // 10)
    product = 1 + 3 * owner + rng.integers(0, 3, len(owner))
    times = rng.integers(0, N_DAYS * DAY, len(owner))
    lines = pd.DataFrame({"customer_id": owner, "product_id": product, "ordered_at": times})
    first = pd.DataFrame({"customer_id": np.arange(n_customers), "product_id": 0, "ordered_at": 40 * DAY})
    lines = pd.concat([lines, first], ignore_index=True)
    lines["customer_id"] = "c" + lines["customer_id"].astype(str).str.zfill(3)
    lines["product_id"] = "p" + lines["product_id"].astype(str)
    lines["category"] = np.where(lines["product_id"] == "p0", "gift", "own")
    return lines.assign(ordered_at=lines["ordered_at"] + START, unit_price_cents=100.0)


def part_of(lines, *, targets=("c000",), **changes):
    shelf = Shelf(lines, seen_nothing, **DAYS)
    rows = lines[["customer_id"]].drop_duplicates().merge(pd.DataFrame({"cutoff": CUTOFFS}), how="cross")
    settings = {"seed": 0, "n_threads": 1, "n_bootstrap": 50, "interval": 0.9} | changes
    return what_part(shelf, rows, CUTOFFS, np.array(targets), **settings)


def test_recall_and_average_precision_worked_out_by_hand():
    ranked = pd.DataFrame({"customer_id": ["a"] * 3, "product_id": ["x", "y", "z"], "rank": [0, 1, 2]})
    truth = pd.DataFrame({"customer_id": ["a", "a", "b"], "product_id": ["x", "z", "x"]})
    # a: hits at places 1 and 3 of 2 wanted: (1/1 + 2/3) / 2; cut after 1: 1 of 2 found, and one place can hold one hit.
    np.testing.assert_allclose(hits_at(ranked, truth, 5), [[1, (1 + 2 / 3) / 2], [0, 0]])
    np.testing.assert_allclose(hits_at(ranked, truth, 1), [[0.5, 1], [0, 0]])


def test_equal_scores_are_ordered_by_the_item():
    table = pd.DataFrame({"customer_id": ["a"] * 3, "product_id": ["z", "x", "y"]})
    assert in_order(table, [1, 1, 2])["product_id"].tolist() == ["y", "x", "z"]


def test_candidates_do_not_change_when_the_future_does():
    lines, cutoff = loyal_shop(), CUTOFFS[1]
    tables = []
    for known in (lines, lines[lines["ordered_at"] < cutoff]):
        goods = goods_at(known, seen_nothing(0, 0), cutoff=cutoff, **DAYS)
        tables.append(candidates(["c000", "c001"], known, seen_nothing(0, 0), goods, cutoff=cutoff))
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["customer_id"].value_counts().max() <= MOST_OWN + N_POPULAR + 30


def test_what_a_customer_looked_at_is_a_candidate_described_by_it():
    lines, cutoff = loyal_shop(), CUTOFFS[1]
    seen = pd.DataFrame({"customer_id": ["c000"], "product_id": ["new"], "category": ["own"], "price_cents": [200.0]})
    seen = seen.assign(n_views=3, n_carts=1, last_at=cutoff - 2 * DAY)
    goods = goods_at(lines, seen, cutoff=cutoff, **DAYS)
    table = candidates(["c000"], lines, seen, goods, cutoff=cutoff).set_index("product_id")
    assert table.loc["new", ["n_views", "n_carts", "days_since_seen", "n_bought"]].tolist() == [3, 1, 2, 0]
    assert np.isnan(table.loc["new", "days_since_bought"])
    assert table.loc["p0", "days_since_bought"] == 50
    assert list(table.columns[2:]) == FEATURES


def test_of_customers_who_buy_their_own_again_the_ranker_learns_it_and_beats_popularity():
    lines = loyal_shop()
    part, told = part_of(lines, targets=lines["customer_id"].unique())
    items = part.tables["next_items"].set_index(["what", "of_what", "ranking", "k"])
    ranker, popular = (items.loc[("products", "all", name, 5)] for name in ("ranker", "popularity"))
    assert ranker["recall"] > 0.95  # a few buy one of their three for the first time
    assert popular["recall"] < 0.2
    assert popular["recall_ahead_low"] > 0.5
    assert set(told.loc["c000", "next_products_again"].split("; ")) >= {"p1", "p2", "p3"}
    first, last = (told["next_products_again"].str.split("; ").str[place] for place in (0, -1))
    assert (first == "p0").mean() < (last == "p0").mean()  # which everybody bought once, and nobody again
    assert "p1" not in told.loc["c000", "next_products_new"].split("; ")
    assert told.loc["c000", "next_categories"].startswith("own")


def test_the_part_is_the_same_a_second_time_and_in_any_order_of_the_lines():
    lines = loyal_shop()
    (one, told), (other, told_again) = part_of(lines), part_of(lines.sample(frac=1, random_state=1, ignore_index=True))
    pd.testing.assert_frame_equal(one.tables["next_items"], other.tables["next_items"])
    pd.testing.assert_frame_equal(told, told_again)


def test_a_shop_without_categories_says_so_and_has_no_list_of_them():
    part, told = part_of(loyal_shop().assign(category=None))
    assert set(part.tables["next_items"]["what"]) == {"products"}
    assert "no categories" in part.numbers["categories"]
    assert told["next_categories"].isna().all()


def test_where_nobody_is_to_be_contacted_nobody_is_told_anything():
    part, told = part_of(loyal_shop(), targets=())
    assert len(part.tables["next_items"])
    assert len(told) == part.numbers["n_told"] == 0


def test_orders_without_products_or_too_few_buyers_make_no_part():
    lines = loyal_shop()
    with pytest.raises(NotAvailable, match="name no products"):
        part_of(lines.assign(product_id=None))
    with pytest.raises(NotAvailable, match="4 customers bought in the horizons"):
        part_of(lines[lines["customer_id"].isin(["c000", "c001"])])
