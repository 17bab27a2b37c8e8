import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from purchase.models.folds import SESSION_SECONDS, make_folds, make_row_folds
from purchase.tables import DAY, TableError
from tests.models.feature_tables import customer_table


def folds_of(table, *, n_folds=2, horizon_days=30):
    return make_folds(table, n_folds=n_folds, horizon_days=horizon_days, seed=0)


def table_at(cutoffs, labels, *, session_id=None):
    return pd.DataFrame(
        {"session_id": session_id, "cutoff": cutoffs, "group": np.arange(len(cutoffs)), "label": labels}
    )


def test_each_of_the_last_cutoffs_is_tested_by_a_model_of_all_earlier_ones():
    # Cutoffs on days 0, 30, 60; two rows each, of either class. Horizon 30 days: day 0's window ends on day 30.
    table = table_at(np.repeat([0, 30, 60], 2) * DAY, [0, 1] * 3)
    folds = [(list(train), list(test)) for train, test in folds_of(table)]
    assert folds == [([0, 1], [2, 3]), ([0, 1, 2, 3], [4, 5])]


def test_rows_whose_label_window_reaches_past_the_tested_cutoff_are_purged():
    # With a horizon of 31 days, day 0 counts from day 31 on and day 30 from day 61: day 60 is tested by day 0 alone.
    table = table_at(np.repeat([0, 30, 60, 90], 2) * DAY, [0, 1] * 4)
    folds = [(list(train), list(test)) for train, test in folds_of(table, horizon_days=31)]
    assert folds == [([0, 1], [4, 5]), ([0, 1, 2, 3], [6, 7])]


@given(
    spacing=st.integers(1, 40),
    horizon=st.integers(1, 60),
    n_cutoffs=st.integers(2, 8),
    n_folds=st.integers(2, 4),
    data=st.randoms(use_true_random=False),
)
def test_no_fold_trains_on_labels_of_the_tested_time_or_later(spacing, horizon, n_cutoffs, n_folds, data):
    times = [number * spacing * DAY for number in range(n_cutoffs) for _ in range(4)]
    data.shuffle(times)
    table = table_at(np.array(times), np.arange(len(times)) % 2)
    try:
        folds = folds_of(table, n_folds=n_folds, horizon_days=horizon)
    except TableError:
        return
    cutoff = table["cutoff"].to_numpy()
    for train, test in folds:
        assert (cutoff[train] + horizon * DAY).max() <= cutoff[test].min()


@given(st.lists(st.integers(0, 40 * DAY), min_size=24, max_size=60), st.integers(2, 4))
def test_no_block_of_sessions_trains_on_sessions_that_may_still_run(times, n_folds):
    table = table_at(np.array(times), np.arange(len(times)) % 2, session_id="s")
    try:
        folds = folds_of(table, n_folds=n_folds)
    except TableError:
        return
    cutoff = table["cutoff"].to_numpy()
    tested = [row for _, test in folds for row in test]
    assert len(tested) == len(set(tested))
    for train, test in folds:
        assert cutoff[train].max() + SESSION_SECONDS <= cutoff[test].min()


def test_sessions_are_cut_into_blocks_of_as_many_rows():
    times = np.arange(12) * DAY
    folds = folds_of(table_at(times[::-1], [0, 1] * 6, session_id="s"), n_folds=2)
    assert [sorted(test) for _, test in folds] == [[4, 5, 6, 7], [0, 1, 2, 3]]
    assert [sorted(train) for train, _ in folds] == [[8, 9, 10, 11], [4, 5, 6, 7, 8, 9, 10, 11]]


def test_without_times_identical_rows_stay_in_one_fold():
    table = table_at(np.full(60, np.nan), np.arange(60) % 3 == 0, session_id="s").assign(group=np.arange(60) // 2)
    for train, test in folds_of(table, n_folds=3):
        assert not set(table["group"].iloc[train]) & set(table["group"].iloc[test])


def test_a_fold_of_one_class_says_which_fold_and_cutoff_and_what_to_change():
    table = table_at(np.repeat([0, 30, 60], 2) * DAY, [0, 1, 0, 1, 0, 0])
    with pytest.raises(TableError, match=r"fold 1 of 2 \(cutoff 1970-03-02\), the 2 rows that test .* label 0.*Lower"):
        folds_of(table)


def test_too_few_cutoffs_say_how_many_there_are_and_what_to_change():
    with pytest.raises(TableError, match=r"3 cutoffs \(1970-01-01, .*fit.n_folds=3 needs 3. Lower fit.n_folds"):
        folds_of(table_at(np.repeat([0, 30, 60], 2) * DAY, [0, 1] * 3), n_folds=3)


def test_a_rare_class_without_times_says_how_rare():
    with pytest.raises(TableError, match=r"hold 1 groups with label 1, and fit\.n_folds=2"):
        folds_of(table_at(np.full(9, np.nan), [1] + [0] * 8, session_id="s"))


def test_the_same_seed_gives_the_same_folds():
    table = customer_table().assign(cutoff=None)
    for one, other in zip(folds_of(table), folds_of(table), strict=True):
        assert np.array_equal(one[1], other[1])


def test_row_folds_test_each_row_once_and_keep_equal_rows_together():
    table = pd.DataFrame({"group": [0, 1, 2, 3, 0, 4, 5, 5], "label": [0, 1, 0, 1, 1, 0, 0, 0]})
    folds = make_row_folds(table, n_folds=3, seed=0)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(8))
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(8))
        assert not set(table["group"][train]) & set(table["group"][test])
        assert len(set(table["group"][test]) & {0, 1, 3}) == 1  # each of the three with a positive row in its own fold


def test_fewer_positive_rows_than_row_folds_are_refused():
    table = pd.DataFrame({"group": np.arange(9), "label": [1, 1] + [0] * 7})
    with pytest.raises(TableError, match=r"hold 2 groups with label 1, and fit\.n_folds=3"):
        make_row_folds(table, n_folds=3, seed=0)
