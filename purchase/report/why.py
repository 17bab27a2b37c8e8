"""What goes with ordering, and who the segments are."""

from purchase.report.html import bullets, paragraph, picture, section, table
from purchase.report.words import score, share

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
NAMES = ("Segment", "Customers", "Propensity", "Ordered", "What to do")


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


def segments_section(story):
    if missing := story.missing("segments"):
        return section("segments", "Segments", missing)
    segments = story.tables["segments"]
    rows = [
        [
            row.segment,
            f"{row.n_customers:,}",
            share(row.mean_propensity),
            f"{share(row.share_ordered)} [{share(row.low)}, {share(row.high)}]",
            row.action,
        ]
        for row in segments.itertuples()
    ]
    return section(
        "segments",
        "Segments",
        paragraph("Customers by how recently, how often and for how much they ordered before, under the usual names."),
        picture(
            story.pictures["segments"],
            description="For each segment: mean propensity beside the share that ordered, with its interval.",
            caption="Predicted and ordered, by segment, with their sizes.",
        ),
        table(
            ["Segment", "Customers", "Propensity", "Ordered", "What to do"],
            rows,
            caption="Segments and actions",
            stacked=True,
        ),
    )
