"""The label of each row: whether an order follows."""

import datetime

import narwhals as nw

from purchase.tables import DAY, TableError, end_of_records

COL = nw.col


def label_rows(rows, tables, shop, *, horizon_days):
    """Label the rows of the shop's task; returns a LazyFrame with ``row_id`` and ``label`` (int8)."""
    if shop.task == "session":
        return label_sessions(rows, tables["sessions"])
    times = nw.concat([tables["events"].select(at="event_at"), tables["orders"].select(at="ordered_at")])
    last_at = int(times.select(COL("at").max()).collect().item())
    end_at = end_of_records(last_at, end=shop.dates.end, time_zone=shop.time_zone)
    return label_customers(rows, tables["orders"], horizon_days=horizon_days, end_at=end_at)


def label_customers(rows, orders, *, horizon_days, end_at):
    """Label each row 1 if its customer orders in ``[cutoff, cutoff + horizon_days)``, else 0.

    Parameters
    ----------
    rows : LazyFrame
        ``row_id``, ``customer_id`` and ``cutoff`` (seconds).
    orders : LazyFrame
        The clean orders.
    end_at : int
        The first instant that the records do not cover, in seconds.

    Returns
    -------
    LazyFrame
        ``row_id`` and ``label``, int8.

    Raises
    ------
    TableError
        If the records end before a row's horizon does: that label cannot be known.
    """
    last = rows.select(COL("cutoff").max()).collect().item()
    if last is not None and last + horizon_days * DAY > end_at:
        raise TableError(
            f"The horizon of the cutoff {_utc(last)} runs to {_utc(last + horizon_days * DAY)}, but the records end at "
            f"{_utc(end_at)}. Run `dvc repro preprocess` to choose cutoffs anew, or mend dates.end in the shop's YAML."
        )
    pairs = rows.select("row_id", "customer_id", "cutoff").join(
        orders.select("customer_id", "ordered_at"), on="customer_id"
    )
    follow = (COL("ordered_at") >= COL("cutoff")) & (COL("ordered_at") < COL("cutoff") + horizon_days * DAY)
    positive = pairs.filter(follow).select("row_id").unique().with_columns(found=nw.lit(1))
    labelled = rows.select("row_id").join(positive, on="row_id", how="left")
    return labelled.select("row_id", label=COL("found").fill_null(0).cast(nw.Int8))


def label_sessions(rows, sessions):
    """Label each row 1 if its session orders at or after the cutoff; a shop's own table of sessions says so itself."""
    outcome = sessions.select("session_id", "n_events", "first_ordered_at", "ordered")
    joined = rows.select("row_id", "session_id", "cutoff").join(outcome, on="session_id", how="left")
    later = (COL("first_ordered_at") >= COL("cutoff")).fill_null(False)
    label = nw.when(COL("n_events").is_null()).then(COL("ordered")).otherwise(later)
    return joined.select("row_id", label=label.cast(nw.Int8))


def count_labels(rows):
    """Return {part: {"rows", "positives", "share_positive", "cutoffs"}} of labelled rows.

    Raises
    ------
    TableError
        If the labels of a part are all 0 or all 1: nothing can be learnt from it or measured on it.
    """
    numbers = rows.group_by("part").agg(
        rows=nw.len(),
        positives=COL("label").cast(nw.Int64).sum().cast(nw.Int64),
        first=COL("cutoff").min(),
        last=COL("cutoff").max(),
        cutoffs=COL("cutoff").n_unique(),
    )
    found = numbers.collect("pyarrow").to_pandas().set_index("part").loc[["train", "validation", "test"]]
    counts = {}
    for part, row in found.iterrows():
        n_rows, positives = int(row["rows"]), int(row["positives"])
        if positives in (0, n_rows):
            when = "" if row.isna()["first"] else f", cutoffs {_utc(int(row['first']))} to {_utc(int(row['last']))}"
            raise TableError(
                f"All {n_rows} labels of the {part} part{when} are {int(positives > 0)}: {positives} rows ordered and "
                f"{n_rows - positives} did not. For the customer task change cutoffs.horizon_days (longer if nobody "
                "orders, shorter if everybody does) or bring more records; for the session task check that purchases "
                "or `ordered` are mapped in the shop's YAML, or raise preprocess.test_share and validation_share."
            )
        counts[part] = {"rows": n_rows, "positives": positives, "share_positive": positives / n_rows}
        if not row.isna()["first"]:
            counts[part] |= {"first_cutoff_at": int(row["first"]), "last_cutoff_at": int(row["last"])}
            counts[part]["cutoffs"] = int(row["cutoffs"])
    return counts


def _utc(at):
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
