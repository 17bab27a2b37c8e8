"""From the four tables to the features: whatever becomes known at or after a row's moment changes none of its bits."""

from hypothesis import given
from hypothesis import strategies as st

from purchase.cleaning.clean import clean
from purchase.engines.registry import engine
from purchase.features.build import describe
from purchase.features.loyalty import fit_loyalty
from purchase.tables import DAY, EVENT_TYPES
from tests.features.small_shop import SPLIT, T, at_cutoff, features_of
from tests.features.test_only_the_past import CENTS, CUSTOMERS, NAMED, NAMES, SLOW
from tests.small_tables import lazy, table

CLEANING = {  # few events make a bot, so that many a session here becomes one, before the cutoff or after it
    "near_duplicate_seconds": 2,
    "session_gap_minutes": 30,
    "bot_events_per_minute": 3,
    "bot_min_events": 3,
}
# Around the cutoff to the second, around the length of a pause that ends a session, and days away.
TIMES = st.one_of(
    st.integers(-3, 3).map(lambda seconds: T + seconds),
    st.integers(-5, 5).map(lambda pauses: T + pauses * 1200),
    st.integers(-60, 20).map(lambda days: T + days * DAY),
)
DELAYS = st.sampled_from([None, 0, 1, 900, 2 * DAY])
EVENTS = st.fixed_dictionaries(
    {
        "customer_id": CUSTOMERS,
        "event_at": TIMES,
        "delay": DELAYS,
        "event_type": st.sampled_from(EVENT_TYPES),
        "session_id": st.sampled_from([None, None, "s1", "s2"]),
        "product_id": NAMES,
        "category": NAMES,
        "price_cents": CENTS,
        "device": NAMES,
        "traffic_source": NAMES,
    }
)
LINES = st.fixed_dictionaries(
    {
        "order_id": st.sampled_from(["o1", "o2", "o3", "o4"]),
        "customer_id": CUSTOMERS,
        "ordered_at": TIMES,
        "delay": DELAYS,
        "product_id": NAMES,
        "category": NAMES,
        "quantity": st.integers(1, 3),
        "unit_price_cents": CENTS,
        "discount_cents": st.integers(0, 9),
        "coupon": st.sampled_from([None, "c"]),
        "is_return": st.sampled_from([False, False, True]),
    }
)
PEOPLE = st.fixed_dictionaries(
    {
        "signed_up_at": st.one_of(st.none(), TIMES),
        "updated_at": st.one_of(st.none(), TIMES),
        "birth_year": st.integers(1950, 2000),
        "gender": st.sampled_from(["female", "male"]),
        "email_consent": st.booleans(),
    }
)
SHOPS = st.fixed_dictionaries(
    {
        "customers": st.lists(PEOPLE, min_size=4, max_size=4),
        "events": st.lists(EVENTS, min_size=12, max_size=30),
        "orders": st.lists(LINES, min_size=6, max_size=16),
    }
)
TIME_OF = {"events": "event_at", "orders": "ordered_at"}
# One record of each kind, long ago and of nobody else, so that every shop has every feature.
EVE = {"customer_id": "eve", "product_id": "a", "category": "a"}
ALWAYS = {
    "customers": [{"customer_id": "eve", "birth_year": 1990, "gender": "female", "email_consent": True}],
    "events": [
        EVE | {"event_at": T - 999 * DAY + n * DAY, "event_type": kind, "price_cents": 1, "device": "a"}
        for n, kind in enumerate(EVENT_TYPES)
    ],
    "orders": [
        EVE | {"order_id": "e", "ordered_at": T - 999 * DAY + back, "is_return": bool(back), "unit_price_cents": 100}
        for back in (0, 1)
    ],
}
ALWAYS["events"][0]["traffic_source"] = "a"
ALWAYS["orders"][0] |= {"discount_cents": 1, "coupon": "c"}
ALWAYS["customers"][0]["signed_up_at"] = T - 999 * DAY
for name in ALWAYS:
    ALWAYS[name] = [record | {"row": row} for row, record in enumerate(ALWAYS[name], start=9001)]


def numbered(shop, start):
    """Return the records of a shop's tables, with rows from ``start`` on and arrivals for delays."""
    customers = [{"customer_id": name} | person for name, person in zip(NAMED, shop["customers"], strict=True)]
    told = {"customers": customers} | {name: [dict(record) for record in shop[name]] for name in TIME_OF}
    for name, records in told.items():
        for row, record in enumerate(records, start=start):
            record["row"] = row
            delay = record.pop("delay", None)
            record |= {} if delay is None else {"arrived_at": record[TIME_OF[name]] + delay}
    return told


def known_at(name, record):
    times = (TIME_OF.get(name, "signed_up_at"), "arrived_at", "updated_at")
    return max(record.get(time) or 0 for time in times)


def parts(shop, when):
    """Return the records known before the cutoff, and those known from it on."""
    early = {name: [r for r in records if known_at(name, r) < when] for name, records in shop.items()}
    late = {name: [r for r in records if known_at(name, r) >= when] for name, records in shop.items()}
    return early, late


def features(shop, *, n_threads=1):
    """Clean the tables and describe everybody at T."""
    with engine(n_threads=n_threads, memory_gb=1) as connection:
        full = {name: [*records, *ALWAYS[name]] for name, records in shop.items()} | {"sessions": []}
        raw = {name: table(connection, name, records) for name, records in full.items()}
        cleaned = clean(raw, settle=connection.settle, **CLEANING)
        rows = [dict.fromkeys(SPLIT) | at_cutoff(name) | {"part": "train"} for name in NAMED]
        split = lazy(connection, rows, SPLIT)
        found, dictionary = describe(
            split,
            cleaned.tables,
            task="customer",
            scoring_moment="session_start",
            windows_days=[1, 7],
            half_lives_days=[3],
            lookback_days=50,
            horizon_days=30,
            time_zone="Europe/London",
            extras={"customers": {}, "sessions": {}},
            bg_nbd=fit_loyalty(split, cleaned.tables["order_lines"], lookback_days=50),
            engine=connection,
        )
        return {row.pop("row_id"): row for row in found.collect().rows(named=True)}, dictionary.to_dict("records")


def with_other_news(shop, other, random):
    """Keep what was known before T, put another shop's later news in the place of its own, and mix up the order.

    Customers keep when they signed up; what those stated who change it later is another's. Others get a second row with
    a later change, before or after their own.
    """
    (early, late), (_, news) = parts(numbered(shop, 1), T), parts(numbered(other, 1001), T)
    news["customers"] = [
        record | {"signed_up_at": late_one["signed_up_at"], "updated_at": late_one["updated_at"]}
        for late_one in late["customers"]
        for record in numbered(other, 1)["customers"]
        if record["customer_id"] == late_one["customer_id"]
    ]
    changes = [
        theirs | {"signed_up_at": own["signed_up_at"], "updated_at": T + 5, "row": random.choice([-2000, 2000]) + n}
        for n, (own, theirs) in enumerate(
            zip(numbered(shop, 1)["customers"], numbered(other, 1)["customers"], strict=True)
        )
    ]
    news["customers"] += random.sample(changes, 2)
    twice = {
        name: [record | {"row": record["row"] + 1000} for record in random.choice([news[name], []])] for name in news
    }
    together = {name: [*early[name], *news[name], *twice[name]] for name in early}
    return {name: random.sample(records, len(records)) for name, records in together.items()}


@SLOW
@given(SHOPS, SHOPS, st.randoms())
def test_records_that_happen_or_arrive_at_or_after_the_cutoff_change_no_bit_on_the_way_from_the_tables(
    shop, other, random
):
    (shown, entries), (again, same) = (
        features(numbered(shop, 1)),
        features(with_other_news(shop, other, random), n_threads=2),
    )
    assert entries == same
    assert [(row, name) for row in shown for name in shown[row] if shown[row][name] != again[row][name]] == []


def test_a_session_that_is_proved_a_bots_after_the_cutoff_is_not_known_to_be_one_before_it():
    viewed = [{"customer_id": "ann", "event_at": T - 3 + n, "event_type": "view", "product_id": "a"} for n in range(6)]
    viewed = [event | {"session_id": "s1", "product_id": f"p{n}", "row": n} for n, event in enumerate(viewed)]
    people = [{"customer_id": name, "row": n} for n, name in enumerate(NAMED)]

    def of_ann(events):
        return features({"customers": people, "events": events, "orders": []})[0][f"ann@{T}"]

    assert of_ann(viewed) == of_ann(viewed[:3])
    assert of_ann(viewed)["n_view_7d"] == 2  # the third is the proof, the last before the cutoff


def test_a_second_row_of_a_customer_changed_after_the_cutoff_takes_nothing_from_the_first():
    people = [{"customer_id": name, "signed_up_at": T - DAY, "gender": "female", "row": 1} for name in NAMED]
    change = {"customer_id": "ann", "signed_up_at": T - DAY, "updated_at": T, "gender": "male"}

    def of_ann(customers):
        return features({"customers": customers, "events": [], "orders": []})[0][f"ann@{T}"]

    for row in (0, 9):
        assert of_ann([*people, change | {"row": row}])["gender"] == of_ann(people)["gender"] == "female"


SEEN = st.fixed_dictionaries(
    {
        "event_at": st.integers(0, 8).map(lambda step: T + 10 * step),
        "delay": st.sampled_from([None, 0, 15]),
        "event_type": st.sampled_from(["view", "search", "add_to_cart", "remove_from_cart", "purchase"]),
        "session_id": st.sampled_from(["s1", "s1", "s2"]),
        "product_id": NAMES,
        "category": NAMES,
        "price_cents": CENTS,
    }
)


@SLOW
@given(
    st.lists(SEEN, min_size=6, max_size=20),
    st.lists(SEEN, min_size=6, max_size=20),
    st.sampled_from([T + 25, T + 30, T + 31]),
)
def test_a_running_sessions_features_stay_the_same_to_the_bit_whatever_it_does_from_its_moment_on(acts, others, moment):
    def seen(events, start):
        named = numbered({"customers": [{}] * 4, "events": events, "orders": []}, start)["events"]
        return parts({"events": [{"customer_id": "ann"} | event for event in named]}, moment)

    (early, late), (_, news) = seen(acts, 1), seen(others, 1001)
    rows = [{"row_id": "s1", "session_id": "s1", "customer_id": "ann", "cutoff": moment, "part": "train"}]
    before = [{"customer_id": "ann", "event_at": T - DAY, "session_id": "s0", "product_id": "a", "category": "a"}]
    always = [record | {"event_type": kind, "price_cents": 5} for record in before for kind in EVENT_TYPES]
    sessions = [{"session_id": "s1", "customer_id": "ann", "started_at": T, "n_events": 3}]

    def described(events):
        shop = {"events": [*always, *events], "sessions": sessions}
        shop["events"] = [event | {"row": event.get("row", -n)} for n, event in enumerate(shop["events"], start=1)]
        return features_of(shop, rows, task="session", scoring_moment="during_session")

    assert described([*news["events"], *early["events"]]) == described([*early["events"], *late["events"]])
