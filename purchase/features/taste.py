"""What a customer looks at: the favourite category, how narrow the taste is, products looked at again."""

import narwhals as nw

from purchase.features.cells import by_cell
from purchase.features.events import is_a, used
from purchase.features.past import past, within
from purchase.features.registry import Block, Feature, needing, number_of, only_if, ratio, share, step

COL = nw.col


def category_block(rows, events, *, lookback_days, grid):
    """Name the category viewed most (of equals the first in the alphabet), and say how the views are spread."""
    cells = by_cell(_views(events, "category"), "category", at="event_at", grid=grid, n=nw.len().cast(nw.Int64))
    records = past(rows, cells, at="event_at", lookback_days=lookback_days)
    counts = records.group_by("row_id", "category").agg(n=COL("n").sum().cast(nw.Int64))
    counts = counts.with_columns(most=COL("n").max().over("row_id"))
    favourite = only_if(COL("n") == COL("most"), COL("category")).min()
    what = "category viewed most in the lookback"
    n_viewed = step("n_categories_viewed", nw.len().cast(nw.Int64), absent=0)
    features = [
        Feature("favourite_category", what, aggregate=favourite, type="category"),
        step("n_most", COL("n").max()),
        step("n_categorised", COL("n").sum().cast(nw.Int64)),
        step("n_squared", (COL("n") * COL("n")).sum().cast(nw.Int64)),
        share("favourite_category_share", COL("n_most"), COL("n_categorised"), "its share of the views"),
        ratio(
            "n_effective_categories",
            COL("n_categorised") * COL("n_categorised"),
            COL("n_squared"),
            "exponential of the Renyi entropy, of order 2, of the categories viewed: as many equally liked ones",
            unit="categories",
        ),
    ]
    features = [*needing([n_viewed], "events.category"), *needing(features, "events.category", *used("view"))]
    return Block("events", counts, features, "taste")


def product_block(rows, events, *, spans_days):
    """Count the products viewed in each span, and say how much of the looking is at products seen before.

    Of its events, and not of cells: few products are viewed twice in a day.
    """
    records = past(rows, _views(events, "product_id"), at="event_at", lookback_days=spans_days[-1])
    counts = records.group_by("row_id", "product_id").agg(n=nw.len().cast(nw.Int64), age=COL("age").min())
    viewed = [step(f"n_products_viewed_{span}d", number_of(within(span)), absent=0) for span in spans_days]
    most, what = COL("n").max(), "views of the product viewed most"
    viewed.append(Feature("n_views_of_a_product", what, "views", aggregate=most, absent=0, kinds=("view",)))
    features = [
        step("n_product_views", COL("n").sum().cast(nw.Int64)),
        step("n_products_seen", nw.len().cast(nw.Int64)),
        share(
            "viewed_again_share",
            COL("n_product_views") - COL("n_products_seen"),
            COL("n_product_views"),
            "share of views that are of a product viewed before in the lookback",
        ),
    ]
    features = [*needing(viewed, "events.product_id"), *needing(features, "events.product_id", *used("view"))]
    return Block("events", counts, features, "taste")


def _views(events, column):
    return events.filter(is_a("view") & ~COL(column).is_null())
