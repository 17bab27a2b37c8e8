"""Make what a shop's files leave unsaid: ids of sessions and orders, and orders from the purchases of a log."""

import pyarrow as pa
import pyarrow.compute as pc

from purchase.tables import ORDERS


def with_made_ids(batch, table, mapped):
    """Return the batch with ids where the shop keeps none: a session is its row, an order a customer's at one time."""
    if table == "sessions" and "session_id" not in mapped:
        return _put(batch, "session_id", _row_ids(batch["row"]))
    if table == "orders" and "order_id" not in mapped:
        return _put(batch, "order_id", _order_ids(batch["customer_id"], batch["ordered_at"], batch["row"]))
    return batch


def orders_of(events, schema):
    """Return the lines of orders that the purchases among a batch of events are, one line each.

    Parameters
    ----------
    events : pyarrow.Table
        Rows of the events table.
    schema : pyarrow.Schema
        Of the orders table.
    """
    bought = events.filter(pc.equal(events["event_type"], "purchase"))
    who = pc.coalesce(bought["session_id"], bought["customer_id"])
    made = {
        "order_id": pc.coalesce(bought["order_id"], _order_ids(who, bought["event_at"], bought["row"])),
        "ordered_at": bought["event_at"],
        "unit_price_cents": bought["price_cents"],
        "quantity": pa.repeat(1, len(bought)),
        "discount_cents": pa.repeat(0, len(bought)),
        "coupon": pa.nulls(len(bought), pa.string()),
        "is_return": pa.repeat(False, len(bought)),
    }
    return pa.table(
        [made.get(name, bought[name] if name in bought.column_names else None) for name in ORDERS.columns], schema
    )


def _order_ids(who, at, row):
    return pc.coalesce(pc.binary_join_element_wise(who, at.cast(pa.string()), "@"), _row_ids(row))


def _row_ids(row):
    return pc.binary_join_element_wise("row", row.cast(pa.string()), "-")


def _put(batch, name, values):
    return batch.set_column(batch.column_names.index(name), name, values)
