"""A small shop as prepare leaves it, drawn at random with every kind of dirt."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from purchase.tables import CONTRACTS, DAY, EVENT_TYPES
from tests.small_tables import ARROW, SURE

FIRST_AT = 19_700 * DAY
N_DAYS = 200
CUSTOMERS = [f"c{number}" for number in range(24)]
CATEGORIES = [" Shoes", "shoes", "HATS", "  ", "Überhosen", None]


def write_tables(folder, seed):
    """Write the four tables of a random shop."""
    draw = np.random.default_rng(seed)
    events, orders = _events(draw), _orders(draw)
    purchases = [
        {name: order[name] for name in ("order_id", "customer_id")}
        | {"event_at": order["ordered_at"], "event_type": "purchase", "session_id": _one(draw, ["s1", None])}
        for order in orders[::3]
        if "is_return" not in order
    ]
    rows = {
        "customers": _customers(draw),
        "events": _twice(draw, [*events, *purchases]),
        "orders": _twice(draw, orders),
        "sessions": [],
    }
    folder.mkdir(parents=True)
    for name, of_table in rows.items():
        kinds = {column: ARROW[str(kind).lower()[:3]] for column, kind in CONTRACTS[name].dtypes.items()}
        sure = {column: SURE.get(column) for column in kinds}
        filled = [sure | row | {"row": number} for number, row in enumerate(of_table, start=1)]
        pq.write_table(pa.Table.from_pylist(filled, pa.schema(kinds)), folder / f"{name}.parquet")


def _customers(draw):
    rows = [
        {
            "customer_id": name,
            "signed_up_at": _time(draw),
            "birth_year": _one(draw, [1950, 1990, None]),
            "gender": _one(draw, ["female", "male", None]),
            "country": _one(draw, ["DE", " de", "FR", None]),
            "email_consent": _one(draw, [True, False, None]),
            "updated_at": _one(draw, [_time(draw), None]),
            "is_test": name == "c3",
        }
        for name in CUSTOMERS[:-4]  # the others are in events and orders alone
    ]
    return [*rows, *rows[:2], rows[5] | {"country": "XX"}]


def _events(draw):
    rows = []
    for _ in range(160):  # visits
        at, customer = _time(draw), _one(draw, [*CUSTOMERS, None])
        session = _one(draw, [f"s{draw.integers(60)}", None])
        device = _one(draw, ["Mobile", "desktop", "iOS phone ", None])
        for _ in range(int(draw.integers(1, 7))):
            at += int(draw.integers(0, 2000))
            rows.append(
                {
                    "event_at": at,
                    "event_type": _one(draw, [*EVENT_TYPES, "view", "view", "view", "add_to_cart"]),
                    "customer_id": customer,
                    "session_id": session,
                    "product_id": _one(draw, ["p1", "p2", "p3", None]),
                    "category": _one(draw, CATEGORIES),
                    "price_cents": _one(draw, [100, 2599, None]),
                    "device": device,
                    "traffic_source": _one(draw, ["ad", "search", None]),
                    "campaign_id": _one(draw, ["k1", None]),
                    "arrived_at": at + DAY if at % 7 == 0 else None,
                }
            )
    at = _time(draw)
    bot = {"event_type": "view", "session_id": "bot"}
    return rows + [bot | {"event_at": at + n // 4, "product_id": f"p{n}"} for n in range(50)]


def _orders(draw):
    rows = []
    for number in range(110):
        order = {"order_id": f"o{number}", "customer_id": _one(draw, [*CUSTOMERS, None]), "ordered_at": _time(draw)}
        for _ in range(int(draw.integers(1, 4))):
            rows.append(
                order
                | {
                    "product_id": _one(draw, ["p1", "p2", "p3", None]),
                    "category": _one(draw, CATEGORIES),
                    "quantity": int(draw.integers(1, 5)),
                    "unit_price_cents": _one(draw, [100, 2599, None]),
                    "discount_cents": _one(draw, [0, 0, 50]),
                    "coupon": _one(draw, ["SALE", None, None]),
                    "arrived_at": _one(draw, [order["ordered_at"] + int(draw.integers(20 * DAY)), None, None]),
                }
            )
        if draw.random() < 0.2:
            at = order["ordered_at"] + int(draw.integers(-DAY, 40 * DAY))
            back = {"ordered_at": at, "is_return": True, "arrived_at": _one(draw, [at + 5 * DAY, None])}
            rows.append(rows[-1] | back | {"order_id": _one(draw, [order["order_id"], "unknown"])})
    return rows


def _twice(draw, rows):
    """Shuffle, with some rows written again, as they were or a second later."""
    at = "event_at" if "event_at" in rows[0] else "ordered_at"
    again = [rows[n] | {at: rows[n][at] + int(draw.integers(0, 2))} for n in draw.integers(len(rows), size=20)]
    both = [*rows, *again]
    return [both[n] for n in draw.permutation(len(both))]


def _time(draw):
    return int(FIRST_AT + draw.integers(0, N_DAYS * DAY))


def _one(draw, values):
    return values[int(draw.integers(len(values)))]
