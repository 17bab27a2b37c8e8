"""Write small raw files and take them in, for the tests of this folder."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from purchase.engines.duckdb import connect
from purchase.files import validate
from purchase.intake.take_in import take_in
from purchase.shops import Shop

EVENTS = {"event_at": "time", "event_type": "type", "customer_id": "who"}
ORDERS = {"order_id": "order", "customer_id": "who", "ordered_at": "time"}


@dataclass
class Taken:
    """What prepare left: the account, and each table as a DataFrame."""

    account: dict
    out: Path

    def __getitem__(self, table):
        return pd.read_parquet(self.out / f"{table}.parquet")

    def column(self, table, name):
        """Return a column as a list, None where a value is missing."""
        return [None if pd.isna(value) else value for value in self[table][name]]

    @property
    def reasons(self):
        return self.column("rejected", "reason")

    def rejects(self, *columns):
        """Return columns of the rejected rows as lists, None where a value is missing."""
        return [list(row) for row in zip(*(self.column("rejected", column) for column in columns), strict=True)]

    @property
    def records(self):
        return [json.loads(record) for record in self["rejected"]["record"]]


def make_shop(tables, **keys):
    keys = {"title": "T", "source": "S", "task": "session" if "sessions" in tables else "customer"} | keys
    return validate(Shop, keys | {"tables": tables}, path="shops/mine.yaml")


def take(folder, files, tables, *, batch_rows=1000, max_gap_days=30, n_threads=1, **keys):
    """Write ``files`` (name: text or bytes) to ``folder``/raw, and take them in by the keys of a YAML."""
    folder = Path(folder)
    for name, content in files.items():
        path = folder / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    shop = make_shop(tables, **keys)
    out = folder / "tables"
    with connect(n_threads=n_threads, memory_gb=1) as connection:
        account = take_in(
            connection,
            shop,
            folder / "raw",
            out,
            yaml="shops/mine.yaml",
            batch_rows=batch_rows,
            max_gap_days=max_gap_days,
        )
    return Taken(account, out)


def take_events(folder, content, **source):
    """Take in one file of events, ``events.csv``, with the columns time, type and who."""
    return take(folder, {"events.csv": content}, {"events": {"files": "events.csv", "columns": EVENTS} | source})


def take_orders(folder, content, *, columns=None, **source):
    """Take in one file of orders, ``orders.csv``, with the columns order, who and time, and those of ``columns``."""
    source = {"files": "orders.csv", "columns": ORDERS | (columns or {})} | source
    return take(folder, {"orders.csv": content}, {"orders": source})
