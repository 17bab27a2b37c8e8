"""What the page tells: results that earlier stages wrote, and nothing worked out anew."""

import functools
from dataclasses import dataclass

import pandas as pd

from purchase.report.html import heading, paragraph


@dataclass(frozen=True)
class Story:
    """What the stage read.

    Parameters
    ----------
    evaluation, insights : dict
        metrics/evaluate.json and metrics/insights.json.
    board : DataFrame
        The leaderboard.
    tables : dict of {name: DataFrame}
        plots/insights/<name>.csv.
    pictures : dict of {name: bytes}
        PNGs of plots/insights and plots/pictures.
    examples : DataFrame
        The first rows of the target list.
    settings : params.InsightsParams
    """

    evaluation: dict
    insights: dict
    board: pd.DataFrame
    tables: dict
    pictures: dict
    examples: pd.DataFrame
    settings: object

    @property
    def about(self):
        return self.insights["about"]

    @property
    def rows(self):
        """What a row is called."""
        return "customers" if self.about["task"] == "customer" else "sessions"

    @property
    def outcome(self):
        """When a row's label is 1."""
        days = self.about["horizon_days"]
        return f"order within {days} days" if self.about["task"] == "customer" else "end with an order"

    @property
    def interval(self):
        return f"{self.about['interval']:.0%} interval"

    def missing(self, part):
        """Return the paragraph that says why a part is not there, or nothing if it is."""
        reason = self.insights[part].get("not_available")
        return paragraph(f"Not available: {reason}.", kind="missing") if reason else ""


def telling(part, *, title=None):
    """Let a generator of pieces tell of a part of the insights only where that is there, and else say why it is not.

    Parameters
    ----------
    part : str
        Of ``Story.insights``; the generator takes the story and what was found, {name: value}.
    title : str or None
        Of the heading that comes first.
    """

    def decorate(tell):
        @functools.wraps(tell)
        def told(story):
            if title:
                yield heading(title)
            yield story.missing(part)
            if "not_available" not in story.insights[part]:
                yield from tell(story, story.insights[part])

        return told

    return decorate
