"""Every plot of the evaluation: first as tables, then as pictures."""

import numpy as np

from purchase.evaluation import pictures
from purchase.evaluation.calibration import calibration_bins
from purchase.evaluation.curves import confusion_cells, lift_points, precision_recall_points, roc_points
from purchase.evaluation.honesty import draw_learning_curve, draw_protocols
from purchase.evaluation.style import figure, look, title


def plot_tables(labels, propensity, importance, *, choice, n_bins, interval):
    """Return {name: DataFrame}: what each plot of the champion shows on these (test) rows."""
    return {
        "roc": roc_points(labels, propensity),
        "precision_recall": precision_recall_points(labels, propensity),
        "calibration": calibration_bins(labels, propensity, n_bins=n_bins, interval=interval),
        "lift": lift_points(labels, propensity),
        "importance": importance.head(pictures.N_TOP),
        "confusion": confusion_cells(labels, propensity, threshold=choice.thresholds[choice.champion]),
    }


def draw_all(tables, trials, labels, propensities, *, choice, shop, interval, scoring):
    """Yield (name, figure) of every picture.

    Parameters
    ----------
    tables : dict of {name: DataFrame}
        From ``plot_tables``, with ``learning_curve`` and ``protocols``.
    trials : dict of {family: DataFrame}
        Each family's search, a row a trial.
    labels : array of shape (n_rows,)
        Of the test rows.
    propensities : dict of {model: array of shape (n_rows,)}
    """
    rows = f"{shop}, {len(labels):,} test rows, {np.sum(labels):,} ordered ({np.mean(labels):.1%})"
    champion = f"{choice.champion} on {rows}"
    with look():
        shown = {m: p for m, p in propensities.items() if m == choice.champion or not m.startswith("train/")}
        yield "roc", _draw_roc(shown, labels, choice.champion, rows)
        yield "precision_recall", _draw_precision_recall(shown, labels, choice.champion, rows)
        yield "calibration", _draw_calibration(tables, propensities[choice.champion], interval, champion)

        drawing, ax = figure()
        pictures.plot_lift(tables["lift"], ax=ax)
        title(ax, "Orders reached by contacting the likeliest first", champion)
        yield "lift", drawing

        drawing, ax = figure(width=8.5)
        pictures.plot_importance(tables["importance"], ax=ax)
        n_rows = tables["importance"]["n_rows"].iloc[0]
        title(ax, "What the champion leans on", f"{choice.champion} on {shop}, {n_rows:,} validation rows")
        yield "importance", drawing

        drawing, ax = figure(width=7.6, height=5.2)
        pictures.plot_confusion(tables["confusion"], ax=ax)
        threshold = choice.thresholds[choice.champion]
        title(ax, f"Orders predicted from a propensity of {threshold:.3f}", champion)
        yield "confusion", drawing

        drawing, ax = figure(width=9.5)
        pictures.plot_search(trials, scoring=scoring, ax=ax)
        title(ax, "What each search found, trial by trial", f"{shop}, folds of the training rows; line: best so far")
        yield "search", drawing

        yield "protocols", draw_protocols(tables["protocols"], interval=interval, subtitle=champion)
        about = {"interval": interval, "subtitle": f"{choice.champion} on {shop}, validation rows"}
        yield "learning_curve", draw_learning_curve(tables["learning_curve"], **about)


def _draw_roc(propensities, labels, champion, rows):
    drawing, ax = figure(width=6.8, height=6.2)
    curves = {model: roc_points(labels, propensity) for model, propensity in propensities.items()}
    pictures.plot_roc(curves, champion=champion, ax=ax)
    title(ax, "Orders found against false alarms (ROC)", rows)
    return drawing


def _draw_precision_recall(propensities, labels, champion, rows):
    drawing, ax = figure(width=6.8, height=6.2)
    curves = {model: precision_recall_points(labels, propensity) for model, propensity in propensities.items()}
    pictures.plot_precision_recall(curves, champion=champion, ax=ax)
    title(ax, "Predictions that hold against orders found", rows)
    return drawing


def _draw_calibration(tables, propensity, interval, subtitle):
    drawing, axes = figure(height=6.5, nrows=2, sharex=True, height_ratios=[3, 1])
    pictures.plot_calibration(tables["calibration"], propensity, interval=interval, axes=axes)
    title(axes[0], "Propensity against what happened", subtitle)
    return drawing
