"""Small feature tables whose rows have events, for the tests of what reads them."""

import numpy as np
import pyarrow as pa

from purchase.features.sequences import ARRAYS
from purchase.models.last_events import with_last_events
from purchase.params import ALL_SETTINGS
from tests.models.feature_tables import QUICK, customer_table

LENGTH = 4
SETTINGS = ALL_SETTINGS["sequence_network"](
    **QUICK["neural_network"] | {"n_heads": 1, "epochs": 12, "n_events": LENGTH, "n_states": 8}
)


def event(kind="view", category="books", price_cents=1000, gap_seconds=60):
    return dict(zip(ARRAYS, (kind, category, price_cents, gap_seconds), strict=True))


def arrays_of(row_ids, events, *, length=LENGTH):
    """Return the arrays of rows as featurize writes them; ``events`` is a list of events a row, oldest first."""
    padded = [[dict.fromkeys(ARRAYS)] * (length - len(row)) + row for row in (row[-length:] for row in events)]
    columns = {
        name: pa.array([[event[name] for event in row] for row in padded], pa.list_(kind, length))
        for name, (_, _, kind) in ARRAYS.items()
    }
    return pa.table({"row_id": list(row_ids)} | columns)


def with_events(table, events, *, length=LENGTH):
    return with_last_events(table, arrays_of(table["row_id"], events, length=length), place="arrays.parquet")


def ordered_table(n_customers=150, n_cutoffs=4):
    """Customers who view a book and put one into the cart, in either order; the label is 1 if the cart came last.

    Each row has the same two events but for their order, so no count of them tells the labels apart.
    """
    table = customer_table(n_customers, n_cutoffs)
    table["label"] = np.random.default_rng(1).integers(0, 2, len(table)).astype("int8")
    first, last = event("view"), event("add_to_cart")
    return with_events(table, [[first, last] if label else [last, first] for label in table["label"]])
