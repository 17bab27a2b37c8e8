"""What goes with ordering."""

import pandas as pd

from purchase.report.html import bullets, heading, paragraph, picture, section
from purchase.report.words import score, share

ASSOCIATION = (
    "This is association, not cause: it says what the champion looks at, not what would happen if the shop changed it."
)
DIRECTIONS = {
    "rises": "the higher, the likelier",
    "falls": "the higher, the less likely",
    "bends": "up and down",
    "flat": "hardly any effect by itself",
    "differs": "differs by category",
}
N_NAMED = 5
N_TOLD, N_MEMBERS = 10, 2  # groups that are told, and features of each
STEADY = 0.95  # share of the resamples from which a place among the first is firm


def why_section(story):
    drivers = story.tables["drivers"]
    certain = drivers[drivers["low"] > 0].head(N_NAMED)
    named = [f"{row.meaning}: {DIRECTIONS[row.direction]}" for row in certain.itertuples()]
    return section(
        "why",
        "What goes with ordering",
        paragraph(ASSOCIATION, kind="note"),
        *_groups(story),
        heading("One feature at a time"),
        paragraph(
            "Features that stand in for one another share their importance: shuffled alone, each may seem idle.",
            kind="note",
        ),
        paragraph("Most telling, and surely so:" if named else "No feature's importance on test is told from 0."),
        bullets(named),
        paragraph("Always looked at, wherever they rank:"),
        bullets(_always_shown(story, drivers)),
        picture(
            story.pictures["drivers"],
            description="Bars with intervals: how much the log loss rises when each feature is shuffled.",
            caption="Permutation importance on test rows; orange: always shown.",
        ),
        picture(
            story.pictures["shapes"],
            description="Small charts, one a feature: mean propensity against the feature's value.",
            caption="Mean propensity if all had the same value of the feature, all else as it is (partial dependence).",
        ),
    )


def _groups(story):
    """Say how steady the ranking of groups is, and what leads it."""
    yield heading("In groups that go together")
    found, groups = story.insights["drivers"]["groups"], story.tables["driver_groups"]
    n_top = found["n_top"]
    n_sure, n_steady = (groups["low"] > 0).sum(), (groups["share_in_top"] >= STEADY).sum()
    shuffles, resamples = (
        "not told" if value is None else f"{value:.2f}" for value in found["rank_correlation"].values()
    )
    yield paragraph(
        f"Correlated features make up {found['n_groups']} groups, and a group is shuffled as one. {n_sure} of them "
        f"matter beyond doubt, and {n_steady} are among the first {n_top} in at least {share(STEADY, 0)} of the "
        f"resamples of the {story.rows}. The rank correlation between two shuffles is {shuffles}, between two "
        f"resamples {resamples}: at 1 the order would be certain, at 0 it would be chance.",
        "The order of the others is not to be relied on." if n_steady < n_top else "",
    )
    yield picture(
        story.pictures["driver_groups"],
        description="Bars with intervals: how much the log loss rises when each group of features is shuffled; beside "
        "them, the ranks that the group has in the resamples.",
        caption=f"Permutation importance of groups on test rows, and the {story.interval} of their rank; orange: with "
        "a feature that is always shown.",
    )
    yield bullets(_member_lines(groups, n_top))
    if groups["mean_shap"].notna().any():
        yield paragraph("SHAP: by how much the group moves a row's log-odds up or down, on average.", kind="note")


def _member_lines(groups, n_top):
    for row in groups[groups["rank"] <= N_TOLD].itertuples():
        others = [name for name in row.features.split("; ") if name != row.feature]
        told = ", ".join(others[:N_MEMBERS]) + (
            f" and {len(others) - N_MEMBERS} more" if len(others) > N_MEMBERS else ""
        )
        shap = "" if pd.isna(row.mean_shap) else f"; SHAP {row.mean_shap:.2f}"
        beside = f" (with {told})" if others else ""
        yield (
            f"No. {row.rank} [{row.rank_low} to {row.rank_high}]: {row.meaning}{beside}; among the first {n_top} in "
            f"{share(row.share_in_top, 0)} of the resamples{shap}"
        )


def _always_shown(story, drivers):
    for row in drivers[drivers["always_shown"].notna()].itertuples():
        doubt = "" if row.low > 0 else ", not told from 0"
        yield (
            f"{row.always_shown} ({row.meaning}): {DIRECTIONS[row.direction]}; importance {score(row.importance)} "
            f"[{score(row.low)}, {score(row.high)}]{doubt}"
        )
    for what, reason in story.insights["drivers"]["missing"].items():
        yield f"{what}: {reason}"
