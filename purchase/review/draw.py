"""Both champions' curves, side by side: base left, head right, each with the other in grey behind it."""

from matplotlib.ticker import PercentFormatter

from purchase.evaluation.style import CHAMPION, GREY, LIGHT_GREY, figure, look

# Name of plots/<name>.csv: its x and y, their words, and whether each is a share.
CURVES = {
    "roc": ("false_positive_rate", "true_positive_rate", "False positive rate", "True positive rate", True),
    "precision_recall": ("recall", "precision", "Recall", "Precision", True),
    "calibration": ("mean_propensity", "share_ordered", "Mean propensity in the bin", "Share that ordered", True),
    "lift": ("share_contacted", "lift", "Share contacted, highest propensity first", "Lift over random", False),
}
HEADS = {
    "roc": "Orders found against false alarms (ROC)",
    "precision_recall": "Predictions that hold against orders found",
    "calibration": "Propensity against what happened",
    "lift": "Lift by share contacted",
}
LEAST_RECALL = 0.02  # before it, one hit more or less sets the scale


def draw_curves(base, head, *, names):
    """Yield (name, figure) of every curve that both revisions have.

    Parameters
    ----------
    base, head : dict of {name: DataFrame or None}
        plots/<name>.csv of the champions on test.
    names : (str, str)
        What to call the two.
    """
    with look():
        for curve, columns in CURVES.items():
            if base.get(curve) is not None and head.get(curve) is not None:
                yield curve, _draw(base[curve], head[curve], *columns, names=names, what=HEADS[curve])


def _draw(base, head, x, y, x_label, y_label, is_share, *, names, what):
    drawing, axes = figure(width=11, height=5, ncols=2, sharex=True, sharey=True)
    tables = [table[table[x] >= LEAST_RECALL] if x == "recall" else table for table in (base, head)]
    for place, ax in enumerate(axes):
        own, other = tables[place], tables[1 - place]
        ax.plot(other[x], other[y], color=LIGHT_GREY, linewidth=1.5, label=names[1 - place])
        ax.plot(own[x], own[y], color=CHAMPION, linewidth=2.2, label=names[place])
        if curve_of_calibration := "low" in own:
            ax.vlines(own[x], own["low"], own["high"], color=CHAMPION, linewidth=1.2)
        if curve_of_calibration or x == "false_positive_rate":
            ax.axline((0, 0), slope=1, color=GREY, linestyle=":", linewidth=1.2)
        ax.set(xlabel=x_label, title=("base: ", "head: ")[place] + names[place])
        ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        if is_share:
            ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
        ax.legend(loc="best")
    axes[0].set_ylabel(y_label)
    drawing.suptitle(what, fontsize=13, fontweight="bold", x=0.01, ha="left")
    return drawing
