"""Inner folds of the training rows: by time where rows have times, so that no model is tested on its own past."""

import datetime

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from purchase.tables import DAY, TableError

# A session's label is known when it is over. Sessions that begin this close to a block's start are left out of the
# rows that train for it; a longer pause than this ends a session in most shops.
SESSION_SECONDS = 30 * 60


def make_folds(features, *, n_folds, horizon_days, seed):
    """Return the folds of a training table, in the form that scikit-learn's searches take as ``cv``.

    Rows without times: stratified folds that keep each ``group`` together. Customer task: each of the last
    ``n_folds`` cutoffs is tested by a model of the rows whose horizon ends by then. Session task: the rows are cut
    into ``n_folds + 1`` blocks of time, and each but the first is tested by a model of all that is over before it.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        Needs ``cutoff`` (s since 1970-01-01 UTC), ``session_id``, ``group`` and ``label``.
    horizon_days : int
        Length of the customer task's label window, ``[cutoff, cutoff + horizon_days)``.

    Returns
    -------
    list of (train, test), arrays of row positions

    Raises
    ------
    TableError
        If there are too few cutoffs, or the rows that train or test a fold are all of one class.
    """
    if features["cutoff"].isna().any():
        folds = _stratified(features, n_folds=n_folds, seed=seed)
    elif features["session_id"].isna().all():
        folds = _by_cutoff(features["cutoff"].to_numpy("int64"), n_folds=n_folds, horizon_days=horizon_days)
    else:
        folds = _by_block(features["cutoff"].to_numpy("int64"), n_folds=n_folds)
    for number, (train, test, name) in enumerate(folds):
        _check_classes(features["label"].to_numpy(), train, test, place=f"fold {number} of {len(folds)} ({name})")
    return [(train, test) for train, test, _ in folds]


def make_row_folds(features, *, n_folds, seed):
    """Return stratified folds of rows without times or groups; only equal rows stay together.

    ``make_folds`` weighs each group against the others, which takes 0.15 ms a row. Where nearly all rows are a group
    of their own, the first of each stands for it: one that has a positive row counts as positive.

    Parameters
    ----------
    features : DataFrame of shape (n_rows, n_columns)
        Needs ``group`` (whole numbers from 0, the same for equal rows) and ``label``.

    Returns
    -------
    list of (train, test), arrays of row positions

    Raises
    ------
    TableError
        If a class has fewer groups than there are folds.
    """
    label, group = features["label"].to_numpy(), features["group"].to_numpy()
    group_label = np.zeros(group.max() + 1, dtype="int64")
    np.maximum.at(group_label, group, label)
    _check_groups(group_label, np.arange(len(group_label)), n_folds=n_folds)
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    fold = np.empty(len(group_label), dtype="int64")
    for number, (_, tested) in enumerate(splitter.split(group_label, group_label)):
        fold[tested] = number
    return [(np.flatnonzero(fold[group] != number), np.flatnonzero(fold[group] == number)) for number in range(n_folds)]


def go_by_time(folds, n_rows):
    """Return whether folds of so many rows go by time: those that do cannot test the first rows, others test all."""
    return sum(len(test) for _, test in folds) < n_rows


def _check_groups(label, group, *, n_folds):
    n_smallest = min(len(np.unique(group[label == value])) for value in (0, 1))
    if n_smallest < n_folds:
        rarer = int(np.mean(label) < 0.5)
        raise TableError(
            f"The training rows hold {n_smallest} groups with label {rarer}, and fit.n_folds={n_folds} needs one a "
            "fold. Lower fit.n_folds or bring more rows."
        )


def _stratified(features, *, n_folds, seed):
    label, group = features["label"].to_numpy(), features["group"].to_numpy()
    _check_groups(label, group, n_folds=n_folds)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    return [(train, test, "without times") for train, test in splitter.split(features, label, group)]


def _by_cutoff(cutoff, *, n_folds, horizon_days):
    cutoffs = np.unique(cutoff)
    testable = [time for time in cutoffs if cutoffs[0] + horizon_days * DAY <= time]
    if len(testable) < n_folds:
        raise TableError(
            f"The training rows have {len(cutoffs)} cutoffs ({', '.join(_day(time) for time in cutoffs)}), of which "
            f"{len(testable)} come after another one's horizon of {horizon_days} days; fit.n_folds={n_folds} needs "
            f"{n_folds}. Lower fit.n_folds, raise cutoffs.n_train, or bring a longer history."
        )
    return [
        (np.flatnonzero(cutoff + horizon_days * DAY <= time), np.flatnonzero(cutoff == time), f"cutoff {_day(time)}")
        for time in testable[-n_folds:]
    ]


def _by_block(cutoff, *, n_folds):
    ordered = np.sort(cutoff)
    starts = [ordered[len(ordered) * number // (n_folds + 1)] for number in range(1, n_folds + 1)]
    block = np.searchsorted(starts, cutoff, side="right")
    return [
        (
            np.flatnonzero(cutoff + SESSION_SECONDS <= start),
            np.flatnonzero(block == number),
            f"sessions from {_day(start)} on",
        )
        for number, start in enumerate(starts, start=1)
    ]


def _check_classes(label, train, test, *, place):
    for rows, part in ((train, "train"), (test, "test")):
        if len(np.unique(label[rows])) < 2:
            value = f"all have label {label[rows][0]}" if len(rows) else "are none"
            raise TableError(
                f"In {place}, the {len(rows)} rows that {part} it {value}; a model needs both classes. "
                "Lower fit.n_folds, raise cutoffs.horizon_days, or bring more rows."
            )


def _day(time):
    return datetime.datetime.fromtimestamp(int(time), datetime.UTC).date().isoformat()
