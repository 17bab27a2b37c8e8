"""What goes with ordering."""

from purchase.report.html import bullets, paragraph, picture, section
from purchase.report.words import score

ASSOCIATION = (
    "This is association, not cause: it says what the champion looks at, not what would happen if the shop changed it. "
    "Features that stand in for one another share their importance."
)
DIRECTIONS = {
    "rises": "the higher, the likelier",
    "falls": "the higher, the less likely",
    "bends": "up and down",
    "flat": "hardly any effect by itself",
    "differs": "differs by category",
}
N_NAMED = 5


def why_section(story):
    drivers = story.tables["drivers"]
    certain = drivers[drivers["low"] > 0].head(N_NAMED)
    named = [f"{row.meaning}: {DIRECTIONS[row.direction]}" for row in certain.itertuples()]
    return section(
        "why",
        "What goes with ordering",
        paragraph(ASSOCIATION, kind="note"),
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


def _always_shown(story, drivers):
    for row in drivers[drivers["always_shown"].notna()].itertuples():
        doubt = "" if row.low > 0 else ", not told from 0"
        yield (
            f"{row.always_shown} ({row.meaning}): {DIRECTIONS[row.direction]}; importance {score(row.importance)} "
            f"[{score(row.low)}, {score(row.high)}]{doubt}"
        )
    for what, reason in story.insights["drivers"]["missing"].items():
        yield f"{what}: {reason}"
