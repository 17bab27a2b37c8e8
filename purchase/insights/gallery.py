"""Every picture of the insights: its name, its figure. Narrow enough to be read on a phone."""

import math

from purchase.evaluation.style import LIGHT_GREY, figure, look
from purchase.insights import pictures, pictures_customers
from purchase.insights.driver_groups import N_TOP
from purchase.insights.movement import ORDER
from purchase.insights.what import LEAST_BUYERS

WIDTH = 6.0  # inches
BAR = 0.3  # inches of height that a bar or a row of points takes
N_COLUMNS = 2  # of shapes side by side


def draw_all(parts, *, currency):
    """Yield (name, figure) of every picture whose part is there.

    Parameters
    ----------
    parts : dict of {name: Part}
    """
    tables = {name: table for part in parts.values() for name, table in part.tables.items()}
    with look():
        for name, draw in DRAWN.items():
            if name in tables and len(tables[name]):
                yield name, draw(tables, parts, currency)


def _profit(tables, parts, currency):
    drawing, ax = figure(width=WIDTH, height=4.2)
    pictures.plot_profit(tables["profit"], tables["policies"], currency=currency, ax=ax)
    return drawing


def _uplift(tables, parts, currency):
    drawing, ax = figure(width=WIDTH, height=3.8)
    pictures.plot_uplift(tables["uplift"], parts["uplift"].numbers["overall"]["value"], ax=ax)
    return drawing


def _drivers(tables, parts, currency):
    drawing, ax = _rows(tables["drivers"])
    pictures.plot_drivers(tables["drivers"], ax=ax)
    return drawing


def _driver_groups(tables, parts, currency):
    groups = tables["driver_groups"]
    shown = groups[(groups["rank"] <= N_TOP) | (groups["always_shown"] != "")]
    height = 1.2 + BAR * len(shown)
    drawing, axes = figure(width=WIDTH, height=height, ncols=2, sharey=True, width_ratios=[3, 2])
    pictures.plot_driver_groups(shown, axes=axes)
    return drawing


def _calibration(tables, parts, currency):
    table = tables["calibration_groups"]
    height = 1.4 + BAR * len(table)
    drawing, axes = figure(width=WIDTH, height=height, ncols=2, sharey=True, width_ratios=[3, 2])
    pictures.plot_calibration_groups(table, axes=axes)
    return drawing


def _shapes(tables, parts, currency):
    meanings = dict(zip(tables["drivers"]["feature"], tables["drivers"]["meaning"], strict=True))
    shapes = {name: shape for name, shape in tables["shapes"].groupby("feature", sort=False)}
    n_rows = math.ceil(len(meanings) / N_COLUMNS)
    drawing, axes = figure(width=WIDTH, height=2.2 * n_rows, nrows=n_rows, ncols=N_COLUMNS, squeeze=False)
    for ax, name in zip(axes.flat, meanings, strict=False):
        pictures.plot_shape(shapes[name], meanings[name], ax=ax)
        ax.spines[["top", "right"]].set_color(LIGHT_GREY)
    for ax in axes.flat[len(meanings) :]:
        ax.set_axis_off()
    return drawing


def _segments(tables, parts, currency):
    drawing, ax = _rows(tables["segments"])
    pictures.plot_segments(tables["segments"], ax=ax)
    return drawing


def _forecast(tables, parts, currency):
    drawing, ax = _rows(tables["forecast"])
    pictures.plot_forecast(tables["forecast"], ax=ax)
    return drawing


def _groups(tables, parts, currency):
    drawing, ax = _rows(tables["groups"])
    pictures.plot_groups(tables["groups"], ax=ax)
    return drawing


def _drift(tables, parts, currency):
    drawing, ax = figure(width=WIDTH, height=1.2 + BAR * pictures.N_BARS)
    pictures.plot_drift(tables["drift"], max_drift=parts["drift"].numbers["max_drift"], ax=ax)
    return drawing


def _horizons(tables, parts, currency):
    horizons = [rows for _, rows in tables["horizons_by_cutoff"].groupby("horizon_days")]
    n_rows = math.ceil(len(horizons) / N_COLUMNS)
    drawing, axes = figure(width=WIDTH, height=0.4 + 2.1 * n_rows, nrows=n_rows, ncols=N_COLUMNS, squeeze=False)
    for ax, rows in zip(axes.flat, horizons, strict=False):
        pictures_customers.plot_horizon(rows, ax=ax)
    for ax in axes.flat[len(horizons) :]:
        ax.set_axis_off()
    drawing.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    drawing.supylabel("Share that orders", fontsize=10)
    drawing.supxlabel("Cutoff", fontsize=10)
    return drawing


def _next_items(tables, parts, currency):
    rows = tables["next_items"]
    longest = rows.groupby(["what", "of_what"])["k"].transform("max")
    enough = (rows["n_customers"] >= LEAST_BUYERS) | (rows["of_what"] == "all")
    rows = rows[(rows["k"] == longest) & enough].reset_index(drop=True)
    names = {"all": "", "again": " bought before", "new": " that are new"}
    buyers = rows["n_customers"].map("({:,} buyers)".format)
    rows["list"] = rows["k"].astype(str) + " " + rows["what"] + rows["of_what"].map(names) + " " + buyers
    n_lists = rows["list"].nunique()
    drawing, axes = figure(width=WIDTH, height=1.0 + 0.26 * (len(rows) + n_lists), ncols=2, sharey=True)
    for ax, metric, name in zip(axes, ("recall", "map"), ("Recall", "Mean average precision"), strict=True):
        pictures_customers.plot_next_items(rows, metric, ax=ax)
        ax.set_xlabel(name, fontsize=10)
    return drawing


def _clusters(tables, parts, currency):
    drawing, ax = figure(width=WIDTH, height=1.2 + 1.2 * BAR * len(tables["clusters"]))
    pictures_customers.plot_clusters(tables["habits"], ax=ax)
    return drawing


def _movement(tables, parts, currency):
    drawing, ax = figure(width=WIDTH, height=2.0 + BAR * tables["movement"]["before"].nunique())
    pictures_customers.plot_movement(tables["movement"], order=ORDER, ax=ax)
    return drawing


def _weeks(tables, parts, currency):
    weeks = tables["backtest_weeks"]
    drawing, ax = figure(width=WIDTH, height=4.2)
    pictures_customers.plot_weeks(weeks[weeks["n_days"] == weeks["n_days"].max()], ax=ax)  # without the rest of a week
    return drawing


def _campaign(tables, parts, currency):
    drawing, ax = _rows(tables["campaign"])
    pictures_customers.plot_campaign(tables["campaign"], ax=ax)
    return drawing


def _rows(table):
    return figure(width=WIDTH, height=1.2 + BAR * len(table))


DRAWN = {
    "profit": _profit,
    "uplift": _uplift,
    "campaign": _campaign,
    "driver_groups": _driver_groups,
    "drivers": _drivers,
    "shapes": _shapes,
    "segments": _segments,
    "forecast": _forecast,
    "horizons": _horizons,
    "backtest_weeks": _weeks,
    "next_items": _next_items,
    "clusters": _clusters,
    "movement": _movement,
    "calibration_groups": _calibration,
    "groups": _groups,
    "drift": _drift,
}
