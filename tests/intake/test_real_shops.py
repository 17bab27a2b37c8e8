"""The public data sets come in whole: every row is accounted for, and its values are those of the file."""

import pytest

from purchase.engines.duckdb import connect
from purchase.intake.take_in import take_in
from purchase.shops import read_shop
from tests.intake.shop_files import Taken

FILES = {
    "online_retail": "online_retail.csv.gz",
    "online_shoppers": "online_shoppers_intention.csv",
    "rees46": "rees46_2019_oct_sample.csv.gz",
}


def taken(name, real_data, tmp_path):
    if not (real_data / FILES[name]).exists():
        pytest.skip(f"REAL_DATA holds no {FILES[name]}")
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / FILES[name]).symlink_to((real_data / FILES[name]).resolve())
    with connect(n_threads=2, memory_gb=1) as connection:
        yaml = f"shops/{name}.yaml"
        account = take_in(
            connection, read_shop(name), raw, tmp_path / "out", yaml=yaml, batch_rows=200_000, max_gap_days=30
        )
    return Taken(account, tmp_path / "out")


def test_online_retail_is_accounted_for(real_data, tmp_path):
    shop = taken("online_retail", real_data, tmp_path)
    account, orders = shop.account["orders"], shop["orders"]
    assert account["read"] == 541_909
    # 541,909 lines less those without customer or product, as counted in the file by hand
    assert account["rejected"] == {
        "total": 137_000,
        "by_reason": {"missing_customer_id": 134_050, "not_a_product": 2_950},
    }
    assert account["kept"] == len(orders) == 541_909 - 137_000
    first = orders.iloc[0]
    assert first["customer_id"] == "17850"
    assert first["ordered_at"] == 1_291_191_960  # 2010-12-01 08:26 in London
    assert (first["quantity"], first["unit_price_cents"]) == (6, 255)
    assert orders["is_return"].sum() == orders["order_id"].str.startswith("C").sum() > 8_000
    assert orders["quantity"].min() == 1


def test_online_shoppers_is_accounted_for(real_data, tmp_path):
    shop = taken("online_shoppers", real_data, tmp_path)
    sessions = shop["sessions"]
    assert shop.account["sessions"]["read"] == shop.account["sessions"]["kept"] == 12_330
    assert sessions["ordered"].sum() == 1_908  # 15.5 %
    assert len(sessions.columns) == 6 + 17
    assert not sessions.drop(columns=["customer_id", "started_at", "ended_at"]).isna().any(axis=None)


def test_a_sample_of_rees46_is_accounted_for(real_data, tmp_path):
    shop = taken("rees46", real_data, tmp_path)
    events = shop.account["events"]
    assert events["read"] == 17_435 == events["kept"] + events["rejected"]["total"]
    assert events["rejected"]["by_reason"] == {"malformed_line": 1}  # the sample breaks off within its last line
    assert shop.account["orders"]["derived"] == (shop["events"]["event_type"] == "purchase").sum()
    assert shop["events"]["event_at"].iloc[0] == 1_569_888_000


def test_the_public_format_of_retailrocket_is_read(tmp_path):
    rows = ["1433221332117,257597,view,355908,", "1433221999827,257597,addtocart,355908,"]
    rows += ["1433222276276,257597,transaction,355908,4000", "1433222276276,257597,transaction,15335,4000"]
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "events.csv").write_text("\n".join(["timestamp,visitorid,event,itemid,transactionid", *rows]))
    with connect(n_threads=1, memory_gb=1) as connection:
        shop = read_shop("retailrocket")
        account = take_in(connection, shop, raw, tmp_path / "out", yaml="y", batch_rows=1000, max_gap_days=30)
    shop = Taken(account, tmp_path / "out")
    assert shop.column("events", "event_at") == [1_433_221_332, 1_433_221_999, 1_433_222_276, 1_433_222_276]
    assert shop.column("events", "event_type") == ["view", "add_to_cart", "purchase", "purchase"]
    assert shop.column("orders", "order_id") == ["4000", "4000"]
    assert shop.column("orders", "product_id") == ["355908", "15335"]
    assert shop.column("orders", "unit_price_cents") == [None, None]
