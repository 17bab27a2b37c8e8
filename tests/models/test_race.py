"""Candidates far behind are given up, those near the best are not."""

import numpy as np

from purchase.models.race import LEAST_SHARE, N_FOLDS, Hopeless, Race

LABELS = [np.array([0, 0, 0, 1])] * (N_FOLDS + 2)


def probabilities(sure):
    """Probabilities that know the label, if ``sure`` is 1, or nothing but the share of positives, if it is 0."""
    return [sure * label + (1 - sure) * 0.25 for label in LABELS]


def folds_fitted(race, found):
    run, n_folds = race.new_candidate(), 0
    try:
        for probability in found:
            n_folds += 1
            run(probability)
    except Hopeless:
        return n_folds
    return n_folds


def test_the_first_is_seen_to_its_end_however_bad_and_one_far_behind_is_given_up_after_its_first_folds():
    race = Race(LABELS)
    assert folds_fitted(race, probabilities(0.5)) == len(LABELS)
    assert folds_fitted(race, probabilities(0.1)) == N_FOLDS
    assert folds_fitted(race, probabilities(0.9)) == len(LABELS)
    assert folds_fitted(race, probabilities(0.5)) == N_FOLDS  # the best so far counts, not the first
    assert [len(losses) for losses in race.finished] == [len(LABELS)] * 2


def test_how_far_behind_is_a_share_of_the_best_ones_way_from_the_base_rate():
    race = Race(LABELS)
    folds_fitted(race, probabilities(0.9))
    [best], base = race.finished, race.base[0]
    barely = base - (LEAST_SHARE + 0.001) * (base - best[0])
    for loss, n_folds in ((barely, len(LABELS)), (base - (LEAST_SHARE - 0.001) * (base - best[0]), N_FOLDS)):
        alike = np.exp(-loss)  # as much to the class of every row
        assert folds_fitted(race, [np.where(label == 1, alike, 1 - alike) for label in LABELS]) == n_folds


def test_a_candidate_may_catch_up_later():
    race = Race(LABELS)
    folds_fitted(race, probabilities(0.5))
    good, bad = probabilities(0.9), probabilities(0.1)
    assert folds_fitted(race, [*good[:N_FOLDS], *bad[N_FOLDS:]]) == len(LABELS)


def test_no_candidate_is_given_up_where_none_is_better_than_the_base_rate():
    race = Race(LABELS)
    wrong = [1 - probability for probability in probabilities(0.5)]
    assert folds_fitted(race, wrong) == len(LABELS)
    assert folds_fitted(race, probabilities(0.0)) == len(LABELS)
    assert folds_fitted(race, wrong) == N_FOLDS
