"""Write the shop's tables as its database would export them, a chunk at a time."""

from contextlib import ExitStack, contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
import pyarrow.parquet as pq

from purchase.simulation import text
from purchase.simulation.baskets import COUPONS, STATUSES
from purchase.simulation.catalogue import CATEGORIES
from purchase.simulation.columns import NO_PRICE
from purchase.simulation.conversion import SOURCES
from purchase.simulation.population import CHANNELS, COUNTRIES, DEVICES, GENDERS, TIERS
from purchase.tables import EVENT_TYPES

BATCH = 65_536  # rows that the writer formats at once; measured: smaller is slower, larger is not faster


def customer_rows(customers):
    """Return a batch of customers as the columns of customers.csv."""
    number, test = customers["customer"], customers["test_account"]
    name = text.ids("c", number)
    real = pc.binary_join_element_wise(name, "@example.com", "")
    staff = pc.binary_join_element_wise("qa+", pa.array(test).cast(pa.string()), "@shop.test", "")
    return {
        "customer_id": name,
        "email": pc.if_else(pa.array(test < 0), real, staff),
        "birth_year": pa.array(customers["birth_year"], mask=customers["birth_year"] < 0),
        "gender": text.words(customers["gender"], GENDERS),
        "country": text.words(customers["country"], COUNTRIES),
        "signed_up_at": _times(customers),
        "acquisition_channel": text.words(customers["channel"], CHANNELS),
        "email_consent": text.words(customers["consent"], ("false", "true")),
        "loyalty_tier": text.words(customers["tier"], TIERS),
    }


def event_rows(events, campaigns):
    """Return a batch of events as the columns of events.csv; ``campaigns`` names the campaign of each day."""
    return {
        "event_time": _times(events),
        "event_type": text.words(events["type"], EVENT_TYPES),
        "session_id": text.tokens("s", events["session"]),
        "customer_id": text.ids("c", events["customer"]),
        "product_id": text.ids("p", events["product"]),
        "category": text.words(events["category"], CATEGORIES),
        "price": text.money(events["price"], NO_PRICE),
        "device": text.words(events["device"], DEVICES),
        "traffic_source": text.words(events["source"], SOURCES),
        "campaign_id": text.words(events["campaign"], campaigns),
        "order_id": text.ids("o", events["order"]),
    }


def order_rows(orders):
    """Return a batch of order lines as the columns of orders.csv."""
    return {
        "order_id": text.ids("o", orders["order"]),
        "ordered_at": _times(orders),
        "customer_id": text.ids("c", orders["customer"]),
        "product_id": text.ids("p", orders["product"]),
        "category": text.words(orders["category"], CATEGORIES),
        "quantity": pa.array(orders["quantity"]),
        "unit_price": text.money(orders["unit_price"], NO_PRICE),
        "discount": text.money(orders["discount"], NO_PRICE),
        "coupon": text.words(orders["coupon"], COUPONS),
        "status": text.words(orders["status"], STATUSES),
    }


def _times(batch):
    return text.times(batch["at"], style=batch.get("style"), month_13=batch.get("month_13"))


@contextmanager
def csv_file(path):
    """Yield a function that appends columns to a CSV file, below a header that the first columns give."""
    options = csv.WriteOptions(include_header=False, quoting_style="none", batch_size=BATCH)
    with path.open("wb") as file, ExitStack() as stack:
        writers = []

        def append(columns):
            table = pa.table(columns)
            if not writers:
                file.write((",".join(table.column_names) + "\n").encode())
                writers.append(stack.enter_context(csv.CSVWriter(file, table.schema, write_options=options)))
            writers[0].write_table(table)

        yield append


@contextmanager
def parquet_file(path, schema):
    """Yield a function that appends columns to a Parquet file of a schema."""
    with pq.ParquetWriter(path, pa.schema(schema)) as writer:
        yield lambda columns: writer.write_table(pa.table(columns, schema=pa.schema(schema)))


def campaign_names(calendar):
    """Return the name that a promotion of each day has or would have."""
    days = calendar.at(np.arange(calendar.n_days)).astype("datetime64[s]").astype("datetime64[D]")
    return [f"promo-{day}" for day in days.astype(str)]


def rounded(chances):
    """Return chances to seven digits: more would differ between processors."""
    return np.round(chances, 7)
