"""Customers at cutoffs 30 days apart whose orders come at a rate of their own: the feature ``rate`` tells it."""

import numpy as np
import pandas as pd

from purchase.tables import DAY

START = 1_700_000_000 // DAY * DAY
N_CUSTOMERS, N_CUTOFFS, N_DAYS = 1500, 6, 270
CUTOFFS = [START + (60 + 30 * k) * DAY for k in range(N_CUTOFFS)]
END = START + N_DAYS * DAY


def small_panel(seed=0):
    """Return (panel, orders); the records end 60 days after the last cutoff."""
    rng = np.random.default_rng(seed)
    rates = rng.choice([0.0005, 0.02], N_CUSTOMERS)  # orders a day
    owner = np.repeat(np.arange(N_CUSTOMERS), rng.poisson(rates * N_DAYS))
    orders = pd.DataFrame({"customer_id": owner, "ordered_at": START + rng.integers(0, N_DAYS * DAY, len(owner))})
    orders["customer_id"] = "c" + orders["customer_id"].astype(str)
    one = pd.DataFrame({"customer_id": [f"c{i}" for i in range(N_CUSTOMERS)], "group": range(N_CUSTOMERS)})
    one = one.assign(rate=rates.astype("float32"), noise=rng.random(N_CUSTOMERS).astype("float32"))
    panel = pd.concat([one.assign(cutoff=cutoff) for cutoff in CUTOFFS], ignore_index=True)
    return panel, orders.assign(revenue_cents=1000.0).sort_values(["customer_id", "ordered_at"], ignore_index=True)
