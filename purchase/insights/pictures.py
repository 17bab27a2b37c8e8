"""Pictures of the insights. Every ``plot_`` function draws a finished table on the axes that it is given."""

import numpy as np
from matplotlib.ticker import FuncFormatter, PercentFormatter

from purchase.evaluation.style import CHAMPION, FAMILY_COLOURS, GREY
from purchase.insights.profit import CHAMPION as CHAMPIONS_RULE

SECOND = FAMILY_COLOURS["logistic_regression"]  # orange beside the champion's blue
N_BARS = 10
MAX_TEXT = 46  # characters of a feature's meaning


def plot_profit(curve, policies, *, currency, ax):
    """Draw profit against the share contacted, and what each rule chose."""
    looks = {CHAMPIONS_RULE: {"color": CHAMPION, "linewidth": 2.6}}
    for rule, points in curve.groupby("rule", sort=False):
        look = looks.get(rule, {"color": SECOND, "linewidth": 1.8, "linestyle": "--"})
        share, profit = np.append(0, points["share_contacted"]), np.append(0, points["profit_cents"])
        ax.plot(share, profit, label=rule, **look)
        if rule == CHAMPIONS_RULE:
            low, high = np.append(0, points["low"]), np.append(0, points["high"])
            ax.fill_between(share, low, high, color=CHAMPION, alpha=0.15, linewidth=0)
    n_customers = curve["n_contacted"].max()
    for row in policies[policies["rule"].isin(curve["rule"])].itertuples():
        colour = CHAMPION if row.rule == CHAMPIONS_RULE else SECOND
        ax.plot(row.n_contacted / n_customers, row.profit_cents, "o", color=colour, markersize=8, zorder=4)
    ax.axhline(0, color=GREY, linewidth=1)
    ax.xaxis.set_major_formatter(PercentFormatter(1))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda cents, _: f"{cents / 100:,.0f}"))
    ax.set(xlim=(0, 1), xlabel="Share of customers contacted, best first", ylabel=f"Profit, {currency or 'money'}")
    ax.legend(loc="best")


def plot_uplift(table, overall, *, ax):
    """Draw what promotions add to the share that orders, by tenth of the propensity."""
    _points(table["tenth"], table["uplift"], table["low"], table["high"], ax=ax, color=CHAMPION, label="by tenth")
    ax.axhline(0, color=GREY, linewidth=1)
    ax.axhline(overall, color=SECOND, linewidth=1.8, linestyle="--", label="all together")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    ax.set_xticks(table["tenth"])
    ax.set(xlabel="Tenth of the propensity, 1 the likeliest", ylabel="Added to the share that orders")
    ax.legend(loc="best")


def plot_drivers(table, *, ax):
    """Draw each feature's importance on test with its interval; those that are always shown in another colour."""
    colours = [SECOND if always else CHAMPION for always in table["always_shown"]]
    reach = [table["importance"] - table["low"], table["high"] - table["importance"]]
    ax.barh(
        range(len(table)),
        table["importance"],
        xerr=np.clip(reach, 0, None),
        color=colours,
        ecolor=GREY,
        capsize=2.5,
        height=0.7,
    )
    ax.set_yticks(range(len(table)), [shortened(text) for text in table["meaning"]], fontsize=8.5)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.axvline(0, color=GREY, linewidth=1)
    ax.locator_params(axis="x", nbins=4)
    ax.set(xlabel="Rise in log loss when shuffled", ylabel="")


def plot_driver_groups(table, *, axes):
    """Draw each group's importance with its interval, and beside it the ranks that resamples gave it."""
    place = np.arange(len(table))
    colours = [SECOND if always else CHAMPION for always in table["always_shown"]]
    reach = np.clip([table["importance"] - table["low"], table["high"] - table["importance"]], 0, None)
    axes[0].barh(place, table["importance"], xerr=reach, color=colours, ecolor=GREY, capsize=2.5, height=0.7)
    others = [f" and {n - 1} more" if n > 1 else "" for n in table["n_features"]]
    names = [f"{shortened(text, 36)}{more}" for text, more in zip(table["meaning"], others, strict=True)]
    axes[0].set_yticks(place, names, fontsize=8.5)
    axes[0].axvline(0, color=GREY, linewidth=1)
    axes[0].invert_yaxis()
    axes[0].locator_params(axis="x", nbins=3)
    axes[0].set_xlabel("Rise in log loss", fontsize=10)
    axes[1].hlines(place, table["rank_low"], table["rank_high"], color=colours, linewidth=4, alpha=0.5)
    axes[1].scatter(table["rank"], place, color=colours, s=28, zorder=4)
    axes[1].set_xlim(0, None)
    axes[1].set_xlabel("Rank", fontsize=10)
    for ax in axes:
        ax.grid(axis="y", visible=False)


def plot_calibration_groups(table, *, axes):
    """Draw each group's mean propensity beside the share that ordered, and its calibration slope; small ones grey."""
    plot_groups(table, ax=axes[0])
    axes[0].locator_params(axis="x", nbins=3)
    axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0, fontsize=8.5)
    axes[0].set_xlabel("Share that orders", fontsize=10)
    reach = np.clip([table["slope"] - table["slope_low"], table["slope_high"] - table["slope"]], 0, None)
    axes[1].errorbar(
        table["slope"], np.arange(len(table)), xerr=reach, fmt="D", color=CHAMPION, markersize=5, capsize=2.5
    )
    axes[1].axvline(1, color=GREY, linewidth=1, linestyle="--")
    axes[1].set_xlabel("Slope (right: 1)", fontsize=10)


def plot_shape(shape, meaning, *, ax):
    """Draw the mean propensity against a feature's values, all else being the same."""
    in_order = shape["value"].str.match(r"-?\d|none$").all()  # values of a category have none, so no line joins them
    _points(shape["place"], shape["mean_propensity"], shape["low"], shape["high"], ax=ax, color=CHAMPION, line=in_order)
    ax.set_xticks(shape["place"], [shortened(text, 13) for text in shape["value"]], rotation=60, ha="right", fontsize=7)
    ax.tick_params(axis="y", labelsize=8)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    ax.set_title(shortened(meaning, 36), fontsize=8.5)
    ax.set(ylim=(0, None), ylabel="")


def plot_segments(table, *, ax):
    """Draw each segment's mean propensity beside the share that ordered."""
    names = [f"{row.segment} ({row.n_customers:,})" for row in table.itertuples()]
    _predicted_and_observed(table, names, ax=ax)


def plot_groups(table, *, ax):
    """Draw each group's mean propensity beside the share that ordered; groups too small to say are grey."""
    names = [f"{row.attribute}: {row.group} ({row.n_rows:,})" for row in table.itertuples()]
    _predicted_and_observed(table, names, ax=ax)
    for text, small in zip(ax.get_yticklabels(), table["small"], strict=True):
        text.set_color(GREY if small else "black")


def _predicted_and_observed(table, names, *, ax):
    place = np.arange(len(table))
    reach = np.clip([table["share_ordered"] - table["low"], table["high"] - table["share_ordered"]], 0, None)
    ax.errorbar(
        table["share_ordered"], place, xerr=reach, fmt="o", color=SECOND, markersize=5, capsize=2.5, label="ordered"
    )
    ax.plot(table["mean_propensity"], place, "D", color=CHAMPION, markersize=6, label="predicted", zorder=4)
    ax.set_yticks(place, [shortened(name) for name in names], fontsize=8.5)
    ax.invert_yaxis()
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=1))
    ax.locator_params(axis="x", nbins=5)
    ax.set(xlabel="Share that orders in the horizon", ylabel="")
    ax.legend(loc="lower right")


def plot_forecast(table, *, ax):
    """Draw the expected orders of each segment, with their interval, and what happened."""
    place = np.arange(len(table))
    reach = [table["expected_orders"] - table["low_orders"], table["high_orders"] - table["expected_orders"]]
    ax.errorbar(
        table["expected_orders"],
        place,
        xerr=np.clip(reach, 0, None),
        fmt="D",
        color=CHAMPION,
        markersize=6,
        capsize=3,
        label="expected",
    )
    ax.plot(table["happened_orders"], place, "o", color=SECOND, markersize=6, label="happened", zorder=4)
    ax.set_yticks(place, table["segment"], fontsize=8.5)
    ax.invert_yaxis()
    ax.set_xscale("symlog", linthresh=10)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    ax.set(xlabel="Customers who order in the horizon", ylabel="", xlim=(0, None))
    ax.legend(loc="lower right")


def plot_drift(table, *, max_drift, ax):
    """Draw the features that moved most between training and test."""
    top = table.head(N_BARS)
    ax.barh(top["feature"], top["drift"], color=CHAMPION, height=0.7)
    ax.axvline(max_drift, color=SECOND, linewidth=1.8, linestyle="--", label=f"drifted: above {max_drift:g}")
    ax.tick_params(axis="y", labelsize=8.5)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xscale("symlog", linthresh=0.1)  # the calendar's features always lie far out
    ax.xaxis.set_major_formatter(FuncFormatter(lambda index, _: f"{index:g}"))
    ax.set(xlabel="Population stability index", ylabel="", xlim=(0, None))
    ax.legend(loc="best")


def _points(x, value, low, high, *, ax, line=False, **look):
    reach = np.clip([value - low, high - value], 0, None)
    ax.errorbar(x, value, yerr=reach, fmt="o-" if line else "o", markersize=4, capsize=2, linewidth=1.5, **look)


def shortened(text, most=MAX_TEXT):
    """Return a text of at most ``most`` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip(' ,')}…"
