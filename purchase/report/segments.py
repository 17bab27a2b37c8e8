"""Who the customers are: segments by what they ordered, by their habits, and who moved."""

from purchase.report.html import heading, paragraph, picture, section, table
from purchase.report.words import cents, share


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
        heading("By orders"),
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
        *_movement(story),
        *_clusters(story),
    )


def _movement(story):
    yield heading("Who moved")
    found = story.insights["movement"]
    before, after = found["cutoffs"]
    yield paragraph(
        f"From {before} to {after}, {found['n_stayed']:,} of {found['n_customers']:,} customers stayed in their "
        f"segment, {found['n_new']:,} came and {found['n_gone']:,} left, without a sign-up, visit or order within the "
        "lookback."
    )
    yield picture(
        story.pictures["movement"],
        description="Matrix: of the customers of each segment at the cutoff before, the share in each segment at the "
        "test cutoff.",
        caption="A row's customers, in percent of the row, by the segment they are in now; the diagonal stayed.",
    )


def _clusters(story):
    yield heading("By habits")
    yield story.missing("clusters")
    found = story.insights["clusters"]
    if "not_available" in found:
        return
    steady = found["stability"]
    yield paragraph(
        f"k-means on {', '.join(found['habits'])}, each as a rank, finds {found['n_clusters']} kinds of customers. "
        f"Found again on random halves, they agree by an adjusted Rand index of {steady['mean']:.2f} on average and "
        f"{steady['lowest']:.2f} at least: 1 is the same clusters, 0 what chance gives."
    )
    yield picture(
        story.pictures["clusters"],
        description="Matrix: how far each cluster's mean rank in each habit lies above or below all customers'.",
        caption="More (red) or less (blue) of a habit than all customers, in ranks from -0.5 to 0.5 or beyond.",
    )
    money = cents(story.about["currency"])
    clusters = story.tables["clusters"]
    rows = [
        [
            f"{row.cluster}: {row.apart}",
            f"{row.n_customers:,}",
            share(row.mean_propensity),
            f"{share(row.share_ordered)} [{share(row.low)}, {share(row.high)}]",
            *([money(row.expected_revenue_cents)] if "expected_revenue_cents" in clusters else []),
            row.action,
        ]
        for row in clusters.itertuples()
    ]
    worth = ["Expected revenue"] if "expected_revenue_cents" in clusters else []
    names = ["Cluster: apart by", "Customers", "Propensity", "Ordered", *worth, "What to do"]
    yield table(names, rows, caption="Clusters of habits, the likeliest first", stacked=True)
