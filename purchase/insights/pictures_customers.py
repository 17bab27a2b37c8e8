"""Pictures of what is said of customers. Every ``plot_`` function draws a finished table on the axes it is given."""

import numpy as np
from matplotlib.ticker import PercentFormatter

from purchase.evaluation.style import CHAMPION
from purchase.insights.pictures import SECOND


def plot_horizon(rows, *, ax):
    """Draw, cutoff by cutoff, the mean chance of an order within one horizon beside the share that ordered."""
    place = np.arange(len(rows))
    reach = np.clip([rows["share_ordered"] - rows["low"], rows["high"] - rows["share_ordered"]], 0, None)
    ax.errorbar(
        place, rows["share_ordered"], yerr=reach, fmt="o", color=SECOND, markersize=5, capsize=2.5, label="ordered"
    )
    ax.plot(place, rows["mean_propensity"], "D", color=CHAMPION, markersize=6, label="predicted", zorder=4)
    ax.set_xticks(place, [cutoff[2:] for cutoff in rows["cutoff"]], rotation=30, ha="right", fontsize=8)
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_ylim(0, 1.15 * rows[["high", "mean_propensity"]].to_numpy().max())
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    ax.tick_params(axis="y", labelsize=8)
    ax.set_title(f"within {rows['horizon_days'].iloc[0]} days", fontsize=9)
    ax.grid(axis="x", visible=False)
