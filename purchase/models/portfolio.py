"""Settings that serve most tables: what ``PropensityClassifier`` tries, in the order in which it does.

A list that is the same for all tables finds nearly what a search of each finds, in a fraction of its time: Feurer,
Eggensperger, Falkner, Lindauer and Hutter (2022), "Auto-sklearn 2.0" (JMLR 23), section 3. The first of a family is its
default. Where a family can stop early, ``n_estimators`` or ``epochs`` is the most that it may use.
"""

from dataclasses import dataclass

from pydantic import BaseModel

from purchase.files import validate
from purchase.params.settings import (
    FAMILIES,
    SETTINGS,
    LightGBMSettings,
    LogisticRegressionSettings,
    NeuralNetworkSettings,
    RandomForestSettings,
    SVMSettings,
    XGBoostSettings,
)


@dataclass(frozen=True)
class Candidate:
    """A family with settings."""

    family: str
    settings: BaseModel


N_CROSSED, N_COMBINED = 8, 20  # docs/experiments.md

_BOOSTED_TREES = XGBoostSettings(
    n_estimators=2000,
    learning_rate=0.07,
    max_depth=4,
    min_child_weight=5.0,
    subsample=0.8,
    colsample_bytree=0.6,
    reg_lambda=1.0,
    n_crossed=N_CROSSED,
    n_combined=N_COMBINED,
)
_TREES_ON_DIFFERENCES = _BOOSTED_TREES.model_copy(update={"crosses": ["product", "difference"]})
_BOOSTED_LEAVES = LightGBMSettings(
    n_estimators=2000,
    learning_rate=0.07,
    num_leaves=15,
    min_child_samples=40,
    subsample=0.8,
    colsample_bytree=0.4,
    reg_lambda=1.0,
    n_crossed=N_CROSSED,
)
_FOREST = RandomForestSettings(
    n_estimators=100,
    max_depth=None,
    min_samples_leaf=5,
    max_features=0.15,
    max_samples=0.7,
    n_crossed=N_CROSSED,
)
_NETWORK = NeuralNetworkSettings(
    n_units=64,
    n_blocks=1,
    n_heads=4,
    dropout=0.3,
    learning_rate=0.003,
    weight_decay=0.0001,
    batch_size=512,
    epochs=20,
    n_frequencies=8,
)

# The best for their time come first, since a budget may end the list anywhere. The two that are the same by their
# settings draw other combinations.
PORTFOLIO = (
    Candidate("xgboost", _BOOSTED_TREES),
    Candidate("xgboost", _TREES_ON_DIFFERENCES),
    Candidate("lightgbm", _BOOSTED_LEAVES),
    Candidate("xgboost", _BOOSTED_TREES),
    Candidate("neural_network", _NETWORK),
    Candidate(
        "logistic_regression",
        LogisticRegressionSettings(C=0.03, l1_ratio=0.0, n_crossed=N_CROSSED, crosses=["share"]),
    ),
    Candidate("random_forest", _FOREST),
    Candidate("svm", SVMSettings(C=0.1, gamma=None, n_components=200)),
)


def candidates_for(family, settings=None):
    """Return what to try: the whole list for ``auto``, else one candidate, its defaults overridden by ``settings``.

    Parameters
    ----------
    family : str
        ``auto`` or one of FAMILIES.
    settings : dict or None
        For ``auto``, {family: settings that override those of all its candidates}.

    Returns
    -------
    list of Candidate

    Raises
    ------
    ParamsError
        If a setting does not exist or is out of its range.
    ValueError
        If the family does not exist.
    """
    settings = settings or {}
    if family == "auto":
        if strange := set(settings) - set(FAMILIES):
            raise ValueError(
                f"settings names {sorted(strange)}, which are no families; there are {', '.join(FAMILIES)}"
            )
        return [_overridden(one, settings.get(one.family, {})) for one in PORTFOLIO]
    if family not in FAMILIES:
        raise ValueError(f"family={family!r} does not exist; there are auto, {', '.join(FAMILIES)}")
    default = next(one for one in PORTFOLIO if one.family == family)
    return [_overridden(default, settings)]


def _overridden(candidate, settings):
    model = SETTINGS[candidate.family]
    whole = candidate.settings.model_dump() | dict(settings)
    return Candidate(candidate.family, validate(model, whole, path=f"settings of {candidate.family}"))
