"""One estimator for any table with a label of two classes: the families, their blend and calibration behind ``fit``."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted
from threadpoolctl import threadpool_limits

from purchase.models.calibration import METHODS, calibrate
from purchase.models.columns import feature_frame, informative_kinds
from purchase.models.committee import fit_committees
from purchase.models.deadline import Deadline
from purchase.models.ensemble import blend, even_weights, greedy_weights
from purchase.models.folds import go_by_time, make_folds, make_row_folds
from purchase.models.inputs import as_labels, as_seconds, as_table, check_columns
from purchase.models.portfolio import candidates_for
from purchase.models.training import fit_propensity
from purchase.tables import TableError

# Few equal rows are copies, which would be tested by a model that knows them. Of a table of few values, many rows are
# equal by chance, and are to be told apart by nothing but their labels.
MOST_COPIES = 0.1


class PropensityClassifier(ClassifierMixin, BaseEstimator):
    """Calibrated propensities from a table as it is: numbers, categories, booleans, times, with or without gaps.

    Parameters
    ----------
    family : str
        ``auto`` fits a list of candidates of all families (purchase/models/portfolio.py) on inner folds and blends
        those that greedy selection takes on out-of-fold probabilities. Or one of FAMILIES.
    settings : dict or None
        Overrides the family's default settings; for ``auto``, {family: settings}.
    calibration : {"auto", "none", "sigmoid", "beta", "pooled", "isotonic"}
        ``auto``: the one with the lowest log loss on out-of-fold rows, cross-fitted; with ``times``, the simplest
        that is no worse than that by more than months differ.
    n_folds : int
        Inner folds; fewer, with a warning, where the rows of a class or the times are too few.
    time_budget_s : float or None
        Seconds after which no fit is begun, and none that would not be done by then as far as its first folds tell.
        What is fitted then depends on the machine's speed; without a budget, on the data and ``seed`` alone.
    seed : int
    n_threads : int

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        In sorted order; the second is the positive one.
    members_ : list of Committee
        The models that have a weight; none if only the share of positives could be learnt.
    weights_ : ndarray of shape (n_members,)
    calibrator_ : scikit-learn estimator or None
    share_ : float
        Of positives among the training rows.
    kinds_ : dict of str to {"number", "category", "boolean"}
        The columns that are used; those that are the same in all rows are not.
    out_of_fold_ : DataFrame with row, fold, label, propensity
        A row for each that some inner fold tested; ``row`` is its position.

    Examples
    --------
    >>> model = PropensityClassifier(time_budget_s=60).fit(train, train.pop("bought"))  # doctest: +SKIP
    >>> model.predict_proba(new)[:, 1]  # doctest: +SKIP
    """

    def __init__(
        self,
        family="auto",
        *,
        settings=None,
        calibration="auto",
        n_folds=8,
        time_budget_s=None,
        seed=0,
        n_threads=2,
    ):
        self.family = family
        self.settings = settings
        self.calibration = calibration
        self.n_folds = n_folds
        self.time_budget_s = time_budget_s
        self.seed = seed
        self.n_threads = n_threads

    def fit(self, X, y, groups=None, times=None):
        """Fit the candidates, their blend and its calibrator.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)
            Two classes; the greater is the positive one.
        groups : array-like of shape (n_rows,), or None
            Rows of one group (a customer, say) stay in one inner fold. None: equal rows do, if at most a
            tenth of the rows are copies.
        times : array-like of shape (n_rows,), or None
            Datetimes, or seconds since 1970. Inner folds then test blocks of time by models of what was before, and
            ``groups`` is not used: customers come back in the future, too. A block's models see labels of rows from
            half an hour before it: where labels take longer to be known, give times that far apart, or the times at
            which they are known.

        Raises
        ------
        TableError
            If column names are not unique, a number is infinite, or a time is missing.
        ValueError
            If y has not two classes, or a parameter's value does not exist or does not go with another.
        """
        deadline = Deadline(self.time_budget_s)
        candidates = candidates_for(self.family, self.settings)
        self._check_params(candidates)
        table = self._read(X, reset=True)
        self.classes_, label = as_labels(y)
        check_consistent_length(table, label)
        self.share_ = float(np.mean(label))
        self.kinds_ = informative_kinds(table)
        frame = feature_frame(table, self.kinds_)
        self.members_, self.weights_, self.calibrator_, self.out_of_fold_ = [], np.zeros(0), None, None
        if not self.kinds_:
            _warn_base_rate(f"all {table.shape[1]} columns are the same in all {len(table)} rows", self.share_)
        elif folds := self._folds(frame, label, groups, times):
            self._fit_blend(frame, label, candidates, folds, deadline)
        return self

    def predict_proba(self, X):
        """Return the calibrated probability of each class, shape (n_rows, 2).

        Categories that training did not see count as rare or missing ones; columns may come in any order, and those
        that training did not have are ignored.

        Raises
        ------
        TableError
            If a column that training had is missing: names it.
        """
        check_is_fitted(self)
        table = self._read(X, reset=False)
        propensity = np.full(len(table), self.share_)
        if self.members_:
            frame = feature_frame(table, self.kinds_)
            with threadpool_limits(self.n_threads):
                raw = [member.predict_probability(frame) for member in self.members_]
            propensity = calibrate(self.calibrator_, blend(raw, self.weights_))
        return np.column_stack([1 - propensity, propensity])

    def predict(self, X):
        """Return the likelier class of each row, shape (n_rows,)."""
        propensity = self.predict_proba(X)[:, 1]
        return self.classes_[(propensity > 0.5).astype(int)]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _check_params(self, candidates):
        if self.calibration not in ("auto", *METHODS):
            raise ValueError(f"calibration={self.calibration!r} does not exist; there are auto, {', '.join(METHODS)}")
        if self.calibration == "none" and any(one.settings.balances for one in candidates):
            raise ValueError("calibration='none' would leave probabilities as weighted rows make them: set 'auto'")
        if self.n_folds < 2:
            raise ValueError(f"n_folds={self.n_folds}: there must be 2 or more, so that each row is tested by others")

    def _read(self, X, *, reset):
        table = as_table(X)
        check_columns(self, X, reset=reset)
        return table

    def _folds(self, frame, label, groups, times):
        """The inner folds, as many as can be made of ``n_folds``; none if a class has but one row."""
        keys = _key_columns(frame, label, groups, times)
        rows_only = groups is None and times is None
        make = make_row_folds if rows_only else partial(make_folds, horizon_days=0)
        for n_folds in range(self.n_folds, 1, -1):
            try:
                folds = make(keys, n_folds=n_folds, seed=self.seed)
            except TableError as error:
                problem = error
                continue
            if n_folds < self.n_folds:
                warnings.warn(f"{n_folds} inner folds instead of {self.n_folds}: {problem}", stacklevel=3)
            return folds
        _warn_base_rate(f"no inner folds can be made ({problem})", self.share_)
        return []

    def _fit_blend(self, frame, label, candidates, folds, deadline):
        common = {"folds": folds, "seed": self.seed, "n_threads": self.n_threads, "deadline": deadline}
        committees, tested = fit_committees(frame, label, candidates, **common)
        if not committees:
            _warn_base_rate(f"time_budget_s={self.time_budget_s} is too short for one fit", self.share_)
            return
        rows, fold = tested[0].rows, tested[0].fold
        probabilities = np.array([one.probability for one in tested])
        weights = even_weights(greedy_weights(probabilities, label[rows]))
        self.calibrator_, propensity = fit_propensity(
            blend(probabilities, weights),
            label[rows],
            fold,
            calibration=self.calibration,
            by_time=go_by_time(folds, len(frame)),
        )
        self.members_ = [committee for committee, weight in zip(committees, weights, strict=True) if weight > 0]
        self.weights_ = weights[weights > 0]
        self.out_of_fold_ = pd.DataFrame(
            {"row": rows, "fold": fold, "label": label[rows], "propensity": propensity}
        ).sort_values("row", ignore_index=True)


def _key_columns(frame, label, groups, times):
    """The key columns of a feature table that make_folds reads."""
    if times is not None:
        check_consistent_length(frame, times)
    if groups is not None:
        check_consistent_length(frame, groups)
        group = pd.factorize(np.asarray(groups), use_na_sentinel=False)[0]
    else:
        group, distinct = pd.factorize(pd.util.hash_pandas_object(frame, index=False))
        if len(distinct) < (1 - MOST_COPIES) * len(frame):
            group = np.arange(len(frame))
    cutoff = None if times is None else as_seconds(times)
    row = np.arange(len(frame))
    return pd.DataFrame({"session_id": row.astype(str), "cutoff": cutoff, "group": group, "label": label})


def _warn_base_rate(reason, share):
    warnings.warn(f"Every row gets the share of positives, {share:.4g}: {reason}.", stacklevel=4)
