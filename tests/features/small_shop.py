"""A clean shop of a few records, and its features, for the tests of this room."""

from importlib.util import find_spec

import narwhals as nw
import pyarrow as pa
import pytest

from purchase.cleaning.orders import LINES, RETURNS
from purchase.cleaning.sessions import STANDARD
from purchase.engines.registry import engine
from purchase.features.build import describe
from purchase.features.loyalty import fit_loyalty
from purchase.tables import CONTRACTS, DAY
from tests.small_tables import ARROW, lazy

T = 20_000 * DAY  # the cutoff of most tests
NUMBER, FLAG = pa.int64(), pa.bool_()
ORDERS = {
    "order_id": pa.string(),
    "customer_id": pa.string(),
    **dict.fromkeys(("ordered_at", "n_lines", "n_items", "revenue_cents", "discount_cents"), NUMBER),
    "has_coupon": FLAG,
    "session_id": pa.string(),
    "arrived_at": NUMBER,
}
SPLIT = {
    "row_id": pa.string(),
    "customer_id": pa.string(),
    "session_id": pa.string(),
    "cutoff": NUMBER,
    "part": pa.string(),
}
DEFAULTS = {
    "orders": {"n_lines": 1, "n_items": 1, "revenue_cents": 1000, "discount_cents": 0, "has_coupon": False},
    "order_lines": {"quantity": 1, "unit_price_cents": 1000, "discount_cents": 0},
    "returns": {"quantity": 1, "refund_cents": 500},
    "sessions": {"ordered": False},
}


def kinds_of(name):
    if name in ("customers", "events"):
        kinds = {column: ARROW[str(kind).lower()[:3]] for column, kind in CONTRACTS[name].dtypes.items()}
        return {
            column: kind
            for column, kind in kinds.items()
            if column not in ("is_test",) and not (name == "customers" and column == "row")
        }
    if name == "orders":
        return ORDERS
    if name == "sessions":
        by_type = {nw.String: pa.string(), nw.Int64: NUMBER, nw.Boolean: FLAG}
        return {column: by_type[kind] for column, kind in STANDARD.items()}
    text = ("order_id", "customer_id", "product_id", "category", "coupon")
    columns = LINES if name == "order_lines" else RETURNS
    return {column: pa.string() if column in text else NUMBER for column in columns}


def lines_of(order):
    """Return the lines of an order, without products: one that holds all its money, and one of the other pieces."""
    told = {name: order.get(name) for name in ("order_id", "customer_id", "ordered_at", "arrived_at")}
    told |= {"coupon": "c" if order.get("has_coupon") else None}
    revenue, discount = order.get("revenue_cents", 1000), order.get("discount_cents", 0)
    price = None if revenue is None else revenue + discount
    yield told | {"unit_price_cents": price, "discount_cents": discount}
    if order.get("n_items", 1) > 1:
        yield told | {"quantity": order["n_items"] - 1, "unit_price_cents": 0}


def clean_tables(connection, records, more=None):
    """Return the six clean tables; ``records`` is {table: rows}, ``more`` {table: {column: Arrow type}}.

    Many rows may be an Arrow table with all columns instead.
    """
    tables = {}
    if "order_lines" not in records:
        records = records | {"order_lines": [line for order in records.get("orders", ()) for line in lines_of(order)]}
    for name in ("customers", "events", "orders", "order_lines", "returns", "sessions"):
        if isinstance(records.get(name), pa.Table):
            tables[name] = connection.lazy(records[name])
            continue
        kinds = kinds_of(name) | (more or {}).get(name, {})
        filled = [dict.fromkeys(kinds) | DEFAULTS.get(name, {}) | row for row in records.get(name, ())]
        if name == "events":
            filled = [{**row, "row": row["row"] or number} for number, row in enumerate(filled, start=1)]
        tables[name] = lazy(connection, filled, kinds)
    return tables


def features_of(records, rows, *, more=None, n_threads=1, on="duckdb", **changed):
    """Return {row_id: {feature: value}} and the dictionary; what ``rows``, of the split, leave out is missing.

    ``on`` is an engine's name; a test on one that is not installed is skipped.
    """
    if find_spec(on) is None:
        pytest.skip(f"{on} is not installed: pip install -r requirements-{on}.txt")
    asked = {
        "task": "customer",
        "scoring_moment": "session_start",
        "windows_days": [7, 30],
        "half_lives_days": [10],
        "lookback_days": 90,
        "horizon_days": 30,
        "time_zone": "UTC",
        "extras": {"customers": {}, "sessions": {}},
    }
    with engine(on, n_threads=n_threads, memory_gb=1) as connection:
        split = lazy(connection, [dict.fromkeys(SPLIT) | row for row in rows], SPLIT)
        tables = clean_tables(connection, records, more)
        asked |= {"engine": connection, "bg_nbd": fit_loyalty(split, tables["order_lines"], lookback_days=90)}
        features, dictionary = describe(split, tables, **(asked | changed))
        found = features.collect().rows(named=True)
    return {row.pop("row_id"): row for row in found}, dictionary.to_dict("records")


def at_cutoff(customer="ann", cutoff=T):
    return {"row_id": f"{customer}@{cutoff}", "customer_id": customer, "cutoff": cutoff}


def described(records, customer="ann", cutoff=T, **changed):
    """Return the features of one customer at one cutoff."""
    found, _ = features_of(records, [at_cutoff(customer, cutoff)], **changed)
    return found[f"{customer}@{cutoff}"]


def event(days, kind="view", customer="ann", **more):
    """Return an event so many days before ``T``."""
    return {"event_at": T - round(days * DAY), "event_type": kind, "customer_id": customer} | more


def order(days, number=None, customer="ann", **more):
    """Return an order so many days before ``T``."""
    return {"order_id": number or f"o{days}", "customer_id": customer, "ordered_at": T - round(days * DAY)} | more
