"""Weigh the members of an ensemble by what their out-of-fold propensities tell."""

import numpy as np

from purchase.models.calibration import calibrate, fit_calibrator
from purchase.models.ensemble import blend, greedy_weights
from purchase.tables import TableError

KEYS = ["row_id", "fold", "label"]


def weigh(tables, *, n_rounds):
    """Choose the weights of an ensemble, and score its rows out of fold.

    Weights are chosen on propensities that were brought to each fold's own level. Where a fold is a month, no model
    knows how many order in it: otherwise models that happened to be too high would be weighed against those that were
    too low (docs/experiments.md).

    Parameters
    ----------
    tables : dict of {model: DataFrame with row_id, fold, label and propensity}
        As ``fit_model`` returns them, all of the same rows.
    n_rounds : int
        See ``greedy_weights``.

    Returns
    -------
    weights : dict of {model: float}
        Of the models that have any; chosen on all rows.
    out_of_fold : DataFrame with row_id, fold, label, score, propensity
        As ``fit_model`` returns it. A fold's rows are blended by weights that the other folds chose, since on the rows
        that chose them no blend is worse than its best member.

    Raises
    ------
    TableError
        If two models were not tested on the same rows: names them, a row and both values.
    """
    rows = _common_rows(tables)
    label, fold = rows["label"].to_numpy(), rows["fold"].to_numpy()
    propensities = np.array([table["propensity"].to_numpy() for table in tables.values()])
    levelled = np.array([_levelled(one, label, fold) for one in propensities])
    blended = np.empty(len(rows))
    for tested in np.unique(fold):
        rest, here = fold != tested, fold == tested
        weights = greedy_weights(levelled[:, rest], label[rest], n_rounds=n_rounds)
        blended[here] = blend(propensities[:, here], weights)
    weights = greedy_weights(levelled, label, n_rounds=n_rounds)
    chosen = {name: float(weight) for name, weight in zip(tables, weights, strict=True) if weight > 0}
    return chosen, rows.assign(score=blended, propensity=blended)


def _levelled(propensity, label, fold):
    """Return propensities whose level and spread are right within each fold: what is left is how rows differ.

    By ``beta``, since it never falls: a model that ranks a fold the wrong way round must not be turned.
    """
    levelled = np.empty(len(propensity))
    for tested in np.unique(fold):
        here = fold == tested
        calibrator = fit_calibrator(propensity[here], label[here], method="beta")
        levelled[here] = calibrate(calibrator, propensity[here])
    return levelled


def _common_rows(tables):
    """Return the keys of the rows that all tables hold in the same order; refuse tables of different rows."""
    (first, expected), *others = ((name, table[KEYS]) for name, table in tables.items())
    for name, found in others:
        if difference := _difference(found, expected):
            raise TableError(
                f"models/{name} was not tested on the rows of models/{first}: {difference}. Both come of one training "
                "table and its folds: run `dvc repro`, which fits again what is out of date."
            )
    return expected


def _difference(found, expected):
    """Say in words how the keys of two tables differ, or nothing if they do not."""
    if list(found["row_id"]) != list(expected["row_id"]):
        return _different_rows(set(found["row_id"]), set(expected["row_id"]))
    for column in ("fold", "label"):
        one, other = found[column].to_numpy(), expected[column].to_numpy()
        if (differs := np.flatnonzero(one != other)).size:
            at = differs[0]
            first = f"{column}={one[at]} at row_id={found['row_id'].iloc[at]!r} instead of {other[at]}"
            return f"{first} ({differs.size} of {len(found)} rows differ)"
    return ""


def _different_rows(found, expected):
    if alone := sorted(found ^ expected, key=str):
        common = f"{len(found & expected)} in both" if found & expected else "none in both"
        return f"row_id in one of the two alone: {len(alone)}, such as {alone[0]!r}; {common}"
    return "the rows are the same, but repeated or in another order"
