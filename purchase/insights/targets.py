"""The target list: every customer with propensity, what a contact may earn, and why."""

import numpy as np
import pandas as pd

N_DECILES = 10


def deciles(propensity):
    """Return 1 (the likeliest tenth) to 10; equals by their order."""
    rank = np.empty(len(propensity), dtype=int)
    rank[np.argsort(-np.asarray(propensity), kind="stable")] = np.arange(len(propensity))
    return rank * N_DECILES // max(len(propensity), 1) + 1


def target_list(who, scored, reasons, segments, *, contacted, terms):
    """Put the list together, the highest expected profit first; without prices, the highest propensity.

    Parameters
    ----------
    who : Series
        Customers, or sessions, under the name that the column gets.
    scored : DataFrame with propensity and, where there are prices, expected_value_cents
    reasons : DataFrame with reason_1, reason_2 and reason_3
    segments : Series of str, or None
    contacted : bool array, or None without prices
    terms : profit.Terms

    Returns
    -------
    DataFrame
    """
    propensity = scored["propensity"].to_numpy()
    table = pd.DataFrame({who.name: who.to_numpy(), "propensity": propensity.round(6), "decile": deciles(propensity)})
    worth = propensity
    if segments is not None:
        table["segment"] = segments.to_numpy()
    if contacted is not None:
        worth = terms.profit(propensity, scored["expected_value_cents"].to_numpy())
        table["expected_order_value_cents"] = scored["expected_value_cents"].to_numpy()
        table["expected_profit_cents"] = np.rint(worth).astype("int64")
        table["contact"] = contacted
    table = table.join(reasons)
    return table.iloc[np.lexsort((table[who.name], -worth))].reset_index(drop=True)
