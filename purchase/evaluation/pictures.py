"""Pictures of the evaluation. Every ``plot_`` function draws a finished table on the axes that it is given."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.ticker import MaxNLocator, PercentFormatter

from purchase.evaluation.curves import NAMES
from purchase.evaluation.style import CHAMPION, FAMILY_COLOURS, GREY, LIGHT_GREY

N_TOP = 15  # features shown
LEAST_RECALL = 0.02  # where precision-recall curves begin


def plot_curves(curves, *, x, y, champion, ax):
    """Draw one curve a model: the champion bold, baselines dashed.

    Parameters
    ----------
    curves : dict of {model: DataFrame with columns ``x`` and ``y``}
    """
    for model in sorted(curves, key=lambda model: model != champion):
        points = curves[model]
        stage, _, family = model.rpartition("/")
        if model == champion:
            look = {"color": CHAMPION, "linewidth": 2.8, "zorder": 3, "label": f"{model} (champion)"}
        elif stage == "baseline":
            dashes = ":" if family == "base_rate" else "--"
            look = {"color": GREY, "linewidth": 1.5, "linestyle": dashes, "label": family.replace("_", " ")}
        else:
            look = {"color": FAMILY_COLOURS[family], "linewidth": 1.0, "label": model}
        ax.plot(points[x], points[y], **look)
    ax.legend(loc="best")


def plot_roc(curves, *, champion, ax):
    """Draw ROC curves; the diagonal is chance."""
    plot_curves(curves, x="false_positive_rate", y="true_positive_rate", champion=champion, ax=ax)
    _percent(
        ax, "False positive rate (share of those who did not order)", "True positive rate (share of those who did)"
    )
    ax.set(xlim=(0, 1), ylim=(0, 1.005))


def plot_precision_recall(curves, *, champion, ax):
    """Draw precision against recall; the base rate, whose only threshold has all rows, is drawn across."""
    curves = {model: _steady(points) for model, points in curves.items()}
    plot_curves(curves, x="recall", y="precision", champion=champion, ax=ax)
    _percent(ax, "Recall (share of those who ordered)", "Precision (share of those predicted to order)")
    highest = max(points["precision"].max() for points in curves.values())
    ax.set(xlim=(0, 1), ylim=(0, min(1.005, 1.1 * highest)))


def _steady(points):
    """Leave out the first rows of a ranking, where one hit more or less would set the scale for the whole curve.

    A curve of one point (all rows tied) is spread over all recalls: drawing from ties at random keeps its precision.
    """
    if len(points) == 1:
        return pd.concat([points.assign(recall=0.0), points])
    return points[points["recall"] >= LEAST_RECALL]


def plot_calibration(bins, propensity, *, interval, axes):
    """Draw the calibration curve on ``axes[0]`` and the distribution of the propensities on ``axes[1]``.

    Both end a little beyond the highest bin, where nearly all propensities are.
    """
    top = min(1.0, 1.1 * max(bins["mean_propensity"].max(), bins["high"].max()))
    curve, histogram = axes
    curve.plot([0, top], [0, top], color=GREY, linestyle=":", linewidth=1.5, label="perfectly calibrated")
    share = bins["share_ordered"]
    curve.errorbar(
        bins["mean_propensity"],
        share,
        yerr=[(share - bins["low"]).clip(lower=0), (bins["high"] - share).clip(lower=0)],
        color=CHAMPION,
        marker="o",
        markersize=5,
        linewidth=1.6,
        capsize=3,
        label=f"bins of about {bins['n_rows'].median():,.0f} rows, {interval:.0%} interval",
    )
    curve.set(xlim=(0, top), ylim=(0, top))
    curve.legend(loc="upper left")
    _percent(curve, "", "Share that ordered")
    sns.histplot(x=propensity[propensity <= top], bins=np.linspace(0, top, 41), color=CHAMPION, ax=histogram)
    histogram.set(xlim=(0, top), ylabel="Rows")
    histogram.xaxis.set_major_formatter(PercentFormatter(1))
    beyond = np.mean(propensity > top)
    histogram.set_xlabel(f"Propensity ({beyond:.1%} of rows lie beyond)" if beyond > 0 else "Propensity")


def plot_lift(points, *, ax):
    """Draw the share of orders reached against the share contacted, with the lift at a tenth and at a half."""
    ax.plot(
        [0, *points["share_contacted"]],
        [0, *points["share_reached"]],
        color=CHAMPION,
        linewidth=2.8,
        label="by propensity",
    )
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.5, label="at random")
    for row in points.iloc[[9, 19, 49]].itertuples():
        ax.plot(row.share_contacted, row.share_reached, "o", color=CHAMPION)
        ax.annotate(
            f"top {row.share_contacted:.0%}: {row.share_reached:.0%} of them, lift {row.lift:.1f}",
            (row.share_contacted, row.share_reached),
            xytext=(10, -12),
            textcoords="offset points",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
    _percent(ax, "Share contacted, highest propensity first", "Share of those who ordered that is reached")
    ax.set(xlim=(0, 1), ylim=(0, 1.005))
    ax.legend(loc="lower right")


def plot_importance(table, *, ax):
    """Draw the top features' importance with its spread over repeats."""
    top = table.head(N_TOP)
    ax.barh(top["feature"], top["importance"], xerr=top["spread"], color=CHAMPION, ecolor=GREY, capsize=2.5, height=0.7)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.axvline(0, color=GREY, linewidth=1)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.set(xlabel="Rise in log loss when the feature is shuffled", ylabel="")


def plot_confusion(cells, *, ax):
    """Draw the confusion matrix: counts, and their share of the row, by which the cells are shaded."""
    counts, shares = (
        cells.pivot(index="actual", columns="predicted", values=values).loc[list(NAMES[::-1]), list(NAMES[::-1])]
        for values in ("n_rows", "share_of_actual")
    )
    texts = [
        [f"{n:,}\n{share:.1%}" for n, share in zip(row, row_shares, strict=True)]
        for row, row_shares in zip(counts.to_numpy(), shares.to_numpy(), strict=True)
    ]
    sns.heatmap(
        shares,
        annot=np.array(texts),
        fmt="",
        cmap=sns.light_palette(CHAMPION, as_cmap=True),
        vmin=0,
        vmax=1,
        annot_kws={"fontsize": 14},
        cbar=False,
        linewidths=2,
        ax=ax,
    )
    ax.tick_params(axis="y", rotation=0)
    ax.set(xlabel="Predicted", ylabel="Actual")


def plot_search(trials, *, scoring, ax):
    """Draw each family's trials as dots and the best so far as a step line.

    Parameters
    ----------
    trials : dict of {family: DataFrame with columns trial and mean_score}
    scoring : str
        What the score is; higher is better.
    """
    for family, table in trials.items():
        table = table.sort_values("trial")
        number = np.arange(1, len(table) + 1)
        colour = FAMILY_COLOURS[family]
        best = table["mean_score"].cummax()
        ax.plot(number, table["mean_score"], "o", color=colour, markersize=4, alpha=0.55)
        ax.step(number, best, where="post", color=colour, linewidth=2, label=f"{family}, best {best.iloc[-1]:.4f}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="Trial", ylabel=f"{scoring}, mean over folds (higher is better)")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))


def _percent(ax, x_label, y_label):
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.set(xlabel=x_label, ylabel=y_label)
    ax.spines[["top", "right"]].set_color(LIGHT_GREY)
