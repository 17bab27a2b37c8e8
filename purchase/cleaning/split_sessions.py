"""Say which sessions, scored at which moment, train, validate and test."""

import narwhals as nw
import numpy as np
import pandas as pd

from purchase.cleaning.sessions import known_at
from purchase.cleaning.split import SPLIT
from purchase.tables import TableError


def score_sessions(sessions, events, *, scoring_moment, first_k_events):
    """Say when each session is scored, and whom the shop knows it to be of by then.

    ``session_start``: at its first event, whose customer it takes. ``during_session``: the instant after its event
    number ``first_k_events``; sessions that are shorter, or have ordered by then, are no rows. ``session_end`` is for
    the shop's own tables of sessions, whose rows are scored when they end; by then a log's session
    holds its own outcome.

    Returns
    -------
    LazyFrame
        ``session_id``, ``customer_id``, ``started_at``, ``ended_at`` and ``cutoff`` (seconds; the first instant that
        features may not see).

    Raises
    ------
    TableError
        If sessions that come from events are to be scored at their end.
    """
    columns = ("session_id", "customer_id", "started_at", "ended_at", "cutoff")
    if sessions.filter(~nw.col("n_events").is_null()).head(1).collect().is_empty():  # the shop's own table
        at_end = nw.coalesce("ended_at", "started_at")
        return sessions.with_columns(cutoff=at_end if scoring_moment == "session_end" else nw.col("started_at")).select(
            *columns
        )
    if scoring_moment == "session_end":
        raise TableError(
            "scoring_moment=session_end leaves nothing to predict: sessions made of events hold their own purchases by "
            "then. Set scoring_moment to session_start or during_session in the shop's YAML."
        )
    k = 1 if scoring_moment == "session_start" else first_k_events
    in_time = {"order_by": ["known_at", "row"]}
    browsing = events.filter(~nw.col("session_id").is_null()).with_columns(known_at=known_at())
    numbered = browsing.with_columns(
        number=nw.col("row").cum_count().over("session_id", **in_time),
        known=nw.col("customer_id").fill_null(strategy="forward").over("session_id", **in_time),
    )
    kth = numbered.filter(nw.col("number") == k).select("session_id", known_id="known", kth_at="known_at")
    scored = sessions.join(kth, on="session_id").with_columns(customer_id=nw.col("known_id"))
    if scoring_moment == "session_start":
        return scored.with_columns(cutoff=nw.col("started_at")).select(*columns)
    open_still = nw.col("first_ordered_at").is_null() | (nw.col("first_ordered_at") > nw.col("kth_at"))
    return scored.filter(open_still).with_columns(cutoff=nw.col("kth_at") + 1).select(*columns)


def split_by_time(scored, *, test_share, validation_share):
    """Cut sessions into parts by when they start; the last are for test.

    A boundary lies between two instants, so sessions that start together stay together. A session that runs across a
    boundary is left out, since a part must not see how one of an earlier part ends; so is one that is scored only after
    it, since its events arrived late.

    Returns
    -------
    LazyFrame with the columns of ``SPLIT``, and a dict: the boundaries (seconds) and the number of sessions left out
    """
    instants = scored.group_by("started_at").agg(n=nw.len().cast(nw.Int64)).collect("pyarrow").to_pandas()
    instants = instants.sort_values("started_at")
    before = instants["n"].cumsum() - instants["n"]
    n_rows = int(instants["n"].sum())
    ends = [n_rows - round(n_rows * share) for share in (test_share + validation_share, test_share)]
    starts = [instants.loc[before >= end, "started_at"] for end in ends]
    if n_rows == 0 or any(start.empty for start in starts):
        raise TableError(
            f"{n_rows} sessions at {len(instants)} different times cannot be cut into three parts by time. Lower "
            "preprocess.test_share and preprocess.validation_share, or bring more sessions."
        )
    validation, test = (int(start.iloc[0]) for start in starts)
    crosses = [
        (nw.col("started_at") < boundary)
        & ((nw.coalesce("ended_at", "started_at") >= boundary) | (nw.col("cutoff") > boundary))
        for boundary in (validation, test)
    ]
    part = (
        nw.when(nw.col("started_at") >= test)
        .then(nw.lit("test"))
        .otherwise(nw.when(nw.col("started_at") >= validation).then(nw.lit("validation")).otherwise(nw.lit("train")))
    )
    person = nw.coalesce("customer_id", nw.concat_str(nw.lit("session "), nw.col("session_id")))
    stay = scored.filter(~(crosses[0] | crosses[1])).with_columns(
        row_id=nw.col("session_id"), part=part, group=person.rank("dense").cast(nw.Int64)
    )
    n_left_out = int(scored.filter(crosses[0] | crosses[1]).select(nw.len()).collect().item())
    about = {"validation_from": validation, "test_from": test, "left_out_across_a_boundary": n_left_out}
    return stay.select(*SPLIT), about


def split_by_content(sessions, *, test_share, validation_share, seed):
    """Cut sessions without times into parts at random, the same share of positives in each.

    Sessions that are the same in everything but their id are one group, and a group is in one part only.

    Parameters
    ----------
    sessions : DataFrame of shape (n_sessions, n_columns)
        The clean sessions.

    Returns
    -------
    DataFrame of shape (n_sessions, 6)
        The columns of ``SPLIT``; ``cutoff`` is missing.
    """
    content = [name for name in sessions.columns if name != "session_id"]
    rows = sessions[["session_id", "customer_id", "ordered"]].copy()
    rows["group"] = sessions.groupby(content, dropna=False, sort=True).ngroup().to_numpy()
    groups = rows.groupby("group").agg(n=("group", "size"), ordered=("ordered", "first")).reset_index()
    generator = np.random.default_rng(seed)
    assigned = [
        _assign(of_label.iloc[generator.permutation(len(of_label))], test_share, validation_share)
        for _, of_label in groups.groupby("ordered", sort=True)
    ]
    rows["part"] = rows["group"].map(pd.concat(assigned))
    rows["row_id"], rows["cutoff"] = rows["session_id"], pd.array([pd.NA] * len(rows), dtype="Int64")
    return rows[list(SPLIT)].sort_values("row_id", ignore_index=True)


def _assign(groups, test_share, validation_share):
    """Return the part of each group: the first ones to test until it has its share of rows, and so on."""
    share = ((groups["n"].cumsum() - groups["n"] / 2) / groups["n"].sum()).to_numpy()
    part = np.select([share <= test_share, share <= test_share + validation_share], ["test", "validation"], "train")
    return pd.Series(part, index=groups["group"])
