"""The learning curve: the champion's score against the rows it is trained on, which says whether more would help."""

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss
from tqdm import tqdm

from purchase.evaluation.bootstrap import bootstrap_sums, percentile_interval, row_losses
from purchase.models.training import refit

SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)  # of the training groups; each holds the ones before it
MIN_POSITIVES = 10  # with fewer to learn from, a point of the curve is chance
N_DECIMALS = 6


def learning_curve(champion, train, validation, *, n_bootstrap, interval, seed):
    """Fit the champion's family and settings on growing shares of the training groups, and score validation rows.

    Whole groups (customers) are taken, since rows of one customer say little new. The champion's calibrator is kept.

    Parameters
    ----------
    champion : Model
        Fitted on all of ``train``.
    train, validation : DataFrame
        Feature tables.

    Returns
    -------
    DataFrame
        share, n_rows, n_positive, log_loss with its _low and _high, and difference (to the log loss with all rows,
        on the same resamples) with its _low and _high; the last row is all rows.
    """
    groups = np.random.default_rng(seed).permutation(np.unique(train["group"]))
    labels, losses, points = validation["label"].to_numpy(), [], []
    for share in tqdm(SHARES, desc="learning curve", unit="fit", disable=None):
        rows = train[train["group"].isin(groups[: round(share * len(groups))])]
        n_positive = int(rows["label"].sum())
        if min(n_positive, len(rows) - n_positive) < MIN_POSITIVES and share < 1:
            continue
        model = champion if share == 1 else refit(champion, rows, seed=seed)
        propensity = model.predict_propensity(validation)
        losses.append(row_losses(labels, propensity))
        points.append(
            {"share": share, "n_rows": len(rows), "n_positive": n_positive, "log_loss": log_loss(labels, propensity)}
        )
    sums = bootstrap_sums([np.ones(len(labels)), *losses], validation["group"], n_bootstrap=n_bootstrap, seed=seed)
    return _with_intervals(pd.DataFrame(points), sums[1:] / sums[0], interval=interval)


def last_step(curve):
    """Return what the last step of the curve gained: from which share of the rows, and the fall of log loss."""
    if len(curve) < 2:
        return {"not_available": f"fewer than {MIN_POSITIVES} positive rows to learn from"}
    before = curve.iloc[-2]
    gained = {end: before[f"difference{suffix}"] for end, suffix in (("value", ""), ("low", "_low"), ("high", "_high"))}
    return {"from_share": float(before["share"]), "fall_of_log_loss": {end: float(x) for end, x in gained.items()}}


def _with_intervals(curve, samples, *, interval):
    curve["log_loss_low"], curve["log_loss_high"] = percentile_interval(samples, interval=interval)
    curve["difference"] = curve["log_loss"] - curve["log_loss"].iloc[-1]
    curve["difference_low"], curve["difference_high"] = percentile_interval(samples - samples[-1], interval=interval)
    return curve.round(N_DECIMALS)
