"""Have the rows that are scored moved away from those that the champion learned from?"""

import pandas as pd

from purchase.evaluation.drift import stability_index
from purchase.insights.parts import N_DECIMALS, Part

MOST_ROWS = 500_000  # compared; of more, every second, third or so
N_SHOWN = 15  # features, the most drifted first


def shift_part(pairs, *, propensities, max_drift):
    """Measure drift by the population stability index: of features from training to test, of propensities from
    validation to test, since on the rows that it learned from the champion is surer than on others.

    Parameters
    ----------
    pairs : iterable of (feature, training column, test column)
    propensities : dict of {"validation", "test": array}
    max_drift : float
        Above it, a feature counts as drifted.

    Returns
    -------
    Part
        Table ``drift``: feature, drift; the most first.
    """
    found = [(name, stability_index(_thinned(base), _thinned(head))) for name, base, head in pairs]
    table = pd.DataFrame(found, columns=["feature", "drift"]).sort_values(
        ["drift", "feature"], ascending=[False, True], ignore_index=True
    )
    score = stability_index(pd.Series(propensities["validation"]), pd.Series(propensities["test"]))
    drifted = table["drift"] > max_drift
    numbers = {
        "propensity": round(score, N_DECIMALS),
        "n_features": len(table),
        "n_drifted": int(drifted.sum()),
        "max_drift": max_drift,
    }
    return Part(numbers, {"drift": table.head(N_SHOWN).round(N_DECIMALS)})


def _thinned(column):
    return column.iloc[:: -(-len(column) // MOST_ROWS) or 1]
