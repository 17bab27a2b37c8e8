import numpy as np
import pandas as pd
import pytest

from purchase.shops import read_shop
from purchase.tables import EVENT_TYPES


@pytest.fixture(scope="module")
def events(clean):
    return clean.events.assign(at=clean.events["event_time"].astype("datetime64[s]"))


@pytest.fixture(scope="module")
def orders(clean):
    return clean.orders.assign(at=clean.orders["ordered_at"].astype("datetime64[s]"))


def test_the_shops_yaml_names_columns_that_the_files_have(clean):
    shop = read_shop("simulated")
    assert set(shop.tables) == {"customers", "events", "orders"}
    for source in shop.tables.values():
        header = pd.read_csv(clean.raw / source.files, nrows=0).columns
        assert set(source.columns.values()) <= set(header)
        for match in (source.test_when, source.returns_when):
            assert match is None or match.column in header


def test_clean_rows_are_in_order_of_time_within_the_export(clean, events, orders):
    start = pd.Timestamp(clean.params.start)
    for table in (events, orders):
        assert table["at"].is_monotonic_increasing
        assert table["at"].min() >= start
        assert table["at"].max() < start + pd.Timedelta(days=clean.params.n_days)
    assert set(events["event_type"]) == set(EVENT_TYPES)


def test_clean_tables_hold_no_row_twice_and_no_action_twice_within_two_seconds(clean, events):
    assert not clean.customers["customer_id"].duplicated().any()
    assert not clean.events.duplicated().any()
    assert not clean.orders.duplicated().any()
    action = ["session_id", "event_type", "product_id"]
    same = events.dropna(subset="session_id").sort_values([*action, "at"], kind="stable")
    again = same[action].eq(same[action].shift()).all(axis=1)
    assert (same["at"].diff()[again] > pd.Timedelta(seconds=2)).all()


def test_clean_customers_are_all_known_and_act_only_after_they_signed_up(clean, events, orders):
    signed_up = clean.customers.set_index("customer_id")["signed_up_at"].astype("datetime64[s]")
    for table in (events, orders):
        named = table.dropna(subset="customer_id")
        assert (named["at"] >= named["customer_id"].map(signed_up)).all()
    assert (clean.customers[["birth_year", "gender", "country", "email_consent", "loyalty_tier"]].notna()).all(
        axis=None
    )


def test_customers_do_nothing_after_they_dropped_out(clean, events):
    dropped = events["customer_id"].map(clean.traits.set_index("customer_id")["dropped_out_at"].astype("datetime64[s]"))
    by_the_shop = events["event_type"].isin(["email_sent", "email_held_out"])
    assert (events["at"] < dropped)[dropped.notna() & ~by_the_shop].all()
    assert (events["at"] > dropped)[by_the_shop].any()  # the shop does not know, and writes on


def test_a_session_stays_within_a_day_and_pauses_less_than_half_an_hour(events):
    sessions = events.dropna(subset="session_id").sort_values(["session_id", "at"], kind="stable")
    day = sessions["at"].dt.date.groupby(sessions["session_id"]).nunique()
    assert (day == 1).all()
    pause = sessions["at"].diff()[sessions["session_id"].eq(sessions["session_id"].shift())]
    assert pause.max() < pd.Timedelta(minutes=30)


def test_a_product_is_viewed_before_it_goes_into_the_cart_and_put_in_before_it_is_taken_out(events):
    keys = ["session_id", "product_id"]
    first = {kind: table.groupby(keys)["at"].min() for kind, table in events.groupby("event_type")}
    for earlier, later in (("view", "add_to_cart"), ("view", "wishlist"), ("add_to_cart", "remove_from_cart")):
        both = pd.concat([first[earlier].rename("earlier"), first[later].rename("later")], axis=1)
        both = both.dropna(subset="later")
        assert (both["earlier"] < both["later"]).all()


def test_a_purchase_ends_its_session_after_a_checkout_by_the_customer_who_orders(events, orders):
    sessions = events.dropna(subset="session_id").groupby("session_id")
    purchases = events[events["event_type"] == "purchase"].set_index("session_id")
    assert purchases.index.is_unique
    assert (purchases["at"] == sessions["at"].max()[purchases.index]).all()
    assert set(purchases.index) <= set(events.loc[events["event_type"] == "checkout", "session_id"])
    bought = orders[orders["status"] == "completed"].drop_duplicates("order_id").set_index("order_id")
    purchases = purchases.set_index("order_id").sort_index()
    assert purchases.index.equals(bought.sort_index().index)
    both = bought.sort_index()
    assert (both["at"] == purchases["at"]).all()
    assert both["customer_id"].fillna("").equals(purchases["customer_id"].fillna(""))


def test_an_order_holds_what_is_left_in_the_cart_each_product_once_at_the_price_shown(events, orders):
    bought = orders[orders["status"] == "completed"]
    assert not bought.duplicated(["order_id", "product_id"]).any()
    keys = ["session_id", "product_id"]
    session = events[events["event_type"] == "purchase"].set_index("order_id")["session_id"]
    bought = bought.assign(session_id=bought["order_id"].map(session)).set_index(keys)
    put_in = events["event_type"].map({"add_to_cart": 1, "remove_from_cart": -1}).fillna(0)
    left = put_in[events["session_id"].isin(session)].groupby([events[key] for key in keys]).sum()
    assert set(left.index[left > 0]) == set(bought.index)
    shown = events[events["event_type"] == "add_to_cart"].groupby(keys)["price"].first()
    assert np.array_equal(shown[bought.index].to_numpy(), bought["unit_price"].to_numpy())
    assert (bought["discount"] < bought["unit_price"] * bought["quantity"]).all()


def test_goods_come_back_later_no_more_than_were_bought(orders):
    keys = ["order_id", "product_id"]
    back = orders[orders["status"] == "returned"].set_index(keys)
    sold = orders[orders["status"] == "completed"].set_index(keys).loc[back.index]
    assert len(back) > 100
    assert back.index.is_unique
    assert (back["at"] > sold["at"]).all()
    assert (back["quantity"] <= sold["quantity"]).all()
    assert (back["discount"] <= sold["discount"]).all()
    for column in ("customer_id", "unit_price", "category"):
        assert back[column].astype(str).equals(sold[column].astype(str))


def test_a_click_follows_its_opening_and_starts_a_session_from_the_email(events):
    kinds = {
        kind: table.set_index(["customer_id", "campaign_id"])["at"] for kind, table in events.groupby("event_type")
    }
    assert (kinds["email_open"] > kinds["email_sent"][kinds["email_open"].index]).all()
    clicks = kinds["email_click"]
    assert (clicks > kinds["email_open"][clicks.index]).all()
    visits = (
        events[events["traffic_source"] == "email"].groupby("session_id").agg({"customer_id": "first", "at": "min"})
    )
    assert visits["customer_id"].notna().all()
    started = set(zip(visits["customer_id"], visits["at"] - pd.Timedelta(seconds=2), strict=True))
    assert started == set(zip(clicks.index.get_level_values(0), clicks, strict=True))


def test_the_hold_out_is_drawn_at_random_at_its_share_of_the_consenting(clean, events):
    """No trait tells the held out from the e-mailed; both have agreed to promotions."""
    promoted = events[events["event_type"].isin(["email_sent", "email_held_out"])]
    consent = clean.customers.set_index("customer_id")["email_consent"]
    assert promoted["customer_id"].map(consent).all()
    assert not promoted.duplicated(["customer_id", "campaign_id"]).any()
    held = (promoted["event_type"] == "email_held_out").to_numpy()
    share, error = held.mean(), np.sqrt(0.15 * 0.85 / len(held))
    assert abs(share - clean.params.holdout) < 4 * error
    traits = clean.traits.set_index("customer_id").loc[promoted["customer_id"]]
    for name in ("visits_per_day", "conversion_logit", "needs_per_day", "price_sensitivity", "dropped_out_at"):
        ranks = traits[name].rank().to_numpy()
        difference = ranks[held].mean() - ranks[~held].mean()
        assert abs(difference) < 4 * ranks.std() * np.sqrt(1 / held.sum() + 1 / (~held).sum())
