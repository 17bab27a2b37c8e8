"""Pictures of what is said of customers. Every ``plot_`` function draws a finished table on the axes it is given."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import PercentFormatter

from purchase.evaluation.style import CHAMPION, GREY, LIGHT_GREY
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


def plot_next_items(rows, metric, *, ax):
    """Draw recall or mean average precision of each ranking, with its interval, list by list."""
    place = np.arange(len(rows)) + rows["list"].ne(rows["list"].shift()).cumsum().to_numpy()
    for ours, colour in ((True, CHAMPION), (False, SECOND)):
        member = (rows["ranking"] == "ranker").to_numpy() == ours
        part = rows[member]
        reach = np.clip([part[metric] - part[f"{metric}_low"], part[f"{metric}_high"] - part[metric]], 0, None)
        ax.errorbar(part[metric], place[member], xerr=reach, fmt="D" if ours else "o", color=colour, capsize=2.5)
    ax.set_yticks(place, rows["ranking"], fontsize=8)
    for name, part in rows.groupby("list", sort=False):
        at = place[part.index[0]] - 0.95
        ax.text(0.01, at, name, transform=ax.get_yaxis_transform(), fontsize=8, color=GREY, va="center")
    ax.set_xlim(0, None)
    ax.set_ylim(place[-1] + 0.6, -0.4)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.locator_params(axis="x", nbins=5)
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(axis="y", visible=False)


def plot_clusters(habits, *, ax):
    """Draw which habits a cluster has more or less of than all customers."""
    grid = habits.pivot(index="cluster", columns="habit", values="apart")[list(dict.fromkeys(habits["habit"]))]
    numbers = {"annot": True, "fmt": "+.1f", "cbar": False, "xticklabels": True, "yticklabels": True}
    sns.heatmap(grid.round(1) + 0.0, center=0, vmin=-0.5, vmax=0.5, cmap="RdBu_r", **numbers, ax=ax)
    ax.tick_params(axis="y", rotation=0)
    ax.set_xticks(ax.get_xticks(), ax.get_xticklabels(), rotation=30, ha="right", fontsize=8.5)
    ax.set(xlabel="", ylabel="Cluster")


def plot_movement(table, *, order, ax):
    """Draw the share of each segment's customers that is in each segment a cutoff later."""
    grid = table.pivot(index="before", columns="after", values="share_of_before")
    sizes = table.groupby("before")["n_customers"].sum()
    grid = grid.reindex([name for name in order if name in grid.index], columns=[n for n in order if n in grid.columns])
    numbers = {"annot": True, "fmt": ".0f", "annot_kws": {"size": 7.5}, "cbar": False}
    sns.heatmap(100 * grid, vmin=0, vmax=100, cmap="Blues", xticklabels=True, yticklabels=True, **numbers, ax=ax)
    ax.set_yticks(ax.get_yticks(), [f"{name} ({sizes[name]:,})" for name in grid.index], rotation=0, fontsize=8)
    ax.set_xticks(ax.get_xticks(), grid.columns, rotation=60, ha="right", fontsize=8)
    ax.set(xlabel="Segment at the test cutoff, % of the row", ylabel="Segment a cutoff before")


def plot_weeks(weeks, *, ax):
    """Draw the customers expected to order in each week, forecast by forecast, with both intervals, and who did."""
    days = pd.to_datetime(weeks["first_day"])
    for i, (_, rows) in enumerate(weeks.groupby("cutoff", sort=False)):
        place, named = days[rows.index], i == 0
        band = {"color": CHAMPION, "linewidth": 0}
        wide, chance = ("with earlier errors", "by chance alone") if named else (None, None)
        ax.fill_between(place, rows["low_orders"], rows["high_orders"], alpha=0.12, label=wide, **band)
        low, high = rows["low_orders_by_chance"], rows["high_orders_by_chance"]
        ax.fill_between(place, low, high, alpha=0.3, label=chance, **band)
        ax.plot(place, rows["expected_orders"], "D-", color=CHAMPION, markersize=4, label="expected" if named else None)
        ax.axvline(place.iloc[0], color=LIGHT_GREY, linewidth=1, linestyle=":")
    ax.plot(days, weeks["happened_orders"], "o", color=SECOND, markersize=5, label="happened", zorder=4)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(AutoDateLocator()))
    ax.set(ylim=(0, None), xlabel="Week of the first order in the horizon", ylabel="Customers")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def plot_campaign(table, *, ax):
    """Draw what the e-mail added to the share that orders, among those whom each rule would write to."""
    place, colours = np.arange(len(table)), {"highest uplift": CHAMPION, "highest propensity": SECOND}
    for at, row in zip(place, table.itertuples(), strict=True):
        reach = [[row.uplift - row.low], [row.high - row.uplift]]
        ax.errorbar(row.uplift, at, xerr=reach, fmt="o", color=colours.get(row.whom, GREY), capsize=3)
    ax.axvline(0, color=GREY, linewidth=1)
    ax.set_yticks(place, [f"{row.whom}, {row.share:.0%}" for row in table.itertuples()], fontsize=8.5)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel="Added to the share that orders", ylabel="")
