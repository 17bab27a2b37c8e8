"""What the insights are about: the shop, the dates, the model and the data, by their hashes."""

import hashlib

import pandas as pd

from purchase import files
from purchase.evaluation.ceiling import truth_path
from purchase.insights.parts import Part
from purchase.models.vouched import folder_hash
from purchase.tables import DAY


def about_part(shop, tables, *, n_features, params):
    """Describe shop, dates and hashes.

    Parameters
    ----------
    shop : Shop
    tables : dict of {part: path of its feature table}
    """
    numbers = {
        "shop": params.shop,
        "title": shop.title,
        "source": shop.source,
        "licence": shop.licence,
        "currency": shop.currency,
        "task": shop.task,
        "horizon_days": params.cutoffs.horizon_days,
        "lookback_days": params.cutoffs.lookback_days,
        "interval": params.evaluate.interval,
        "n_features": n_features,
        "rows": {part: _rows_of(path) for part, path in tables.items()},
        "hashes": {files.CHAMPION.as_posix(): folder_hash(files.CHAMPION)}
        | {path.as_posix(): _file_hash(path) for path in tables.values()},
    }
    return Part(numbers)


def _rows_of(path):
    rows = files.read_frame(path, columns=["cutoff", "label"])
    cutoffs = rows["cutoff"].dropna()
    ends = [cutoffs.min(), cutoffs.max()] if len(cutoffs) else []
    days = [str(pd.Timestamp(int(at) // DAY, unit="D").date()) for at in ends]
    return {"n_rows": len(rows), "n_ordered": int(rows["label"].sum()), "cutoffs": list(dict.fromkeys(days))}


def _file_hash(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def truth_or_reason(shop, params):
    """Return the simulated shop's true chances of what its task asks, or the reason why there are none."""
    if params.shop != "simulated":
        return "only the simulated shop knows the true chances of an order"
    if shop.task == "session":
        if shop.scoring_moment != "session_start":
            return (
                f"the truth of a session is told for its start, and scoring_moment is {shop.scoring_moment}, by when "
                "more is known"
            )
    elif params.cutoffs.horizon_days != params.simulate.truth_horizon_days:
        return (
            f"the truth is told for {params.simulate.truth_horizon_days} days (simulate.truth_horizon_days) and "
            f"cutoffs.horizon_days is {params.cutoffs.horizon_days}"
        )
    return files.read_frame(truth_path(shop.task))
