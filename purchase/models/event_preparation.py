"""Features and last events as one table of numbers, for the network that reads both."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from purchase.models.last_events import LAST_EVENTS, length_of, lists_of
from purchase.models.preparation import MAX_CATEGORIES, MIN_CATEGORY_ROWS, DensePreparation, clipped

TEXTS = ("event_type", "category")
N_NUMBERS = 3  # of an event: price, gap to the next event, age when scored
N_COLUMNS = len(TEXTS) + N_NUMBERS  # of an event
PADDING, OTHER, FIRST = 0, 1, 2  # codes of no event, of a missing, rare or unseen word, and of the first known word
N_CODES = FIRST + MAX_CATEGORIES


class EventPreparation(TransformerMixin, BaseEstimator):
    """The features as ``DensePreparation`` gives them, and behind them the last events in codes and numbers.

    Parameters
    ----------
    n_events : int
        The last so many of each row. Of rows with fewer, the others are padding in front.

    Attributes
    ----------
    features_ : fitted pipeline
    words_ : dict of {text array: list of str}
        Those that at least MIN_CATEGORY_ROWS events have, the most frequent MAX_CATEGORIES, sorted.
    mean_, deviation_ : array of shape (N_NUMBERS,)
        Of the logarithms of the numbers, without missing ones.
    """

    def __init__(self, n_events=20):
        self.n_events = n_events

    def fit(self, X, y=None):
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Fit, and transform the features at once, which spares half of the time."""
        self.features_ = DensePreparation()
        features = self.features_.fit_transform(X.drop(columns=LAST_EVENTS, errors="ignore"))
        if LAST_EVENTS in X:
            lists = lists_of(X[LAST_EVENTS])
            self.words_ = {name: frequent_words(lists[name]) for name in TEXTS}
            numbers = self._logarithms(X[LAST_EVENTS]).reshape(-1, N_NUMBERS)
            known = np.isfinite(numbers)
            n_known = np.maximum(known.sum(axis=0), 1)
            self.mean_ = np.where(known, numbers, 0.0).sum(axis=0) / n_known
            squares = np.where(known, numbers - self.mean_, 0.0) ** 2
            self.deviation_ = np.sqrt(squares.sum(axis=0) / n_known)
        return np.hstack([features, self._events(X)])

    def transform(self, X):
        """Return shape (n_rows, n_features + N_COLUMNS * n_events).

        The codes of the event types come first, then those of the categories, then the numbers, event by event. Where
        training had no events, all are padding.
        """
        check_is_fitted(self)
        features = self.features_.transform(X.drop(columns=LAST_EVENTS, errors="ignore"))
        return np.hstack([features, self._events(X)])

    def _events(self, X):
        if not hasattr(self, "words_"):
            return np.zeros((len(X), N_COLUMNS * self.n_events))
        column, lists = X[LAST_EVENTS], lists_of(X[LAST_EVENTS])
        happened = self._last(lists["event_type"].is_valid(), column, nothing=False)
        codes = [np.where(happened, self._codes(lists[name], self.words_[name], column), PADDING) for name in TEXTS]
        spread = np.where(self.deviation_ > 0, self.deviation_, 1.0)
        numbers = clipped((self._logarithms(column) - self.mean_) / spread)
        numbers = np.nan_to_num(numbers, nan=0.0)  # 0: the mean
        return np.hstack([*codes, numbers.reshape(len(X), -1)])

    def _codes(self, words, known, column):
        place = pc.index_in(words, value_set=pa.array(known, pa.string()))
        return self._last(pc.add(place, FIRST).fill_null(OTHER), column, nothing=PADDING)

    def _logarithms(self, column):
        """Return price, gap and age of each event as log(1 + x), NaN where missing, (n_rows, n_events, N_NUMBERS)."""
        lists = lists_of(column)
        price, gap = (
            self._last(lists[name].cast(pa.float64()), column, nothing=np.nan)
            for name in ("price_cents", "gap_seconds")
        )
        age = np.cumsum(np.nan_to_num(gap, nan=0.0)[:, ::-1], axis=1)[:, ::-1]
        return np.log1p(np.stack([price, gap, np.where(np.isfinite(gap), age, np.nan)], axis=2))

    def _last(self, values, column, *, nothing):
        """Return the values of each row's last events, (n_rows, n_events), ``nothing`` where the column has no room."""
        rows = values.to_numpy(zero_copy_only=False).reshape(len(column), length_of(column))[:, -self.n_events :]
        return np.pad(rows, ((0, 0), (self.n_events - rows.shape[1], 0)), constant_values=nothing)


def frequent_words(words):
    """Return the words that enough events have, sorted; of very many, the most frequent."""
    counts = {count["values"]: count["counts"] for count in words.drop_null().value_counts().to_pylist()}
    frequent = [word for word, count in counts.items() if count >= MIN_CATEGORY_ROWS]
    return sorted(sorted(frequent, key=lambda word: (-counts[word], word))[:MAX_CATEGORIES])
