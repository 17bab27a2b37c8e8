"""The same champion under other protocols: what each shortcut would have pretended.

A random split trains on the customers that it tests, at other cutoffs and in the very month; a split by customer still
trains on the month that it tests. Only a later test says what the model will do next month. Features that are known
only after the scoring moment pretend in the same way. Every protocol scores the same test rows here, so that nothing
but the shortcut differs.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from tqdm import tqdm

from purchase.evaluation.bootstrap import bootstrap_metrics, percentile_interval
from purchase.evaluation.metrics import METRICS, metrics_at
from purchase.models.training import refit
from purchase.tables import KEY_COLUMNS, KNOWN_AT

SHOWN = ("roc_auc", "average_precision", "log_loss", "lift_at_10_percent")
N_FOLDS = 3  # of the test rows under a shortcut; each is scored by a model that was trained on the others too
N_DECIMALS = 6


def compare_protocols(champion, parts, *, feature_sets, seed, n_bootstrap, interval):
    """Score the test rows by the champion's family and settings, trained as each protocol would.

    Every model is trained on as many rows as the training part holds, or on all that the protocol allows if they are
    fewer; the champion's calibrator is kept.

    Parameters
    ----------
    champion : Model
        Fitted on the training part.
    parts : dict of {"train", "validation", "test": DataFrame}
        The feature tables.
    feature_sets : dict of {str: list of str}
        From ``feature_sets_by_moment``.

    Returns
    -------
    DataFrame
        protocol, features (when the last of them is known), n_features, n_train (a fold), n_test, each metric of
        ``SHOWN`` with its _low and _high, and <metric>_difference to the first row, with its _low and _high, on the
        same resamples.
        The first row is the pipeline's own protocol, with all the features that it admits.
    """
    pooled, test = pd.concat(parts.values(), ignore_index=True), parts["test"]
    splits = _splits(pooled, n_train=len(parts["train"]), n_test=len(test), seed=seed)
    tried = [(protocol, moment) for protocol in splits for moment in feature_sets]
    propensities = {}
    for protocol, moment in tqdm(tried, desc="protocols", disable=None):
        if propensities:
            columns = [*KEY_COLUMNS, *feature_sets[moment]]
            propensities[protocol, moment] = _out_of_fold(champion, pooled[columns], splits[protocol], seed=seed)
        else:
            propensities[protocol, moment] = champion.predict_propensity(test)
    rows = [
        {"protocol": protocol, "features": moment, "n_features": len(feature_sets[moment])}
        | {"n_train": round(np.mean([len(fitted) for fitted, _ in splits[protocol]])), "n_test": len(test)}
        for protocol, moment in tried
    ]
    scores = _scores(test, propensities, n_bootstrap=n_bootstrap, interval=interval, seed=seed)
    return pd.concat([pd.DataFrame(rows), pd.DataFrame(scores)], axis=1).round(N_DECIMALS)


def feature_sets_by_moment(dictionary):
    """Return {moment: features known by then}, for each moment at which some feature becomes known, latest first.

    Parameters
    ----------
    dictionary : DataFrame
        Of the features that the run admits, with ``name`` and ``known_at``.
    """
    moments = ["cutoff", *KNOWN_AT]
    known = dictionary["known_at"].map(moments.index)
    return {moments[last]: list(dictionary["name"][known <= last]) for last in sorted(known.unique(), reverse=True)}


def as_numbers(table):
    """Return what metrics/evaluate.json says of the table.

    Returns
    -------
    dict of {protocol: {features: {metric: value, "<metric>_difference": {"value", "low", "high"}}}}
    """
    numbers = {}
    ends = {"value": "", "low": "_low", "high": "_high"}
    for row in table.to_dict("records"):
        differences = {f"{metric}_difference" for metric in SHOWN}
        numbers.setdefault(row["protocol"], {})[row["features"]] = {metric: row[metric] for metric in SHOWN} | {
            name: {end: row[f"{name}{suffix}"] for end, suffix in ends.items()} for name in sorted(differences)
        }
    return numbers


def _splits(pooled, *, n_train, n_test, seed):
    """Return {protocol: list of (train, test)}, arrays of row positions; the pipeline's own protocol first."""
    place = np.arange(len(pooled))
    tested = place[-n_test:]
    own = "out of time" if pooled["cutoff"].notna().all() else "as split"
    splits = {own: [(place[:n_train], tested)]}
    rng = np.random.default_rng(seed)
    groups, labels = pooled["group"].to_numpy(), pooled["label"].to_numpy()
    if pooled["customer_id"].notna().any() and len(np.unique(groups[tested])) >= N_FOLDS:
        shuffled = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
        folds = [tested[rows] for _, rows in shuffled.split(tested, groups=groups[tested])]
        others = [place[~np.isin(groups, groups[fold])] for fold in folds]
        splits["by customer"] = [(_some(rows, n_train, rng), fold) for rows, fold in zip(others, folds, strict=True)]
    kind = StratifiedKFold if np.bincount(labels[tested]).min() >= N_FOLDS else KFold
    shuffled = kind(N_FOLDS, shuffle=True, random_state=seed)
    folds = [tested[rows] for _, rows in shuffled.split(tested, labels[tested])]
    splits["at random"] = [(_some(np.setdiff1d(place, fold), n_train, rng), fold) for fold in folds]
    return splits


def _some(rows, n, rng):
    """Return at most ``n`` of the rows, drawn without replacement, in their order."""
    return np.sort(rng.choice(rows, size=min(n, len(rows)), replace=False))


def _out_of_fold(champion, pooled, folds, *, seed):
    """Return the propensity of each test row, in the order of the rows."""
    scored = [
        pd.Series(refit(champion, pooled.iloc[train], seed=seed).predict_propensity(pooled.iloc[test]), index=test)
        for train, test in folds
    ]
    return pd.concat(scored).sort_index().to_numpy()


def _scores(test, propensities, *, n_bootstrap, interval, seed):
    """Return, for each of the propensities, each shown metric and its difference to the first, with intervals."""
    labels, thresholds = test["label"].to_numpy(), dict.fromkeys(propensities, 0.5)
    resampling = {"thresholds": thresholds, "n_bootstrap": n_bootstrap, "seed": seed}
    samples = bootstrap_metrics(labels, propensities, test["group"], **resampling)
    values = {name: metrics_at(labels, p, threshold=0.5) for name, p in propensities.items()}
    first = next(iter(propensities))
    rows = []
    for name in propensities:
        row = {}
        for number, metric in ((METRICS.index(metric), metric) for metric in SHOWN):
            row |= _with_ends(metric, values[name][metric], samples[name][number], interval)
            difference = values[name][metric] - values[first][metric]
            paired = samples[name][number] - samples[first][number]
            row |= _with_ends(f"{metric}_difference", difference, paired, interval)
        rows.append(row)
    return rows


def _with_ends(name, value, samples, interval):
    low, high = percentile_interval(samples, interval=interval)
    return {name: value, f"{name}_low": float(low), f"{name}_high": float(high)}
