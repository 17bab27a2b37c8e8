"""A file that cannot be used stops the stage with what is there, what was expected, and what to mend."""

import gzip

import duckdb
import pytest

from purchase.files import ParamsError
from purchase.intake.head import HEAD_BYTES
from purchase.tables import TableError
from tests.intake.shop_files import EVENTS, take, take_events, take_orders

REASON = {"reason": "some_reason"}
GOOD = "time,type,who\n2020-01-01,view,a\n"


def stop(folder, content, **source):
    """Return the message that taking in one file of events stops with; nothing else may be left of it."""
    with pytest.raises(TableError) as stopped:
        take_events(folder, content, **source)
    return str(stopped.value)


def test_a_missing_file_says_what_is_there_and_which_key_to_mend(tmp_path):
    with pytest.raises(TableError) as stopped:
        take(tmp_path, {"event.csv": GOOD}, {"events": {"files": "events.csv", "columns": EVENTS}})
    assert "raw/events.csv does not exist" in str(stopped.value)
    assert "['event.csv']. Did you mean 'event.csv'?" in str(stopped.value)
    assert "mend `files` of tables.events in shops/mine.yaml" in str(stopped.value)


def test_a_missing_folder_says_where_the_data_sets_are_found(tmp_path):
    with pytest.raises(TableError, match=r"raw/ does not exist.*docs/shops\.md"):
        take(tmp_path, {}, {"events": {"files": "events.csv", "columns": EVENTS}})


def test_the_files_of_dvc_beside_the_data_are_not_data(tmp_path):
    files = {"events.csv": GOOD, "events.csv.dvc": "outs:\n- md5: 0\n", ".gitignore": "/events.csv\n"}
    taken = take(tmp_path, files, {"events": {"files": "*", "columns": EVENTS}})
    assert taken.account["events"]["read"] == 1


def test_a_file_that_lies_there_packed_and_unpacked_is_not_read_twice(tmp_path):
    files = {"events.csv": GOOD, "events.csv.gz": gzip.compress(GOOD.encode())}
    with pytest.raises(TableError, match=r"lies beside events\.csv\.gz"):
        take(tmp_path, files, {"events": {"files": "events.csv*", "columns": EVENTS}})


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ("time,typ,who\n2020-01-01,view,a\n", {}),
        (b'{"time": "2020-01-01", "typ": "view", "who": "a"}\n', {"format": "jsonl"}),
    ],
)
def test_a_missing_column_says_what_is_there_and_the_nearest_name(tmp_path, content, keys):
    message = stop(tmp_path, content, **keys)
    assert "events.csv has no column 'type'" in message
    assert "`tables.events.columns.event_type in shops/mine.yaml`" in message
    assert "Did you mean 'typ'?" in message


def test_a_missing_column_of_a_parquet_file_is_named(tmp_path):
    duckdb.sql("SELECT '2020-01-01' AS time, 'view' AS kind").write_parquet(str(tmp_path / "made"))
    message = stop(tmp_path, (tmp_path / "made").read_bytes(), format="parquet")
    assert "no column 'type'" in message
    assert "it has ['time', 'kind']" in message


def test_a_column_that_only_a_rule_names_is_missed_too(tmp_path):
    with pytest.raises(TableError, match=r"no column 'kind', which `tables\.orders\.returns_when\.column"):
        take_orders(tmp_path, "order,who,time\n1,a,2020-01-01\n", returns_when={"column": "kind", "matches": "R"})


@pytest.mark.parametrize(("mark", "name"), [(";", "';'"), ("\t", "a tab"), ("|", "'|'")])
def test_a_wrong_delimiter_is_told_from_a_missing_column(tmp_path, mark, name):
    message = stop(tmp_path, GOOD.replace(",", mark))
    assert name in message
    assert "has 3 columns: set `delimiter`" in message


@pytest.mark.parametrize("content", ["", "\n\n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_called_empty(tmp_path, content):
    assert "events.csv is empty" in stop(tmp_path, content)


def test_a_header_alone_is_no_table(tmp_path):
    assert "no rows, only a header" in stop(tmp_path, "time,type,who\n")


def test_a_header_alone_is_fine_beside_files_with_rows(tmp_path):
    files = {"1.csv": "time,type,who\n", "2.csv": GOOD}
    assert take(tmp_path, files, {"events": {"files": "*.csv", "columns": EVENTS}}).account["events"]["read"] == 1


def test_a_binary_file_is_no_text(tmp_path):
    assert "is no text" in stop(tmp_path, b"PK\x03\x04\x00\x00\x08" + bytes(range(128)) * 10)


def test_a_text_file_is_no_parquet(tmp_path):
    assert "events.csv cannot be read" in stop(tmp_path, GOOD, format="parquet")


def test_a_file_that_breaks_off_while_unpacking_is_named(tmp_path):
    rows = "".join(f"2020-01-01,view,{row * 7919 % 10007}\n" for row in range(50_000))
    packed = gzip.compress(("time,type,who\n" + rows).encode())
    assert "events.csv cannot be" in stop(tmp_path, packed[: len(packed) // 2])
    assert "events.csv cannot be unpacked" in stop(tmp_path, packed[:100])


@pytest.mark.parametrize("line", [3, 20_003])
def test_bytes_that_are_not_utf_8_are_shown_with_their_line(tmp_path, line):
    rows = ["2020-01-01,view,a"] * 30_000
    rows[line - 2] = "2020-01-01,view,Müller"
    message = stop(tmp_path, ("time,type,who\n" + "\n".join(rows)).encode("latin-1"))
    assert f"events.csv, line {line}:" in message
    assert "is not utf-8" in message
    assert "set `encoding: latin-1` under tables.events in shops/mine.yaml" in message


def test_the_look_at_the_head_may_end_within_a_character(tmp_path):
    start = "time,type,who\n2020-01-01,view,"
    padding = "a" * (HEAD_BYTES - 1 - len(start))  # the first byte of the two of ü is the last that is looked at
    taken = take_events(tmp_path, f"{start}{padding}ü\n")
    assert taken.column("events", "customer_id") == [f"{padding}ü"]


def test_a_quote_that_is_never_closed_does_not_swallow_the_rows_after_it(tmp_path):
    content = 'time,type,who\n2020-01-01,view,a\n2020-01-01,view,"open\n2020-01-01,view,b\n2020-01-01,view,c\n'
    message = stop(tmp_path, content)
    assert "line 3" in message
    assert "quote: ''" in message
    assert take_events(tmp_path, content, quote="").column("events", "customer_id") == ["a", '"open', "b", "c"]


def test_mixed_line_ends_are_named(tmp_path):
    assert "some lines end in \\r\\n and some in \\n" in stop(tmp_path, "time,type,who\r\n2020-01-01,view,a\n")


def test_two_columns_of_one_name_are_refused(tmp_path):
    assert "more than one column 'who'" in stop(tmp_path, "time,type,who,who\n2020-01-01,view,a,b\n")


def test_times_none_of_which_can_be_read_stop_with_an_example_and_the_key(tmp_path):
    message = stop(tmp_path, "time,type,who\n01/02/2020,view,a\n02/02/2020,view,a\n,view,b\n")
    assert "no value of 'time' is a time by ['iso'], for instance '01/02/2020' (2 values)" in message
    assert "Mend `time` of tables.events in shops/mine.yaml" in message


def test_an_optional_column_none_of_which_can_be_read_stops_once_it_is_no_chance(tmp_path):
    def content(n_rows):
        return "time,type,who,price\n" + '2020-01-01,view,a,"1,50"\n' * n_rows

    columns = EVENTS | {"price_cents": "price"}
    message = stop(tmp_path, content(20), columns=columns)
    assert "no value of 'price' is an amount of money, for instance '1,50' (20 values). Mend `decimal`" in message
    assert take_events(tmp_path, content(19), columns=columns).account["events"]["blanked"] == {"price_cents": 19}


def test_a_table_of_which_every_row_is_rejected_stops_with_the_reasons(tmp_path):
    message = stop(tmp_path, "time,type,who\n2020-01-01,jump,a\n2020-01-01,hop,a\nnever,view,b\n2020-01-01\n")
    assert "every one of the 4 rows of events was rejected: unmapped_event_type 2, " in message
    assert "bad_event_at 1" in message
    assert "malformed_line 1" in message


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("tables.events.time='%Q'", {"time": ["%Q"]}),
        (
            "tables.events.reject_when.0.matches='('",
            {"reject_when": [{"column": "who", "matches": "(", "reason": "r"}]},
        ),
    ],
)
def test_a_pattern_that_cannot_be_read_is_named(tmp_path, key, keys):
    with pytest.raises(ParamsError) as stopped:
        take_events(tmp_path, GOOD, **keys)
    assert str(stopped.value).startswith(f"shops/mine.yaml: {key} cannot be used: ")
