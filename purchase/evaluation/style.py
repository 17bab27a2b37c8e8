"""One look for every picture, and files of the same bytes every time."""

import matplotlib
import seaborn as sns
from matplotlib.figure import Figure

from purchase.files import whole
from purchase.params import FAMILIES

DPI = 120
GREY = "#666666"
LIGHT_GREY = "#bbbbbb"
# Okabe and Ito's colours as seaborn has them: told apart by colour-blind readers too.
CHAMPION = sns.color_palette("colorblind")[0]
FAMILY_COLOURS = dict(zip(FAMILIES, (sns.color_palette("colorblind")[i] for i in (1, 2, 3, 4, 7, 9)), strict=True))
FAMILY_COLOURS["ensemble"] = sns.color_palette("colorblind")[6]
_LOOK = {
    **sns.axes_style("whitegrid"),
    **sns.plotting_context("notebook"),
    "font.family": "DejaVu Sans",  # comes with matplotlib, so every machine draws the same letters
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.edgecolor": LIGHT_GREY,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}


def look():
    """Return a context in which matplotlib draws in the house's style."""
    return matplotlib.rc_context(_LOOK)


def figure(*, width=8.0, height=5.5, **subplots):
    """Return (figure, axes) of ``width`` x ``height`` inches, apart from any state of pyplot."""
    drawing = Figure(figsize=(width, height), layout="constrained")
    return drawing, drawing.subplots(**subplots)


def title(ax, what, subtitle):
    """Head the axes with what one sees and, below it in grey, on which rows."""
    ax.set_title(f"{what}\n", fontsize=13)
    text = ax.text(0, 1.02, subtitle, transform=ax.transAxes, fontsize=9.5, color=GREY)
    text.set_in_layout(False)  # a long one must not make the axes narrower


def save(drawing, path):
    """Write a PNG, whole or not at all, without the mark of the software's version."""
    with whole(path) as part:
        drawing.savefig(part, format="png", dpi=DPI, metadata={"Software": None})
