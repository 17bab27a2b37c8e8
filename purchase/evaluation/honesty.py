"""Pictures of how far the number holds: other protocols, and fewer training rows."""

import numpy as np
from matplotlib.ticker import StrMethodFormatter

from purchase.evaluation.style import CHAMPION, GREY, figure, title

NAMES = {"roc_auc": "ROC AUC", "average_precision": "Average precision", "log_loss": "Log loss (lower is better)"}


def draw_protocols(table, *, interval, subtitle):
    """Return a figure with a panel a metric and a line a protocol.

    The first is the pipeline's own, with a dotted line through it; the others carry the interval of their difference to
    it, so that one whose bar does not touch the dotted line pretends, or hides, something beyond noise.

    Parameters
    ----------
    table : DataFrame
        From ``protocols.compare_protocols``.
    """
    drawing, axes = figure(width=11, height=1.9 + 0.55 * len(table), ncols=len(NAMES), sharey=True)
    place = np.arange(len(table))
    for metric, ax in zip(NAMES, axes, strict=True):
        own, ends = table[metric].iloc[0], [f"{metric}_difference_low", f"{metric}_difference_high"]
        ax.axvline(own, color=CHAMPION, linewidth=1.2, linestyle=":")
        ax.hlines(place[1:], *(own + table[end][1:] for end in ends), color=GREY, linewidth=2.2)
        ax.plot(table[metric][1:], place[1:], "o", color=GREY, markersize=8)
        ax.plot(own, 0, "o", color=CHAMPION, markersize=9)
        ax.margins(x=0.15)
        ax.set(xlabel=NAMES[metric], ylim=(len(table) - 0.5, -0.5))
        ax.locator_params(axis="x", nbins=4)
    several = table["features"].nunique() > 1
    labels = [
        f"{row.protocol}\nfeatures known at {row.features.replace('_', ' ')}" if several else row.protocol
        for row in table.itertuples()
    ]
    axes[0].set_yticks(place, labels)
    bars = f"bars: {interval:.0%} interval of the difference to the first"
    title(axes[0], "The same test rows under other protocols", f"{subtitle}; {bars}")
    return drawing


def draw_learning_curve(curve, *, interval, subtitle):
    """Return a figure of what fewer training rows cost: the rise of the validation log loss over that with all rows.

    Parameters
    ----------
    curve : DataFrame
        From ``learning.learning_curve``.
    """
    drawing, ax = figure(width=8.0, height=5.2)
    ends = (curve["difference_low"], curve["difference_high"])
    ax.axhline(0, color=GREY, linewidth=1.2, linestyle=":")
    ax.fill_between(curve["n_rows"], *ends, color=CHAMPION, alpha=0.15, linewidth=0, label=f"{interval:.0%} interval")
    ax.plot(curve["n_rows"], curve["difference"], "o-", color=CHAMPION, linewidth=2, label="champion's settings")
    ax.set_xscale("log")
    ax.set_xticks(curve["n_rows"], minor=False)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.minorticks_off()
    ax.set(xlabel="Training rows", ylabel="Rise of log loss over that with all rows")
    ax.legend(loc="best")
    title(ax, "Would more data help?", subtitle)
    return drawing
