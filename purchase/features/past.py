"""The one gate between a row and the records: nothing at or after the row's cutoff passes it."""

import narwhals as nw

from purchase.tables import DAY


def past(rows, records, *, at, lookback_days):
    """Pair each row with its customer's records in ``[cutoff - lookback_days, cutoff)``.

    Parameters
    ----------
    rows : LazyFrame
        ``row_id``, ``customer_id`` and ``cutoff`` (seconds).
    records : LazyFrame
        A clean table with ``customer_id``.
    at : str
        The column of ``records`` that says when each happened, in seconds.

    Returns
    -------
    LazyFrame
        The records, each as often as rows see it, with ``row_id``, ``cutoff`` and ``age`` (seconds before the cutoff).
        A record that arrived (``arrived_at``, where there is one) at or after the cutoff is not seen.
    """
    known = ~nw.col("customer_id").is_null()
    others = [name for name in records.collect_schema().names() if name not in ("row_id", "cutoff")]
    pairs = (
        rows.filter(known)
        .select("row_id", "customer_id", "cutoff")
        .join(records.filter(known).select(others), on="customer_id")
    )
    aged = pairs.filter(arrived(records)).with_columns(age=nw.col("cutoff") - nw.col(at))
    return aged.filter((nw.col("age") > 0) & (nw.col("age") <= lookback_days * DAY))


def arrived(records):
    """True for records that the shop had before the cutoff; those without ``arrived_at`` it had at once."""
    if "arrived_at" not in records.collect_schema().names():
        return nw.lit(True)
    return nw.col("arrived_at").is_null() | (nw.col("arrived_at") < nw.col("cutoff"))


def within(days):
    """True for records in the ``days`` before the cutoff."""
    return nw.col("age") <= days * DAY
