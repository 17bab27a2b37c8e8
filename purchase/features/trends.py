"""Whether a customer does more or less of late than over the lookback."""

import narwhals as nw

from purchase.features.events import used
from purchase.features.orders import MONEY
from purchase.features.registry import Block, ratio

COUNTED = {  # prefix of a window's feature: (what it counts, what it needs)
    "n_orders": ("orders", ("orders",)),
    "revenue_cents": ("spending", ("orders", *MONEY)),
    "n_view": ("views", used("view")),
    "n_add_to_cart": ("carts", used("add_to_cart")),
    "n_sessions": ("sessions", ("events.session_id",)),
}


def trend_block(spans_days):
    """Compare the rate in the longest span up to a third of the lookback with the rate in the lookback."""
    lookback = spans_days[-1]
    recent = max((days for days in spans_days if 3 * days <= lookback), default=spans_days[0])
    features = [
        ratio(
            f"{what}_trend",
            nw.col(f"{prefix}_{recent}d") * lookback,
            nw.col(f"{prefix}_{lookback}d") * recent,
            f"{what} a day in the last {recent} days over {what} a day in the lookback",
            needs=needs,
        )
        for prefix, (what, needs) in COUNTED.items()
    ]
    return Block("split", None, features, "trend")
