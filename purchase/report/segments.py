"""Who the customers are: segments by what they ordered, by their habits, and who moved."""

from purchase.report.html import heading, paragraph, picture, section, table
from purchase.report.story import telling
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
    money, segments = cents(story.about["currency"]), story.tables["segments"]
    forecast = story.tables["forecast"].set_index("segment")
    if "expected_revenue_cents" in forecast:
        segments = segments.join(forecast["expected_revenue_cents"], on="segment")
    names = [_past(row, money) for row in segments.itertuples()]
    yield _kinds(segments, names, money, title="Segment", caption="Segments, the likeliest first")


def _past(row, money):
    """Say of a segment when, how often and for how much its customers ordered."""
    if not row.n_orders_before:
        return row.segment
    mean = row.revenue_before_cents / row.n_orders_before
    return (
        f"{row.segment}: last order {row.median_days_since_order:.0f} days ago, "
        f"{row.n_orders_before / row.n_customers:.1f} orders{f' of {money(mean)}' if mean else ''}"
    )


def _kinds(table_of, names, money, *, title, caption):
    """Return the table of some kinds of customers: how many, how likely, what they did, what to do."""
    priced = "expected_revenue_cents" in table_of
    rows = [
        [
            name,
            f"{row.n_customers:,}",
            share(row.mean_propensity),
            f"{share(row.share_ordered)} [{share(row.low)}, {share(row.high)}]",
            *([money(row.expected_revenue_cents)] if priced else []),
            row.action,
        ]
        for name, row in zip(names, table_of.itertuples(), strict=True)
    ]
    worth = ["Expected revenue"] if priced else []
    heads = [title, "Customers", "Propensity", "Ordered", *worth, "What to do"]
    return table(heads, rows, caption=caption, stacked=True)


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


@telling("clusters", title="By habits")
def _clusters(story, found):
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
    clusters = story.tables["clusters"]
    names = [f"{row.cluster}: {row.apart}" for row in clusters.itertuples()]
    money = cents(story.about["currency"])
    yield _kinds(clusters, names, money, title="Cluster: apart by", caption="Clusters of habits, the likeliest first")
