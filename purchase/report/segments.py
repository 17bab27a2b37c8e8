"""Who the customers are: segments by what they ordered, by their habits, and who moved."""

from purchase.report.html import heading, paragraph, picture, section, table
from purchase.report.words import cents, share


def segments_section(story):
    if missing := story.missing("segments"):
        return section("segments", "Segments", missing)
    return section("segments", "Segments", *_by_orders(story), *_movement(story), *_clusters(story))


def _by_orders(story):
    yield heading("By orders")
    yield paragraph("Customers by how recently, how often and for how much they ordered before, under the usual names.")
    yield picture(
        story.pictures["segments"],
        description="For each segment: mean propensity beside the share that ordered, with its interval.",
        caption="Predicted and ordered, by segment, with their sizes.",
    )
    rows = [
        [row.segment, f"{row.n_customers:,}", share(row.mean_propensity), _ordered(row), row.action]
        for row in story.tables["segments"].itertuples()
    ]
    names = ["Segment", "Customers", "Propensity", "Ordered", "What to do"]
    yield table(names, rows, caption="Segments and actions", stacked=True)


def _ordered(row):
    return f"{share(row.share_ordered)} [{share(row.low)}, {share(row.high)}]"


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
    yield _cluster_table(story.tables["clusters"], cents(story.about["currency"]))


def _cluster_table(clusters, money):
    priced = "expected_revenue_cents" in clusters
    rows = [
        [
            f"{row.cluster}: {row.apart}",
            f"{row.n_customers:,}",
            share(row.mean_propensity),
            _ordered(row),
            *([money(row.expected_revenue_cents)] if priced else []),
            row.action,
        ]
        for row in clusters.itertuples()
    ]
    names = ["Cluster: apart by", "Customers", "Propensity", "Ordered", "Expected revenue", "What to do"]
    names = names if priced else [name for name in names if name != "Expected revenue"]
    return table(names, rows, caption="Clusters of habits, the likeliest first", stacked=True)
