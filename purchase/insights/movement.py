"""Who moved from one segment to another between two cutoffs."""

import pandas as pd

from purchase.insights.parts import N_DECIMALS, Part
from purchase.insights.segments import ACTIONS, rfm

NEW, GONE = "(no record before)", "(no record since)"  # within the lookback
ORDER = [*ACTIONS, NEW, GONE]


def movement_part(orders, before, after):
    """Count who moved from which segment to which.

    Parameters
    ----------
    orders : DataFrame
        As ``rfm`` takes them.
    before, after : DataFrame with customer_id and cutoff
        The customers at the earlier and at the later cutoff.

    Returns
    -------
    Part
        Table ``movement``: before, after, n_customers and share_of_before.
    """
    names = [rfm(orders, rows)["segment"].set_axis(rows["customer_id"]) for rows in (before, after)]
    both = pd.DataFrame({"before": names[0], "after": names[1]}).fillna({"before": NEW, "after": GONE})
    table = both.groupby(["before", "after"]).size().rename("n_customers").reset_index()
    table["share_of_before"] = table["n_customers"] / table.groupby("before")["n_customers"].transform("sum")
    places = [table[name].map(ORDER.index).rename(name) for name in ("before", "after")]
    table = table.loc[pd.concat(places, axis=1).sort_values(["before", "after"]).index]
    stayed = table.loc[table["before"] == table["after"], "n_customers"].sum()
    numbers = {
        "cutoffs": [str(pd.Timestamp(int(rows["cutoff"].iloc[0]), unit="s").date()) for rows in (before, after)],
        "n_customers": len(both),
        "n_stayed": int(stayed),
        "n_new": int((both["before"] == NEW).sum()),
        "n_gone": int((both["after"] == GONE).sum()),
    }
    return Part(numbers, {"movement": table.round(N_DECIMALS)})
