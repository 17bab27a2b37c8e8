"""Times outside the shop's dates, or beyond a long gap with almost nothing behind it, are broken clocks."""

from collections import Counter

from purchase.intake.bounds import find_bounds
from purchase.shops import Dates
from tests.intake.shop_files import take

DAY = 86_400


def bounds(days, *, start=None, end=None, zone="UTC", max_gap_days=30):
    days = {table: Counter(counts) for table, counts in days.items()}
    return find_bounds(days, dates=Dates(start=start, end=end), time_zone=zone, max_gap_days=max_gap_days)


def test_a_few_rows_behind_a_long_gap_are_cut_off():
    found = bounds({"events": {0: 1, 18_000: 100, 18_001: 99, 18_100: 1, 25_000: 1}})
    assert (found.start, found.end) == (18_000 * DAY, 18_002 * DAY)
    assert found.last == 18_002 * DAY


def test_more_than_one_in_a_hundred_behind_a_gap_is_a_pause_of_the_shop():
    assert bounds({"events": {100: 98, 200: 1, 300: 1}}).end == 201 * DAY
    assert bounds({"events": {100: 97, 200: 1, 300: 2}}).end is None


def test_a_gap_of_just_max_gap_days_is_none():
    assert bounds({"events": {100: 1000, 130: 1}}).end is None
    assert bounds({"events": {100: 1000, 131: 1}}).end == 101 * DAY


def test_a_gap_in_one_table_that_another_fills_is_none():
    assert bounds({"events": {100: 1000, 200: 1}, "orders": dict.fromkeys(range(90, 210), 1)}).end is None


def test_a_short_log_does_not_cut_off_the_orders_before_it():
    assert bounds({"events": {500: 1_000_000}, "orders": {100: 50, 500: 50}}).start is None


def test_the_yamls_dates_go_before_the_gaps_and_begin_at_midnight_of_the_shop():
    found = bounds({"events": {18_000: 100, 25_000: 1}}, start="2020-07-01", end="2021-01-01", zone="Europe/London")
    assert found.start == 1_593_558_000  # 2020-06-30 23:00 UTC
    assert found.end == found.last == 1_609_459_200


def test_rows_beyond_the_bounds_are_rejected_and_sign_ups_after_them_blanked(tmp_path):
    days = "".join(f"2020-01-{1 + row % 28:02} 10:00:00,view\n" for row in range(300))
    files = {
        "e.csv": "time,type\n1970-01-01 00:00:03,view\n" + days + "2031-05-05,view\n9999-12-31,view\nnever,view\n",
        "c.csv": "id,joined\n1,2011-01-01\n2,2020-01-28 23:59:59\n3,2020-01-29\n",
    }
    events = {"files": "e.csv", "columns": {"event_at": "time", "event_type": "type"}}
    customers = {"files": "c.csv", "columns": {"customer_id": "id", "signed_up_at": "joined"}}
    taken = take(tmp_path, files, {"customers": customers, "events": events})
    assert taken.reasons == ["before_the_start", "after_the_end", "after_the_end", "bad_event_at"]
    assert taken.column("rejected", "value")[1:] == ["2031-05-05", "9999-12-31", "never"]
    assert len(taken["events"]) == 300
    assert taken["customers"]["signed_up_at"].isna().tolist() == [False, False, True]
    assert taken["blanked"].values.tolist() == [["customers", 3, "signed_up_at", "2020-01-29", "after_the_end"]]


def test_dates_of_the_yaml_bound_the_orders(tmp_path):
    files = {"o.csv": "t,x\n2020-01-01,\n2020-01-02 00:00:00,\n2020-01-03,\n"}
    orders = {"files": "o.csv", "columns": {"ordered_at": "t"}}
    taken = take(tmp_path, files, {"orders": orders}, dates={"start": "2020-01-02", "end": "2020-01-03"})
    assert taken.reasons == ["before_the_start", "after_the_end"]
    assert taken.account["orders"]["kept"] == 1
