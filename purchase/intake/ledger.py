"""Write the tables batch by batch, and keep the account of every row."""

from collections import Counter
from contextlib import ExitStack

import pyarrow as pa
import pyarrow.parquet as pq

from purchase.intake.check import BLANKED, REJECTED
from purchase.intake.derive import orders_of
from purchase.tables import CONTRACTS, TableError

ARROW_TYPES = {"Int64": pa.int64(), "boolean": pa.bool_()}  # any other column of a contract is text
EXTRA_TYPES = {"number": pa.float64(), "boolean": pa.bool_(), "category": pa.string()}


def schema_of(table, shop):
    """Return the Arrow schema of a table: the contract's columns, then the shop's extra ones."""
    columns = [(name, ARROW_TYPES.get(str(spec.dtype), pa.string())) for name, spec in CONTRACTS[table].columns.items()]
    if table in shop.tables:
        columns += [(name, EXTRA_TYPES[extra.type]) for name, extra in shop.tables[table].extra.items()]
    return pa.schema(columns)


class Ledger:
    """The tables that are being written to a folder, and how many rows went where.

    Parameters
    ----------
    out : Path
        Folder to write to.
    shop : Shop
        A shop without a table of orders gets the purchases of its events as orders.
    """

    def __init__(self, out, shop):
        self._schemas = {table: schema_of(table, shop) for table in CONTRACTS}
        self._schemas |= {"rejected": REJECTED, "blanked": BLANKED}
        self._derives_orders = "events" in shop.tables and "orders" not in shop.tables
        self._kept, self._derived = Counter(), Counter()
        self._rejected = {table: Counter() for table in CONTRACTS}
        self._blanked = {table: Counter() for table in CONTRACTS}
        self._out, self._files = out, ExitStack()

    def __enter__(self):
        self._out.mkdir(parents=True, exist_ok=True)
        self._writers = {
            table: self._files.enter_context(pq.ParquetWriter(self._out / f"{table}.parquet", schema))
            for table, schema in self._schemas.items()
        }
        return self

    def __exit__(self, *error):
        return self._files.__exit__(*error)

    def add(self, table, kept):
        """Write rows of a table; of events, also the orders that are among them."""
        self._kept[table] += len(kept)
        self._write(table, kept)
        if table == "events" and self._derives_orders:
            orders = orders_of(kept, self._schemas["orders"])
            self._derived["orders"] += len(orders)
            self.add("orders", orders)

    def reject(self, table, file, rejected):
        """Write rows of a file that are left out of a table."""
        self._rejected[table].update(rejected["reason"].to_pylist())
        self._write("rejected", _labelled(rejected, table=table, file=file))

    def blank(self, table, blanked):
        """Write values that are left out of a table."""
        self._blanked[table].update(blanked["column"].to_pylist())
        self._write("blanked", _labelled(blanked, table=table))

    def refuse_nothing_kept(self, table, first, *, key):
        """Raise TableError if every row of a table was rejected; ``first`` shows one of them."""
        if not self._kept[table]:
            reasons = ", ".join(f"{reason} {n_rows:,}" for reason, n_rows in self._rejected[table].most_common())
            raise TableError(
                f"every one of the {self._rejected[table].total():,} rows of {table} was rejected: {reasons}. "
                f"The first: {first}. Mend the files or {key}."
            )

    def account(self, n_read):
        """Return each table's rows read, derived, kept and rejected by reason, and its values blanked by column."""
        return {
            table: {
                "read": n_read.get(table, 0),
                "derived": self._derived[table],
                "kept": self._kept[table],
                "rejected": {
                    "total": self._rejected[table].total(),
                    "by_reason": dict(sorted(self._rejected[table].items())),
                },
                "blanked": dict(sorted(self._blanked[table].items())),
            }
            for table in CONTRACTS
        }

    def _write(self, table, rows):
        if len(rows):
            schema = self._schemas[table]
            self._writers[table].write_table(rows.select(schema.names).cast(schema))


def _labelled(rows, **labels):
    for name, label in labels.items():
        rows = rows.append_column(name, pa.repeat(label, len(rows)))
    return rows
