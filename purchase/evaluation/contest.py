"""The evaluation in its two halves: what validation rows decide, and what test rows then say of it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from purchase.evaluation import gallery, gate, learning, protocols
from purchase.evaluation.baselines import baseline_columns, fit_baselines
from purchase.evaluation.bootstrap import calibration_error
from purchase.evaluation.candidates import predictions_table, propensities_of
from purchase.evaluation.importance import permutation_importance
from purchase.evaluation.leaderboard import Choice, choose, evaluation_report, judge
from purchase.tables import KEY_COLUMNS


@dataclass(frozen=True)
class Chosen:
    """What validation rows decided, and what they say of the champion.

    Parameters
    ----------
    models : dict of {name: Model or baseline}
    choice : Choice
    importance, curve : DataFrame
        From ``permutation_importance`` and ``learning_curve``.
    """

    models: dict
    choice: Choice
    importance: pd.DataFrame
    curve: pd.DataFrame

    @property
    def champion(self):
        return self.models[self.choice.champion]


@dataclass(frozen=True)
class Judged:
    """What test rows say.

    Parameters
    ----------
    board : DataFrame
        The leaderboard.
    report : dict
        The content of metrics/evaluate.json.
    predictions : DataFrame
    labels : array of shape (n_test,)
    propensities : dict of {name: array of shape (n_test,)}
    tables : dict of {name: DataFrame}
        What the plots show.
    """

    board: pd.DataFrame
    report: dict
    predictions: pd.DataFrame
    labels: np.ndarray
    propensities: dict
    tables: dict


def choose_on_validation(models, train, validation, settings, *, seed):
    """Choose the champion and the thresholds; ``settings`` is the section ``evaluate`` of the params.

    Parameters
    ----------
    models : dict of {name: Model}
        Without the baselines, which are fitted here, on training rows.
    train, validation : DataFrame
        Feature tables.
    """
    baselines = fit_baselines(train[["label", *baseline_columns(validation.columns)]])
    models = models | baselines
    choosing = {"champion_metric": settings.champion_metric, "threshold": settings.threshold}
    choice = choose(validation["label"], propensities_of(models, validation), baselines=baselines, **choosing)
    champion, shuffling = models[choice.champion], {"n_repeats": settings.n_importance_repeats, "seed": seed}
    taken = validation[[*KEY_COLUMNS, *champion.kinds]]
    importance = permutation_importance(champion.predict_propensity, taken, **shuffling)
    curve = learning.learning_curve(champion, train, validation, **_resampling(settings, seed))
    return Chosen(models, choice, importance, curve)


def judge_on_test(chosen, parts, dictionary, params, *, task):
    """Score every model, hold the champion against the gate, and compare the protocols.

    Parameters
    ----------
    parts : dict of {"train", "validation", "test": DataFrame}
        Feature tables.
    dictionary : DataFrame
        Of the features; those that the champion takes are compared by when they are known.
    """
    settings, test, name = params.evaluate, parts["test"], chosen.choice.champion
    resampling, binning = _resampling(settings, params.seed), {"n_bins": settings.n_calibration_bins}
    labels, propensities = test["label"].to_numpy(), propensities_of(chosen.models, test)
    board = judge(labels, propensities, test["group"], chosen.choice, **resampling)
    error = calibration_error(labels, propensities[name], test["group"], **binning, **resampling)
    moments = protocols.feature_sets_by_moment(dictionary[dictionary["name"].isin(chosen.champion.kinds)])
    compared = protocols.compare_protocols(chosen.champion, parts, feature_sets=moments, **resampling)

    about = {"shop": params.shop, "task": task, "n_validation": len(parts["validation"]), "labels": labels}
    report = evaluation_report(board, chosen.choice, error, **about)
    report |= {"gate": gate.hold(params.gate.model_dump(), report)}
    report |= {"protocols": protocols.as_numbers(compared), "learning_curve": learning.last_step(chosen.curve)}
    drawn = {"choice": chosen.choice, "interval": settings.interval}
    tables = gallery.plot_tables(labels, propensities[name], chosen.importance, **binning, **drawn)
    tables |= {"learning_curve": chosen.curve, "protocols": compared}
    predictions = predictions_table(test, chosen.champion, propensities[name])
    return Judged(board, report, predictions, labels, propensities, tables)


def _resampling(settings, seed):
    return {"n_bootstrap": settings.n_bootstrap, "interval": settings.interval, "seed": seed}
