"""The choice of champion and thresholds on validation rows, and the table of all models."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.evaluation.baselines import BG_NBD, RECENCY_FREQUENCY
from purchase.evaluation.bootstrap import bootstrap_metrics, percentile_interval
from purchase.evaluation.metrics import METRICS, SMALLER_IS_BETTER, choose_threshold, metrics_at

N_DECIMALS = 6  # of written metrics: far below any interval, and few enough to read a diff

HEADLINES = ("roc_auc", "average_precision", "log_loss")  # what the baselines are shown by in the report


@dataclass(frozen=True)
class Choice:
    """What validation rows decided: who is champion, and from which propensity each model predicts an order."""

    champion: str
    champion_metric: str
    thresholds: dict  # {model: propensity}
    validation: dict  # {model: {metric: value}}, best first


def choose(labels, propensities, *, baselines, champion_metric, threshold):
    """Choose the champion and every model's threshold on validation rows.

    Parameters
    ----------
    labels : array of shape (n_rows,)
        0 or 1.
    propensities : dict of {model: array of shape (n_rows,)}
        The first of equals wins.
    baselines : collection of str
        Models that are shown but cannot be champion.
    threshold : "f1" or float
        See ``choose_threshold``.
    """
    thresholds = {model: choose_threshold(labels, p, threshold=threshold) for model, p in propensities.items()}
    values = {model: metrics_at(labels, p, threshold=thresholds[model]) for model, p in propensities.items()}
    sign = 1 if champion_metric in SMALLER_IS_BETTER else -1
    ranking = sorted(values, key=lambda model: sign * values[model][champion_metric])
    champion = next(model for model in ranking if model not in baselines)
    return Choice(champion, champion_metric, thresholds, {model: values[model] for model in ranking})


def differences_to_champion(samples, choice, *, interval):
    """Return {model: (low, high)}, the interval of the paired difference to the champion in the champion metric.

    Parameters
    ----------
    samples : dict of {model: array of shape (n_metrics, n_bootstrap)}
        The metrics of every model on the same resamples.
    """
    row = METRICS.index(choice.champion_metric)
    best = samples[choice.champion][row]
    return {model: percentile_interval(values[row] - best, interval=interval) for model, values in samples.items()}


def judge(labels, propensities, groups, choice, *, n_bootstrap, interval, seed):
    """Put every model in a row of the leaderboard, best on validation first.

    Parameters
    ----------
    labels : array of shape (n_rows,)
        0 or 1, of test rows.
    propensities : dict of {model: array of shape (n_rows,)}
    groups : array of shape (n_rows,)
        Rows of one group are resampled together.
    choice : Choice

    Returns
    -------
    DataFrame
        model, tied_with_champion (the interval of its difference to the champion holds 0), difference_to_champion (in
        the champion metric on test) with its _low and _high, threshold, validation_<metric>, and test_<metric> with
        its _low and _high.
    """
    thresholds = choice.thresholds
    samples = bootstrap_metrics(labels, propensities, groups, thresholds=thresholds, n_bootstrap=n_bootstrap, seed=seed)
    differences = differences_to_champion(samples, choice, interval=interval)
    tests = {model: metrics_at(labels, p, threshold=thresholds[model]) for model, p in propensities.items()}
    best = tests[choice.champion][choice.champion_metric]
    rows = []
    for model, validation in choice.validation.items():
        low, high = differences[model]
        row = {
            "model": model,
            "tied_with_champion": bool(low <= 0 <= high),
            "difference_to_champion": tests[model][choice.champion_metric] - best,
            "difference_to_champion_low": low,
            "difference_to_champion_high": high,
            "threshold": thresholds[model],
        }
        row |= {f"validation_{metric}": validation[metric] for metric in METRICS}
        lows, highs = percentile_interval(samples[model], interval=interval)
        for metric, low, high in zip(METRICS, lows, highs, strict=True):
            row |= {f"test_{metric}": tests[model][metric], f"test_{metric}_low": low, f"test_{metric}_high": high}
        rows.append(row)
    return pd.DataFrame(rows).round(N_DECIMALS)


def with_out_of_fold(board, summaries):
    """Return the leaderboard with ``out_of_fold_<metric>``, on the training rows that folds tested, before the rest.

    Parameters
    ----------
    board : DataFrame
        As ``judge`` returns it.
    summaries : dict of {model: dict}
        What each model's stage says about it; of the baselines, which are not cross-fitted, nothing.
    """
    scores = {model: summary["out_of_fold"] for model, summary in summaries.items()}
    board = board.copy()
    for metric in reversed(HEADLINES):
        values = [scores.get(model, {}).get(metric, np.nan) for model in board["model"]]
        board.insert(board.columns.get_loc("threshold") + 1, f"out_of_fold_{metric}", values)
    return board.round(N_DECIMALS)


def evaluation_report(board, choice, error, *, shop, task, n_validation, labels):
    """Return the content of metrics/evaluate.json; None stands for a metric that is undefined.

    Parameters
    ----------
    board : DataFrame
        The leaderboard.
    error : dict
        The champion's calibration error with its interval, from ``bootstrap.calibration_error``.
    labels : array of shape (n_test,)
        Of test rows.
    """
    rows = board.set_index("model")
    report = {
        "champion": choice.champion,
        "shop": shop,
        "task": task,
        "champion_metric": choice.champion_metric,
        "n_validation": n_validation,
        "n_test": len(labels),
        "n_positive": int(np.sum(labels)),
        "threshold": choice.thresholds[choice.champion],
        "validation": {metric: _number(rows.loc[choice.champion, f"validation_{metric}"]) for metric in METRICS},
        "test": _scores(rows.loc[choice.champion]),
        "calibration_error": {end: round(value, N_DECIMALS) for end, value in error.items()},
        "baselines": {
            name.removeprefix("baseline/"): {metric: _number(row[f"test_{metric}"]) for metric in HEADLINES}
            | {"beaten": _beaten(row, choice.champion_metric)}
            for name, row in rows.iterrows()
            if name.startswith("baseline/")
        },
        "tied": [name for name in rows.index[rows["tied_with_champion"]] if name != choice.champion],
    }
    lacks = {RECENCY_FREQUENCY: "recency and frequency of orders", BG_NBD: "chance of an order by BG/NBD"}
    left_out = {
        name.removeprefix("baseline/"): f"the features have no {what}"
        for name, what in lacks.items()
        if name not in rows.index
    }
    return report | ({"left_out": left_out} if left_out else {})


def _beaten(row, metric):
    """Say whether the champion beats the model of a row beyond noise; None where the difference is undefined."""
    nearest = row["difference_to_champion_low" if metric in SMALLER_IS_BETTER else "difference_to_champion_high"]
    if not np.isfinite(nearest):
        return None
    return bool(nearest > 0 if metric in SMALLER_IS_BETTER else nearest < 0)


def _scores(row):
    ends = {"value": "", "low": "_low", "high": "_high"}
    return {metric: {end: _number(row[f"test_{metric}{suffix}"]) for end, suffix in ends.items()} for metric in METRICS}


def _number(value):
    return float(value) if np.isfinite(value) else None
