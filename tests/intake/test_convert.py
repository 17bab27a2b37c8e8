"""What is written in a file becomes the value that it means."""

from decimal import ROUND_HALF_UP, Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purchase.intake.convert import Field, converted
from purchase.intake.sources import RawFile
from purchase.shops import Source
from tests.intake.shop_files import take, take_events

NOON = 1_577_880_000  # 2020-01-01 12:00:00 UTC


@pytest.mark.parametrize(
    ("written", "formats"),
    [
        ("2020-01-01 12:00:00", ["iso"]),
        ("2020-01-01T12:00:00Z", ["iso"]),
        ("2020-01-01 12:00:00 UTC", ["iso"]),
        ("2020-01-01T14:00:00.75+02:00", ["iso"]),
        ("1577880000", ["epoch_s"]),
        ("1577880000.0", ["epoch_s"]),
        ("1577880000999", ["epoch_ms"]),
        ("1577880000000001", ["epoch_us"]),
        ("01/01/2020 12:00", ["%d/%m/%Y %H:%M"]),
        ("1/1/20 01:00 PM +0100", ["%m/%d/%y %I:%M %p %z"]),
        ("1577880000", ["iso", "epoch_s"]),
        ("2020-01-01 12:00", ["epoch_s", "iso"]),
    ],
)
def test_a_time_is_read_by_the_first_format_that_fits(tmp_path, written, formats):
    taken = take_events(tmp_path, f"time,type,who\n{written},view,a\n", time=formats)
    assert taken.column("events", "event_at") == [NOON]


def test_a_time_without_a_zone_is_the_shops_and_one_with_a_zone_keeps_its_own(tmp_path):
    content = "order,who,time\n1,a,2020-01-01 12:00:00\n2,a,2020-07-01 13:00:00\n3,a,2020-07-01T12:00:00Z\n"
    tables = {"orders": {"files": "o.csv", "columns": {"order_id": "order", "ordered_at": "time"}}}
    taken = take(tmp_path, {"o.csv": content}, tables, time_zone="Europe/London")
    summer = NOON + 182 * 86_400  # 2020-07-01 12:00 UTC, when clocks in London show 13:00
    assert taken.column("orders", "ordered_at") == [NOON, summer, summer]


def test_a_day_index_counts_midnights_of_the_shop_from_day_zero(tmp_path):
    tables = {
        "orders": {"files": "o.csv", "columns": {"ordered_at": "day"}, "time": ["day_index"], "day_zero": "2020-01-01"}
    }
    taken = take(tmp_path, {"o.csv": "day,x\n0,\n1.0,\n1.5,\n182,\n"}, tables, time_zone="Europe/London")
    midnight = NOON - 43_200
    summer = midnight + 182 * 86_400 - 3_600
    assert taken.column("orders", "ordered_at") == [midnight, midnight + 86_400, summer]
    assert taken.reasons == ["bad_ordered_at"]


def convert(connection, written, field, **source):
    """Return what one text becomes in a column."""
    source = Source(files="f", columns={field.name: "x"}, **source)
    raw = RawFile("f", {"x": "s0"}, "SELECT NULL AS record, unnest($texts) AS s0")
    query = f"SELECT c_{field.name} FROM ({converted(raw, [field], source)})"
    return [row[0] for row in connection.execute(query, {"texts": written}).fetchall()]


@given(st.lists(st.decimals(-(10**8), 10**8, places=5), min_size=1))
@settings(max_examples=60, deadline=None)
def test_money_is_rounded_to_the_nearest_cent_and_half_a_cent_away_from_zero(connection, amounts):
    field = Field("price_cents", "money", "x")
    expected = [int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP)) for amount in amounts]
    assert convert(connection, [str(amount) for amount in amounts], field) == expected


@pytest.mark.parametrize(
    ("written", "keys", "cents"),
    [
        ("1.005", {}, 101),
        ("2.675", {}, 268),
        ("-0.005", {}, -1),
        ("0.00499999999", {}, 0),
        (" 3.5 ", {}, 350),
        ("1e3", {}, 100_000),
        ("12,50", {"decimal": ","}, 1250),
        ("1.234,50", {"decimal": ","}, None),  # not guessed at
        ("1250", {"money": "cents"}, 1250),
        ("12,50", {}, None),
        ("$5", {}, None),
        ("nan", {}, None),
        ("99999999999999999999999999", {}, None),
        ("9" * 60, {}, None),
    ],
)
def test_money_is_read_exactly_or_not_at_all(connection, written, keys, cents):
    assert convert(connection, [written], Field("price_cents", "money", "x"), **keys) == [cents]


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("id", "17850.0", "17850"),
        ("id", "17850.00", "17850.00"),
        ("id", "a.0", "a.0"),
        ("id", "007", "007"),
        ("whole", "3.0", 3),
        ("whole", "3.7", None),
        ("whole", "1e20", None),
        ("number", "0.1", 0.1),
        ("number", "inf", None),
        ("number", "NaN", None),
        ("flag", "TRUE", True),
        ("flag", "0", False),
        ("flag", "maybe", None),
        ("text", "  two words ", "two words"),
        ("text", "   ", None),
        ("time", "infinity", None),
        ("time", "2020-13-01", None),
    ],
)
def test_a_value_is_read_as_its_kind(connection, kind, written, value):
    name = {"id": "customer_id", "time": "event_at"}.get(kind, "x")
    assert convert(connection, [written], Field(name, kind, "x")) == [value]


def test_words_for_missing_are_missing_and_values_are_mapped(tmp_path):
    content = "id,sex,born\n1,F,1980\n2,n/a,\n3,-,n/a\n4,M,1850\n5,?,1990\n6,x,x\n"
    tables = {
        "customers": {
            "files": "c.csv",
            "columns": {"customer_id": "id", "gender": "sex", "birth_year": "born"},
            "null_values": ["n/a", "-"],
            "values": {"gender": {"F": "female", "M": "male", "?": None}},
        },
        "orders": {"files": "o.csv", "columns": {"ordered_at": "t"}},
    }
    taken = take(tmp_path, {"c.csv": content, "o.csv": "t,x\n2020-01-01,\n"}, tables)
    assert taken.column("customers", "gender") == ["female", None, None, "male", None, None]
    assert taken.column("customers", "birth_year") == [1980, None, None, None, 1990, None]
    blanked = taken["blanked"][["row", "column", "value", "reason"]].values.tolist()
    assert blanked == [
        [4, "birth_year", "1850", "impossible_birth_year"],
        [6, "birth_year", "x", "bad_birth_year"],
        [6, "gender", "x", "unmapped_gender"],
    ]
    assert taken.account["customers"]["blanked"] == {"birth_year": 2, "gender": 1}


def test_event_types_that_the_yaml_leaves_out_are_told_from_those_it_does_not_know(tmp_path):
    content = "time,type,who\n2020-01-01,cart,a\n2020-01-01,scroll,a\n2020-01-01,jump,a\n2020-01-01,,a\n"
    taken = take_events(tmp_path, content, values={"event_type": {"cart": "add_to_cart", "scroll": None}})
    assert taken.column("events", "event_type") == ["add_to_cart"]
    assert taken.reasons == ["left_out_event_type", "unmapped_event_type", "missing_event_type"]
    assert taken.column("rejected", "value") == ["scroll", "jump", None]


def test_extra_columns_are_written_after_the_contracts_with_their_types(tmp_path):
    content = "bought,pages,month,weekend\nTRUE,3.5,Feb,FALSE\nFALSE,many,,yes\n"
    extra = {
        "n_pages": {"column": "pages", "type": "number", "meaning": "m"},
        "month": {"column": "month", "type": "category", "meaning": "m"},
        "weekend": {"column": "weekend", "type": "boolean", "meaning": "m"},
    }
    tables = {"sessions": {"files": "s.csv", "columns": {"ordered": "bought"}, "extra": extra}}
    taken = take(tmp_path, {"s.csv": content}, tables)
    assert list(taken["sessions"].columns)[-4:] == ["ordered", "n_pages", "month", "weekend"]
    assert taken.column("sessions", "ordered") == [True, False]
    assert taken.column("sessions", "n_pages") == [3.5, None]
    assert taken.column("sessions", "month") == ["Feb", None]
    assert taken.column("sessions", "weekend") == [False, True]
    assert taken.account["sessions"]["blanked"] == {"n_pages": 1}


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
