"""A shop's YAML is refused by name where it cannot be right."""

from pathlib import Path

import pytest

from purchase.files import ParamsError, validate
from purchase.shops import MADE, SHOPS, Dates, Extra, Match, RejectRule, Shop, Source, read_shop
from purchase.tables import CONTRACTS

ROOT = Path(__file__).parents[1]
EVENTS = {"files": "e.csv", "columns": {"event_at": "t", "event_type": "k"}}


def refusal(tables=None, **keys):
    """Return the message that a YAML with these keys is refused with."""
    content = {"title": "T", "source": "S", "task": "session", "tables": tables or {"events": EVENTS}} | keys
    with pytest.raises(ParamsError) as refused:
        validate(Shop, content, path="shops/mine.yaml")
    return str(refused.value)


def events(**keys):
    return {"events": EVENTS | keys}


@pytest.mark.parametrize("path", sorted(SHOPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_that_is_shipped_is_right(path):
    shop = read_shop(path.stem)
    assert set(shop.tables) <= set(CONTRACTS)


def test_the_example_of_the_docs_is_right_and_explains_every_key(tmp_path):
    docs = (ROOT / "docs" / "shops.md").read_text(encoding="utf-8")
    example = docs.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "mine.yaml").write_text(example, encoding="utf-8")
    assert read_shop("mine", folder=tmp_path).tables["orders"].decimal == ","
    keys = {key for model in (Shop, Source, Dates, Match, RejectRule, Extra) for key in model.model_fields}
    keys |= {column for contract in CONTRACTS.values() for column in contract.columns} - set(MADE)
    assert [key for key in sorted(keys) if key not in docs] == []


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (lambda: refusal(events(delimeter=";")), ["tables.events.delimeter", "Did you mean 'delimiter'?"]),
        (lambda: refusal(time_zone="Europe/Londn"), ["time_zone", "Did you mean 'Europe/London'?"]),
        (lambda: refusal(scoring_moment="sesion_end"), ["scoring_moment", "Did you mean 'session_end'?"]),
        (lambda: refusal(events(time=["epoch_mss"])), ["'epoch_mss'", "Did you mean 'epoch_ms'?"]),
        (lambda: refusal(events(time=["day_index"])), ["day_zero is missing"]),
        (lambda: refusal(events(day_zero="1 May")), ["tables.events.day_zero='1 May'"]),
        (lambda: refusal(dates={"start": "2020-02-01", "end": "2020-01-01"}), ["dates", "is not before"]),
        (lambda: refusal(dates={"start": "soon"}), ["dates.start='soon'"]),
        (lambda: refusal(task="customers"), ["task='customers'", "Did you mean 'customer'?"]),
    ],
)
def test_a_wrong_key_or_value_is_named_with_the_nearest_right_one(message, words):
    text = message()
    assert text.startswith("shops/mine.yaml: ")
    for word in words:
        assert word in text


def test_a_column_that_the_contract_lacks_is_refused_with_those_it_has():
    text = refusal(events(columns=EVENTS["columns"] | {"custmer_id": "u"}))
    assert "'custmer_id' is no column of events" in text
    assert "Did you mean 'customer_id'?" in text


def test_a_needed_column_that_is_not_mapped_is_asked_for():
    assert "tables.events.columns.event_type is missing" in refusal(events(columns={"event_at": "t"}))


def test_a_mapped_value_that_is_no_event_type_is_refused_with_the_nearest():
    text = refusal(events(values={"event_type": {"cart": "add_to_card"}}))
    assert "tables.events.values.event_type.cart='add_to_card'" in text
    assert "Did you mean 'add_to_cart'?" in text


def test_values_of_a_column_that_is_not_mapped_are_refused():
    text = refusal(events(values={"device": {"m": "mobile"}}))
    assert "add tables.events.columns.device" in text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"extra": {"x": {"column": "x", "type": "number", "meaning": "m"}}}, "tables.events.extra"),
        ({"returns_when": {"column": "k", "matches": "R"}}, "tables.events.returns_when"),
        ({"test_when": {"column": "k", "matches": "R"}}, "tables.events.test_when"),
    ],
)
def test_keys_of_another_table_are_refused(keys, words):
    assert words in refusal(events(**keys))


def test_an_extra_column_may_not_take_a_contracts_name():
    extra = {"ordered": {"column": "x", "type": "number", "meaning": "m"}}
    sessions = {"files": "s.csv", "columns": {"ordered": "o"}, "extra": extra}
    assert "tables.sessions.extra.ordered" in refusal({"sessions": sessions})


def test_a_task_without_a_table_to_do_it_on_is_refused():
    customers = {"files": "c.csv", "columns": {"customer_id": "id"}}
    assert "needs tables.events or tables.sessions" in refusal({"customers": customers})
    assert "needs tables.orders or tables.events" in refusal({"customers": customers}, task="customer")


def test_the_param_of_the_scoring_moment_goes_before_the_shops_own():
    assert read_shop("online_shoppers").scoring_moment == "session_end"
    assert read_shop("online_shoppers", scoring_moment="session_start").scoring_moment == "session_start"


def test_a_scoring_moment_for_a_shop_of_the_customer_task_is_refused():
    with pytest.raises(ParamsError, match=r"featurize.scoring_moment='session_end'.*online_retail.yaml.*null"):
        read_shop("online_retail", scoring_moment="session_end")
