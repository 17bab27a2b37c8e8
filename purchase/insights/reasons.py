"""Why this row: what its features add to its log-odds, and the three that add or take most, in words."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.special import logit

from purchase.models.calibration import LEAST
from purchase.models.columns import feature_frame
from purchase.models.registry import family_module

N_REASONS = 3
CHUNK_ROWS = 50_000  # explained at a time: 50 MB of contributions at 120 features
# Features that go together, like time since the last event and since the last view, are one reason, not two.
CORRELATED = 0.7  # least rank correlation, of either sign, within a group
SAMPLE_ROWS = 5_000  # on which it is measured


def contributions(model, features, *, typical):
    """Return what each feature adds to the log-odds of each row.

    Families whose library has SHAP values give those. For the others, a feature adds what is lost when its value is
    replaced by a typical one, all else being the same: for a linear model the same up to a constant, and for features
    that work together, an approximation.

    Parameters
    ----------
    model : Model or Ensemble
    features : DataFrame of shape (n_rows, n_columns)
    typical : dict of {feature: value}
        What replaces a feature; only these are explained where the library has no SHAP values.

    Returns
    -------
    DataFrame of shape (n_rows, n_features)
    """
    if model.has_shap:
        return shap_values(model, features)
    before = _log_odds(model, features)
    lost = {name: before - _log_odds(model, features.assign(**{name: value})) for name, value in typical.items()}
    return pd.DataFrame(lost)


def shap_values(model, features):
    """Return SHAP values, in log-odds before calibration, of a model that has them: a column a feature."""
    values = family_module(model.family).contributions(model.pipeline, feature_frame(features, model.kinds))
    return pd.DataFrame(values, columns=list(model.kinds)).astype(float)


def _log_odds(model, features):
    return logit(np.clip(model.predict_propensity(features), LEAST, 1 - LEAST))


def typical_value(column):
    """Return the median of a number column, the most frequent value of another; missing if all are."""
    known = column.dropna()
    if len(known) == 0:
        return None
    if pd.api.types.is_numeric_dtype(known) and not pd.api.types.is_bool_dtype(known):
        return known.median()
    return known.mode().iloc[0]


def correlated_groups(features):
    """Return the group of each feature, from 0: within a group, all are correlated by ``CORRELATED`` or more.

    By hierarchical clustering with complete linkage. A missing number counts as the lowest, a category by its name.
    """
    if features.shape[1] == 1:
        return np.zeros(1, dtype=int)
    step = max(1, len(features) // SAMPLE_ROWS)
    ranks = features.iloc[::step].apply(lambda column: column.rank(na_option="top"))
    ranks = ranks.to_numpy(dtype=float) - ranks.to_numpy(dtype=float).mean(axis=0)
    size = np.sqrt((ranks**2).sum(axis=0))
    scaled = np.divide(ranks, size, out=np.zeros_like(ranks), where=size > 0)
    distance = np.clip(1 - np.abs(scaled.T @ scaled), 0, 1)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), method="complete")
    return fcluster(tree, 1 - CORRELATED, criterion="distance") - 1


def top_reasons(model, features, *, typical, words):
    """Return the three features that add most to each row's log-odds, or take most from it, in words.

    Correlated features are added up, and told by the one that adds or takes most.

    Parameters
    ----------
    words : callable
        (feature, its values) -> array of texts.

    Returns
    -------
    DataFrame with reason_1, reason_2 and reason_3, with the index of ``features``
    """
    groups, tables = None, []
    for start in range(0, len(features), CHUNK_ROWS):
        rows = features.iloc[start : start + CHUNK_ROWS]
        added = contributions(model, rows, typical=typical)
        if groups is None:
            groups = correlated_groups(features[list(added.columns)])
        tables.append(_in_words(*_loudest(added.to_numpy(), groups), rows[list(added.columns)], words))
    return pd.concat(tables)


def _loudest(added, groups):
    """Return the feature that speaks for each row's top groups, and what the group adds, both (n_rows, N_REASONS)."""
    member = groups == np.arange(groups.max() + 1)[:, None]
    sums = added @ member.T
    top = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, :N_REASONS]
    speakers = [np.where(member[top[:, place]], np.abs(added), -1).argmax(axis=1) for place in range(top.shape[1])]
    return np.stack(speakers, axis=1), np.take_along_axis(sums, top, axis=1)


def _in_words(features, added, rows, words):
    texts = np.full((len(rows), N_REASONS), "", dtype=object)
    for number in np.unique(features):
        row, place = np.nonzero(features == number)
        told = words(rows.columns[number], rows.iloc[row, number])
        side = np.where(added[row, place] > 0, "raised by ", "lowered by ")
        texts[row, place] = [f"{a}{b}" for a, b in zip(side, told, strict=True)]
    return pd.DataFrame(texts, columns=[f"reason_{i}" for i in range(1, N_REASONS + 1)], index=rows.index)
