import pandas as pd
import pytest

RAW = "data/raw/simulated"
PREDICT = ("-m", "purchase.predict")


def write_newcomers(clone, folder):
    """Raw files of what two people did whom nobody saw before, one of whom ordered, with the shop's columns."""
    folder.mkdir()
    for name, rows in NEW.items():
        columns = pd.read_csv(clone.folder / RAW / f"{name}.csv", nrows=0).columns
        pd.DataFrame(rows).reindex(columns=columns).to_csv(folder / f"{name}.csv", index=False)
    return folder


NEW = {
    "customers": [{"customer_id": "new1", "signed_up_at": "2026-04-01 10:00:00", "email": "a@b.c"}],
    "events": [
        {
            "event_time": f"2026-04-0{day} 10:00:00",
            "event_type": "view",
            "customer_id": customer,
            "session_id": f"s{customer}{day}",
            "product_id": "p0001",
            "category": "books",
            "price": "9.99",
            "device": "mobile",
            "traffic_source": "direct",
        }
        for customer in ("new1", "new2")
        for day in (1, 2, 3)
    ],
    "orders": [
        {
            "order_id": "o1",
            "customer_id": "new2",
            "ordered_at": "2026-04-03 10:05:00",
            "product_id": "p0001",
            "category": "books",
            "quantity": 1,
            "unit_price": "9.99",
            "discount": "0.00",
        }
    ],
}


def test_raw_files_scored_at_the_test_cutoff_get_the_propensities_of_the_pipeline(reproduced, tmp_path):
    expected = pd.read_parquet(reproduced.folder / "data/predictions/test.parquet").set_index("customer_id")
    day = pd.Timestamp(int(expected["cutoff"].iloc[0]), unit="s").date()
    out = tmp_path / "scores.parquet"
    reproduced.python(*PREDICT, RAW, str(out), "--at", str(day))
    found = pd.read_parquet(out).set_index("customer_id")
    assert sorted(found.index) == sorted(expected.index)
    assert (found["propensity"] - expected["propensity"]).abs().max() <= 5e-7  # written with six decimals
    assert found["propensity"].is_monotonic_decreasing
    targets = pd.read_csv(reproduced.folder / "data/insights/targets.csv").set_index("customer_id")
    assert (found["reason_1"] == targets["reason_1"].reindex(found.index)).mean() > 0.99


def test_customers_never_seen_before_get_an_answer_with_reasons(reproduced, tmp_path):
    folder, out = write_newcomers(reproduced, tmp_path / "raw"), tmp_path / "scores.csv"
    done = reproduced.python(*PREDICT, str(folder), str(out))
    found = pd.read_csv(out)
    assert sorted(found["customer_id"]) == ["new1", "new2"]
    assert found["propensity"].between(0, 1).all()
    assert found["reason_1"].notna().all()
    assert "missing for every row" in done.stderr  # nobody was sent an e-mail, for one


@pytest.mark.parametrize(
    ("spoil", "words", "says"),
    [
        ("events", (), "event_type"),
        ("", ("--at", "soon"), "--at 'soon' is no day. Write it like 2026-03-02."),
        ("", ("--at", "2031-01-01"), "no row is left to score"),
    ],
)
def test_what_cannot_be_scored_is_one_message_with_its_mend(reproduced, tmp_path, spoil, words, says):
    folder = write_newcomers(reproduced, tmp_path / "raw")
    if spoil:
        table = pd.read_csv(folder / f"{spoil}.csv")
        table.drop(columns="event_type").to_csv(folder / f"{spoil}.csv", index=False)
    done = reproduced.python(*PREDICT, str(folder), str(tmp_path / "scores.csv"), *words, check=False)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "scores.csv").exists()


def test_an_out_of_another_format_is_refused_before_anything_is_read(reproduced, tmp_path):
    done = reproduced.python(*PREDICT, RAW, str(tmp_path / "scores.xlsx"), check=False)
    assert done.returncode == 1
    assert "ends in neither of .csv, .parquet" in done.stderr
