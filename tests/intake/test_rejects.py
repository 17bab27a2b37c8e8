"""Every row that is read is kept, or rejected with its reason and its source."""

import csv
import io
import json
import tempfile
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake.shop_files import take, take_events, take_orders


def test_lines_with_too_many_or_too_few_values_are_rejected_at_their_row(tmp_path):
    taken = take_events(
        tmp_path, "time,type,who\n2020-01-01,view,a\n2020-01-01,view\n2020-01-02,view,b\n2020-01-02,view,c,d\n"
    )
    assert taken.column("events", "row") == [1, 3]
    rejected = taken["rejected"].drop(columns=["column", "value"]).values.tolist()
    assert rejected == [
        ["events", "events.csv", 2, "malformed_line", '{"line": "2020-01-01,view"}'],
        ["events", "events.csv", 4, "malformed_line", '{"line": "2020-01-02,view,c,d"}'],
    ]


def test_blank_lines_are_no_rows_and_row_numbers_stay_unique(tmp_path):
    content = "time,type,who\n2020-01-01,view,a\n\n\n2020-01-01,view\n2020-01-02,view,b\n\n"
    taken = take(
        tmp_path,
        {"1.csv": content, "2.csv": content},
        {"events": {"files": "*.csv", "columns": {"event_at": "time", "event_type": "type"}}},
    )
    assert taken.account["events"]["read"] == 6
    assert taken.column("events", "row") == [1, 2, 4, 5]
    assert taken.column("rejected", "row") == [3, 3]


def test_json_lines_that_are_no_records_are_rejected(tmp_path):
    lines = ['{"time": "2020-01-01", "type": "view"}', "not json", "[1, 2]", '{"time": "2020', "", '{"type": "view"}']
    source = {"files": "e.jsonl", "format": "jsonl", "columns": {"event_at": "time", "event_type": "type"}}
    taken = take(tmp_path, {"e.jsonl": "\n".join(lines)}, {"events": source})
    assert taken.account["events"]["read"] == 5
    assert taken.reasons == ["malformed_line"] * 3 + ["missing_event_at"]
    assert taken.records == [{"line": line} for line in lines[1:4]] + [{"type": "view"}]


def test_a_row_is_given_the_first_of_its_reasons(tmp_path):
    content = (
        "order,who,time,code,n\n"
        ",,never,POST,0\n"
        ",,never,A,0\n"
        ",a,never,A,0\n"
        "1,a,never,A,0\n"
        "1,a,2020-01-01,A,0\n"
        "1,a,2020-01-01,A,2\n"
    )
    taken = take_orders(
        tmp_path,
        content,
        columns={"product_id": "code", "quantity": "n"},
        missing_customer="reject",
        reject_when=[{"column": "code", "matches": "^POST$", "reason": "not_a_product"}],
    )
    assert taken.rejects("reason", "column", "value") == [
        ["not_a_product", "code", "POST"],
        ["missing_customer_id", "who", None],
        ["missing_order_id", "order", None],
        ["bad_ordered_at", "time", "never"],
        ["impossible_quantity", "n", "0"],
    ]
    assert taken.account["orders"]["kept"] == 1


def test_rows_are_numbered_in_their_file_when_rejected_and_over_all_files_when_kept(tmp_path):
    files = {"a.csv": "time,type\n2020-01-01,view\nnever,view\n", "b/a.csv": "time,type\nnever,view\n2020-01-01,view\n"}
    source = {"files": "**/a.csv", "columns": {"event_at": "time", "event_type": "type"}}
    taken = take(tmp_path, files, {"events": source})
    assert taken.column("events", "row") == [1, 4]
    assert taken["rejected"][["file", "row"]].values.tolist() == [["a.csv", 2], ["b/a.csv", 1]]


def test_a_missing_value_of_an_optional_column_costs_nothing_and_a_bad_one_only_itself(tmp_path):
    content = (
        "time,type,who,price\n2020-01-01,view,a,1.10\n2020-01-01,view,,-3\n2020-01-01,view,b,free\n2020-01-01,view,c,\n"
    )
    taken = take_events(tmp_path, content, columns=EVENT_COLUMNS | {"price_cents": "price"})
    assert taken.column("events", "price_cents") == [110, None, None, None]
    assert taken.column("events", "customer_id") == ["a", None, "b", "c"]
    assert taken["blanked"].values.tolist() == [
        ["events", 2, "price_cents", "-3", "impossible_price_cents"],
        ["events", 3, "price_cents", "free", "bad_price_cents"],
    ]


EVENT_COLUMNS = {"event_at": "time", "event_type": "type", "customer_id": "who"}
NAMES = ["time", "type", "who", "price", "note"]
# Without a lone carriage return, which a CSV writer leaves unquoted and a reader takes for the end of a line.
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]) | st.sampled_from(" \t\n\"',;{")
WORDS = st.text(LETTERS, max_size=6)
GOOD = st.tuples(
    st.sampled_from(["2020-01-01", "2020-01-02 10:00:00", "1577880000", "never", ""]),
    st.sampled_from(["view", "purchase", "cart", "jump", ""]),
    st.sampled_from(["a", "17850.0", ""]),
    st.sampled_from(["1.5", "-2", "free", ""]),
    WORDS,
)
MALFORMED = st.sampled_from([("2020-01-01",), ("2020-01-01", "view", "a", "1", "n", "more"), ("x", "y")])


@given(st.lists(GOOD | GOOD | GOOD | MALFORMED, min_size=1, max_size=30), st.sampled_from([",", ";", "\t"]))
@settings(max_examples=20, deadline=None)
def test_rows_read_are_rows_kept_plus_rows_rejected_and_every_rejected_row_equals_its_source(rows, delimiter):
    rows = [("2020-01-01", "view", "a", "", ""), *rows]  # one good row, for a table of none stops the stage
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([NAMES, *rows])
    with tempfile.TemporaryDirectory() as folder:
        source = {
            "files": "e.csv",
            "delimiter": delimiter,
            "columns": EVENT_COLUMNS | {"price_cents": "price", "category": "note"},
            "time": ["iso", "epoch_s"],
            "values": {"event_type": {"cart": "add_to_cart"}},
            "missing_customer": "reject",
        }
        taken = take(folder, {"e.csv": text.getvalue()}, {"events": source})
        kept, rejected, records = taken["events"], taken["rejected"], taken.records
    account = taken.account["events"]
    assert account["read"] == len(rows) == account["kept"] + account["rejected"]["total"]
    assert account["kept"] == len(kept)
    assert account["rejected"]["by_reason"] == Counter(rejected["reason"])
    assert sorted([*kept["row"], *rejected["row"]]) == list(range(1, len(rows) + 1))
    for row, reason, record in zip(rejected["row"], rejected["reason"], records, strict=True):
        if reason == "malformed_line":
            line = io.StringIO(newline="")
            csv.writer(line, delimiter=delimiter, lineterminator="").writerow(rows[row - 1])
            assert record == {"line": line.getvalue()}
        else:
            assert [value or "" for value in record.values()] == list(rows[row - 1])
    for row, category in zip(kept["row"], kept["category"], strict=True):
        note = rows[row - 1][4].strip(" ")
        assert json.dumps(note or None) == json.dumps(category if isinstance(category, str) else None)
