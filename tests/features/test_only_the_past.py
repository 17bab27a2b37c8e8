"""Nothing at or after a row's cutoff changes its features, and the order of records changes nothing."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from purchase.tables import DAY, EVENT_TYPES
from tests.features.small_shop import T, at_cutoff, features_of

CUTOFFS = (T - 30 * DAY, T)
LOOKBACK_DAYS = 90
NAMED = ("ann", "bob", "cid", "dan")
CUSTOMERS = st.sampled_from(NAMED)
# Half of all records are within a second of an edge: a cutoff, or the start of the last one's lookback.
EDGES = [at + second for at in (*CUTOFFS, T - LOOKBACK_DAYS * DAY) for second in (-1, 0, 1)]
TIMES = st.one_of(st.sampled_from(EDGES), st.integers(-100 * DAY, 40 * DAY).map(lambda seconds: T + seconds))
CENTS = st.integers(0, 9999)
NAMES = st.sampled_from(["a", "b", "c"])

EVENTS = st.fixed_dictionaries(
    {
        "customer_id": CUSTOMERS,
        "event_at": TIMES,
        "event_type": st.sampled_from(
            ["view", "search", "add_to_cart", "remove_from_cart", "checkout", "email_sent", "email_open"]
        ),
        "session_id": st.sampled_from(["s1", "s2", "s3"]),
        "product_id": NAMES,
        "category": NAMES,
        "price_cents": CENTS,
        "device": NAMES,
        "traffic_source": NAMES,
    }
)
ORDERS = st.fixed_dictionaries(
    {
        "customer_id": CUSTOMERS,
        "ordered_at": TIMES,
        "revenue_cents": CENTS,
        "discount_cents": CENTS,
        "has_coupon": st.booleans(),
    }
)
LINES = st.fixed_dictionaries({"customer_id": CUSTOMERS, "ordered_at": TIMES, "product_id": NAMES, "category": NAMES})
RETURNS = st.fixed_dictionaries({"customer_id": CUSTOMERS, "returned_at": TIMES, "quantity": st.integers(1, 3)})
SHOPS = st.fixed_dictionaries(
    {
        "events": st.lists(EVENTS, min_size=15, max_size=40),
        "orders": st.lists(ORDERS, min_size=6, max_size=16),
        "order_lines": st.lists(LINES, min_size=4, max_size=12),
        "returns": st.lists(RETURNS, min_size=4, max_size=12),
    }
)
TIME_OF = {"events": "event_at", "orders": "ordered_at", "order_lines": "ordered_at", "returns": "returned_at"}
# An example takes seconds however many records it has, so there are few, of shops where much happens; and a smaller one
# of a failure is not worth the minutes that the search for it takes.
SLOW = settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)

# One record of each kind, long before any cutoff's lookback and of nobody else, so that every shop has every feature.
LONG_AGO = {"customer_id": "eve", "product_id": "a", "category": "a"}
ALWAYS = {
    "events": [
        LONG_AGO
        | {
            "event_at": T - 999 * DAY,
            "event_type": kind,
            "session_id": "s0",
            "price_cents": 1,
            "device": "a",
            "traffic_source": "a",
        }
        for kind in EVENT_TYPES
    ],
    "orders": [{"customer_id": "eve", "ordered_at": T - 999 * DAY, "discount_cents": 1, "has_coupon": True}],
    "order_lines": [LONG_AGO | {"ordered_at": T - 999 * DAY}],
    "returns": [{"customer_id": "eve", "product_id": "a", "returned_at": T - 999 * DAY}],
}


def numbered(shop):
    """Give every record an id that stays its own when others come or go."""
    named = {name: [dict(record) for record in records] for name, records in shop.items()}
    for number, record in enumerate(named["events"], start=1):
        record["row"] = number
    for number, record in enumerate(named["orders"]):
        record["order_id"] = f"o{number}"
    return named


def features(shop, cutoffs=CUTOFFS, **changed):
    rows = [at_cutoff(name, cutoff) for name in NAMED for cutoff in cutoffs]
    return features_of({name: [*records, *ALWAYS[name]] for name, records in shop.items()}, rows, **changed)[0]


def up_to(cutoff, found):
    return {row: values for row, values in found.items() if int(row.split("@")[1]) <= cutoff}


def later(shop, cutoff):
    return {name: [r for r in records if r[TIME_OF[name]] >= cutoff] for name, records in shop.items()}


def earlier(shop, cutoff):
    return {name: [r for r in records if r[TIME_OF[name]] < cutoff] for name, records in shop.items()}


@SLOW
@given(SHOPS, SHOPS, st.sampled_from(CUTOFFS), st.randoms())
def test_another_future_in_another_order_on_two_threads_leaves_every_feature_the_same_to_the_bit(
    shop, other, cutoff, random
):
    shop, other = numbered(shop), numbered(other)
    for record in (*other["events"], *other["orders"]):
        record |= {"row": record["row"] + 100} if "row" in record else {"order_id": f"x{record['order_id']}"}
    past, future = earlier(shop, cutoff), later(other, cutoff)
    changed = {name: [*future[name], *past[name]] for name in past}
    shuffled = {name: random.sample(records, len(records)) for name, records in changed.items()}
    assert up_to(cutoff, features(shuffled, n_threads=2)) == up_to(cutoff, features(shop))


@SLOW
@given(SHOPS)
def test_neither_records_before_the_lookback_nor_other_cutoffs_change_a_row(shop):
    shop = numbered(shop)
    recent = {
        name: [r for r in records if r[TIME_OF[name]] >= T - LOOKBACK_DAYS * DAY] for name, records in shop.items()
    }
    both = features(shop)
    assert features(recent, [T]) == {row: found for row, found in both.items() if row.endswith(f"@{T}")}
