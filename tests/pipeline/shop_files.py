"""Small shops in files of their own making, each written another way."""

import json

import numpy as np
import pandas as pd

START = pd.Timestamp("2024-01-01")
N_DAYS = 400


def draw_orders(*, n_customers=300, seed=0):
    """Orders of customers who differ in how often they buy: a row an order, in order of time."""
    rng = np.random.default_rng(seed)
    rates = rng.gamma(0.6, 1 / 40, n_customers)  # orders a day
    n_orders = rng.poisson(rates * N_DAYS)
    customers = np.repeat(np.arange(n_customers), n_orders)
    seconds = rng.integers(0, N_DAYS * 86_400, len(customers))
    orders = pd.DataFrame({"customer": customers, "seconds": seconds})
    orders = orders.sort_values(["seconds", "customer"], ignore_index=True)
    orders["time"] = START + pd.to_timedelta(orders.seconds, unit="s")
    orders["order"] = orders.index
    orders["product"] = rng.integers(0, 30, len(orders))
    orders["cents"] = rng.integers(500, 9_000, len(orders))
    return orders


def write_orders_only(folder):
    """A semicolon file without a header, days first, prices with cents; returns the shop's YAML."""
    orders = draw_orders()
    rows = pd.DataFrame(
        {
            "order": orders.order.map("B{}".format),
            "who": orders.customer.map("K{}".format),
            "when": orders.time.dt.strftime("%d.%m.%Y %H:%M:%S"),
            "price": (orders.cents / 100).map("{:.2f}".format),
        }
    )
    rows.to_csv(folder / "bestellungen.csv", sep=";", header=False, index=False)
    return {
        "title": "Orders alone",
        "source": "made by a test",
        "task": "customer",
        "time_zone": "Europe/Berlin",
        "tables": {
            "orders": {
                "files": "bestellungen.csv",
                "delimiter": ";",
                "header": False,
                "columns": {
                    "order_id": "column0",
                    "customer_id": "column1",
                    "ordered_at": "column2",
                    "unit_price_cents": "column3",
                },
                "time": ["%d.%m.%Y %H:%M:%S"],
            }
        },
    }


def draw_events(orders, *, seed=1):
    """Browsing around each order and, three times as often, without one."""
    rng = np.random.default_rng(seed)
    quiet = orders.loc[orders.index.repeat(3), ["customer"]]
    quiet = quiet.assign(seconds=rng.integers(0, N_DAYS * 86_400 - 4_000, len(quiet)), order=-1, product=0, cents=0)
    visits = pd.concat([quiet, orders.drop(columns="time")], ignore_index=True)
    rows = []
    for visit in visits.itertuples(index=False):
        for step in range(rng.integers(1, 5)):
            rows.append((visit.customer, visit.seconds - 1_200 + 200 * step, "seen", rng.integers(0, 30), None, None))
        if visit.order >= 0:
            rows.append((visit.customer, visit.seconds - 100, "cart", visit.product, visit.cents, None))
            rows.append((visit.customer, visit.seconds, "bought", visit.product, visit.cents, visit.order))
    events = pd.DataFrame(rows, columns=["customer", "seconds", "what", "product", "cents", "order"])
    events = events[events.seconds >= 0].sort_values(["seconds", "customer", "what"], ignore_index=True)
    events["time"] = START + pd.to_timedelta(events.seconds, unit="s")
    return events


def write_event_log(folder):
    """JSON Lines in two files, times in milliseconds, purchases in the log; returns the shop's YAML."""
    events = draw_events(draw_orders())
    lines = [
        json.dumps(
            {
                "ts": int(row.time.timestamp() * 1000),
                "uid": f"u{row.customer}",
                "kind": row.what,
                "sku": f"p{row.product}",
                "cents": None if pd.isna(row.cents) else int(row.cents),
            }
        )
        for row in events.itertuples(index=False)
    ]
    half = len(lines) // 2
    (folder / "log-1.jsonl").write_text("\n".join(lines[:half]) + "\n", encoding="utf-8")
    (folder / "log-2.jsonl").write_text("\n".join(lines[half:]) + "\n", encoding="utf-8")
    return {
        "title": "An event log with purchases in it",
        "source": "made by a test",
        "task": "customer",
        "tables": {
            "events": {
                "files": "log-*.jsonl",
                "format": "jsonl",
                "columns": {
                    "event_at": "ts",
                    "event_type": "kind",
                    "customer_id": "uid",
                    "product_id": "sku",
                    "price_cents": "cents",
                },
                "time": ["epoch_ms"],
                "money": "cents",
                "values": {"event_type": {"seen": "view", "cart": "add_to_cart", "bought": "purchase"}},
            }
        },
    }


def write_three_tables(folder):
    """Customers as tab-separated text, events as Parquet, orders as gzipped CSV; returns the shop's YAML."""
    orders = draw_orders()
    events = draw_events(orders)
    rng = np.random.default_rng(2)
    customers = pd.DataFrame({"id": np.arange(290)})  # ten customers who order are not among them
    customers["since"] = (START - pd.to_timedelta(rng.integers(0, 500, 290), unit="D")).strftime("%Y-%m-%d")
    customers["born"] = rng.integers(1950, 2004, 290)
    customers["sex"] = rng.choice(["f", "m", ""], 290)
    customers["plan"] = rng.choice(["basic", "plus"], 290)
    customers.to_csv(folder / "customers.tsv", sep="\t", index=False)
    events = events[events.what != "bought"]
    pd.DataFrame(
        {"at": events.time, "what": events.what, "customer": events.customer.astype(str), "item": events["product"]}
    ).to_parquet(folder / "events.parquet", index=False)
    pd.DataFrame(
        {
            "nr": orders.order,
            "customer": orders.customer,
            "at": orders.time.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "item": orders["product"],
            "qty": 1 + orders.order % 3,
            "price": (orders.cents / 100).map("{:.2f}".format),
        }
    ).to_csv(folder / "orders.csv.gz", index=False)
    return {
        "title": "All three tables",
        "source": "made by a test",
        "task": "customer",
        "tables": {
            "customers": {
                "files": "customers.tsv",
                "delimiter": "\t",
                "columns": {"customer_id": "id", "signed_up_at": "since", "birth_year": "born", "gender": "sex"},
                "values": {"gender": {"f": "female", "m": "male"}},
                "time": ["%Y-%m-%d"],
                "extra": {"plan": {"column": "plan", "type": "category", "meaning": "plan at sign-up"}},
            },
            "events": {
                "files": "events.parquet",
                "format": "parquet",
                "columns": {"event_at": "at", "event_type": "what", "customer_id": "customer", "product_id": "item"},
                "values": {"event_type": {"seen": "view", "cart": "add_to_cart"}},
            },
            "orders": {
                "files": "orders.csv.gz",
                "columns": {
                    "order_id": "nr",
                    "customer_id": "customer",
                    "ordered_at": "at",
                    "product_id": "item",
                    "quantity": "qty",
                    "unit_price_cents": "price",
                },
            },
        },
    }
