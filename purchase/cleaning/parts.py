"""Split a shop's rows into train, validation and test, by its task and by whether its rows have times."""

import narwhals as nw

from purchase.cleaning.split import plan_cutoffs, span_of_records, split_customers
from purchase.cleaning.split_sessions import score_sessions, split_by_content, split_by_time
from purchase.tables import end_of_records


def split_rows(tables, shop, *, cutoffs, test_share, validation_share, seed):
    """Split the rows of the shop's task.

    Parameters
    ----------
    tables : dict of LazyFrame
        The clean tables.
    shop : Shop
    cutoffs : CutoffParams

    Returns
    -------
    LazyFrame or DataFrame with the columns of ``SPLIT``, and a dict that says how the parts were cut
    """
    if shop.task == "customer":
        return _split_customers(tables, shop, cutoffs)
    shares = {"test_share": test_share, "validation_share": validation_share}
    sessions = tables["sessions"]
    if not sessions.filter(nw.col("started_at").is_null()).head(1).collect().is_empty():
        return split_by_content(sessions.collect("pyarrow").to_pandas(), seed=seed, **shares), {"by": "content"}
    scored = score_sessions(
        sessions, tables["events"], scoring_moment=shop.scoring_moment, first_k_events=cutoffs.first_k_events
    )
    split, about = split_by_time(scored, **shares)
    return split, {"by": "time"} | about


def _split_customers(tables, shop, cutoffs):
    first_at, last_at = span_of_records(tables["events"], tables["orders"])
    end_at = end_of_records(last_at, end=shop.dates.end, time_zone=shop.time_zone)
    planned = plan_cutoffs(
        first_at=first_at,
        end_at=end_at,
        horizon_days=cutoffs.horizon_days,
        lookback_days=cutoffs.lookback_days,
        n_train=cutoffs.n_train,
    )
    split = split_customers(
        tables["customers"], tables["events"], tables["orders"], planned, lookback_days=cutoffs.lookback_days
    )
    about = {"by": "cutoff", "first_record_at": first_at, "end_at": end_at, "cutoffs": planned}
    about["train_cutoffs_asked"] = cutoffs.n_train
    return split, about


def extra_categories(shop):
    """Return the names of the shop's extra columns that are categories."""
    extras = [item for source in shop.tables.values() for item in source.extra.items()]
    return sorted({name for name, extra in extras if extra.type == "category"})
