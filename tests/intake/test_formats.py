"""The same rows give the same tables, however a shop writes them down."""

import gzip
import json

import duckdb
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tests.intake.shop_files import EVENTS, take

NAMES = ["time", "type", "who", "note", "price"]
ROWS = [
    ["2020-01-01 10:00:00", "view", "a", 'says "hello", twice', "1.50"],
    ["2020-01-01 10:00:01", "purchase", "b", "two\nlines", "20"],
    ["2020-01-02 10:00:00", "view", None, "ümlaut", None],
]
COLUMNS = EVENTS | {"category": "note", "price_cents": "price"}


def as_csv(rows, *, delimiter=",", names=NAMES, end="\n"):
    def cell(value):
        return "" if value is None else '"' + value.replace('"', '""') + '"'

    lines = [delimiter.join(names)] if names else []
    return end.join(lines + [delimiter.join(map(cell, row)) for row in rows]) + end


def as_jsonl(rows):
    return "".join(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in rows)


def as_parquet(rows, path):
    frame = pd.DataFrame(rows, columns=NAMES)
    frame["time"] = pd.to_datetime(frame["time"])
    frame["price"] = frame["price"].astype(float)
    duckdb.connect().from_df(frame).write_parquet(str(path))
    return path.read_bytes()


def written(how, folder):
    """Return the files and the keys of the YAML for one way to write the rows down."""
    return {
        "csv": ({"e.csv": as_csv(ROWS)}, {}),
        "crlf and byte order mark": ({"e.csv": "\ufeff" + as_csv(ROWS, end="\r\n")}, {}),
        "tsv": ({"e.tsv": as_csv(ROWS, delimiter="\t")}, {"delimiter": "\t"}),
        "semicolons": ({"e.csv": as_csv(ROWS, delimiter=";")}, {"delimiter": ";"}),
        "no header": (
            {"e.csv": as_csv(ROWS, names=None)},
            {
                "header": False,
                "columns": {name: f"column{NAMES.index(column)}" for name, column in COLUMNS.items()},
            },
        ),
        "gzip": ({"e.csv.gz": gzip.compress(as_csv(ROWS).encode())}, {}),
        "gzip by another name": ({"e.dat": gzip.compress(as_csv(ROWS).encode())}, {}),
        "latin-1": ({"e.csv": as_csv(ROWS).encode("latin-1")}, {"encoding": "latin-1"}),
        "glob": ({"2/e.csv": as_csv(ROWS[2:]), "1/e.csv": as_csv(ROWS[:2])}, {"files": "*/e.csv"}),
        "jsonl": ({"e.jsonl": as_jsonl(ROWS)}, {"format": "jsonl"}),
        "jsonl, gzip": ({"e.jsonl.gz": gzip.compress(as_jsonl(ROWS).encode())}, {"format": "jsonl"}),
        "parquet": ({"e.parquet": as_parquet(ROWS, folder / "made")}, {"format": "parquet"}),
    }[how]


WAYS = (
    "crlf and byte order mark|tsv|semicolons|no header|gzip|gzip by another name|latin-1|glob|jsonl|jsonl, gzip|parquet"
)


@pytest.mark.parametrize("how", WAYS.split("|"))
def test_every_way_to_write_a_table_down_gives_the_same_tables(tmp_path, how):
    def taken(way):
        files, keys = written(way, tmp_path)
        source = {"files": next(iter(files)), "columns": COLUMNS} | keys
        return take(tmp_path / way, files, {"events": source})

    plain, other = taken("csv"), taken(how)
    assert plain.account["events"]["kept"] == 3
    assert plain.column("events", "category") == ['says "hello", twice', "two\nlines", "ümlaut"]
    assert plain.column("events", "price_cents") == [150, 2000, None]
    for table in ("events", "orders", "rejected", "blanked"):
        assert_frame_equal(other[table], plain[table])
    assert other.account == plain.account


def test_columns_are_found_by_name_in_each_file_of_a_glob(tmp_path):
    files = {"1.csv": "time,type,who\n2020-01-01,view,a\n", "2.csv": "who,extra,type,time\nb,?,view,2020-01-02\n"}
    taken = take(tmp_path, files, {"events": {"files": "*.csv", "columns": EVENTS}})
    assert taken.column("events", "customer_id") == ["a", "b"]
    assert taken.column("events", "row") == [1, 2]


def test_a_json_path_reaches_into_nested_records_and_keys_may_come_late(tmp_path):
    lines = [{"time": "2020-01-01", "type": "view", "properties": {"price": 1.25}}] * 1200
    lines.append({"time": "2020-01-01", "type": "view", "who": 7})
    source = {"files": "e.jsonl", "format": "jsonl", "columns": EVENTS | {"price_cents": "$.properties.price"}}
    taken = take(tmp_path, {"e.jsonl": "".join(json.dumps(line) + "\n" for line in lines)}, {"events": source})
    assert taken.column("events", "price_cents")[::1200] == [125, None]
    assert taken.column("events", "customer_id")[::1200] == [None, "7"]


@pytest.mark.parametrize("batch_rows", [1000, 1001, 100_000])
def test_the_batches_do_not_show(tmp_path, batch_rows):
    # 2,500 rows of which every seventh cannot be split, so that batches begin at rows that are not multiples
    lines = [f"2020-01-01,view,c{row}" + (",more" if row % 7 == 0 else "") for row in range(1, 2501)]
    files = {"e.csv": "time,type,who\n" + "\n".join(lines)}
    taken = take(tmp_path, files, {"events": {"files": "e.csv", "columns": EVENTS}}, batch_rows=batch_rows)
    events = taken["events"]
    assert events["row"].tolist() == [row for row in range(1, 2501) if row % 7]
    assert events["customer_id"].tolist() == [f"c{row}" for row in events["row"]]
    assert taken["rejected"]["row"].tolist() == list(range(7, 2501, 7))
