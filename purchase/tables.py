"""The contracts of customers, events, orders and sessions: names, types, units.

``prepare`` writes the four tables with exactly these columns, in this order, and every later room reads them by these
names. A shop that has no such table gets one with no rows.

Times are int64 seconds since 1970-01-01 UTC and end in ``_at``. Money is int64 cents and ends in ``_cents``. A row that
breaks a required column is rejected; an impossible value in a column that may be missing is blanked (set missing).
"""

import datetime
import sys
import zoneinfo

# Where pyspark is installed, pandera would load its pandas, which no pandas of today's satisfies, and have it warn.
sys.modules.setdefault("pyspark.pandas", None)

import narwhals as nw  # noqa: E402
import pandera.pandas as pa  # noqa: E402

EVENT_TYPES = (
    "view",
    "search",
    "add_to_cart",
    "remove_from_cart",
    "wishlist",
    "checkout",
    "purchase",
    "email_sent",
    "email_held_out",  # would have got the e-mail, but was drawn into the randomised hold-out
    "email_open",
    "email_click",
)
EMAIL_TYPES = tuple(kind for kind in EVENT_TYPES if kind.startswith("email_"))

DAY = 86_400  # seconds

# No shop on the web is older, and a time beyond is a broken clock or a wrong unit.
EARLIEST, LATEST = 631_152_000, 4_102_444_800  # 1990-01-01, 2100-01-01
MOST_CENTS = 100_000_000_00  # a hundred million; above it the unit is wrong, and sums stay far from overflow

# When a value is known, from earliest to latest; ``cutoff`` is the customer task's only moment.
KNOWN_AT = ("session_start", "during_session", "session_end")

# What features are about; each is in one group, and the param featurize.leave_out goes by them.
FEATURE_GROUPS = (
    *("customers", "season", "sale_days"),
    *("orders", "decay", "rhythm", "baskets", "returns", "bg_nbd", "trend", "habits"),
    *("browsing", "open_cart", "taste", "device", "sessions", "visits", "emails", "reaction"),
    *("session_table", "session_start", "session", "moment"),
)

# Units in which a number says all by itself, so that a text that shows it leaves them out.
YES_OR_NO = "1 or 0"
PURE_UNITS = ("ratio", "share", "probability", "0 to 2", "as given", YES_OR_NO)

# Columns of a feature table that describe the row and are never features.
KEY_COLUMNS = ("row_id", "customer_id", "session_id", "cutoff", "group", "label")


class TableError(ValueError):
    """A table cannot be used: says where, which value, and how to mend it."""


def _text(*, required=False, unique=False, choices=None, meaning):
    checks = [pa.Check.str_length(min_value=1)] if choices is None else [pa.Check.isin(choices)]
    return pa.Column(str, checks, nullable=not required, unique=unique, description=meaning)


def _whole(low, high, *, required=False, meaning):
    return pa.Column("Int64", pa.Check.in_range(low, high), nullable=not required, description=meaning)


def _time(*, required=False, meaning):
    return _whole(EARLIEST, LATEST, required=required, meaning=f"{meaning}, seconds since 1970-01-01 UTC")


def _flag(*, required=False, meaning):
    return pa.Column("boolean", nullable=not required, description=meaning)


_ROW = {"row": _whole(1, 2**62, required=True, meaning="number of the source row, counted over the table's files")}

CUSTOMERS = pa.DataFrameSchema(
    _ROW
    | {
        "customer_id": _text(required=True, meaning="who"),
        "signed_up_at": _time(meaning="when the account was made"),
        "birth_year": _whole(1900, 2020, meaning="year of birth"),
        "gender": _text(choices=("female", "male", "other"), meaning="gender as stated"),
        "country": _text(meaning="country as the shop writes it"),
        "acquisition_channel": _text(meaning="what brought the customer first"),
        "email_consent": _flag(meaning="may be sent promotions, as agreed at sign-up"),
        "loyalty_tier": _text(meaning="programme chosen at sign-up"),
        "updated_at": _time(meaning="when what the row states was last changed; missing: not since sign-up"),
        "is_test": _flag(required=True, meaning="an account of the shop's own staff or checks"),
    },
    name="customers",
)

EVENTS = pa.DataFrameSchema(
    _ROW
    | {
        "event_at": _time(required=True, meaning="when it happened"),
        "event_type": _text(required=True, choices=EVENT_TYPES, meaning="what happened"),
        "customer_id": _text(meaning="who; missing: anonymous"),
        "session_id": _text(meaning="the shop's own session, if it logs one"),
        "product_id": _text(meaning="what was acted on"),
        "category": _text(meaning="the product's category"),
        "price_cents": _whole(0, MOST_CENTS, meaning="the product's price at that moment"),
        "device": _text(meaning="kind of device"),
        "traffic_source": _text(meaning="what brought the session"),
        "campaign_id": _text(meaning="promotion, for e-mail events"),
        "order_id": _text(meaning="order, for purchase events"),
        "arrived_at": _time(meaning="when the shop's records had it; missing: at once"),
    },
    name="events",
)

ORDERS = pa.DataFrameSchema(  # a row is an order's line, or a line that takes goods back
    _ROW
    | {
        "order_id": _text(required=True, meaning="the order; on a return, the order taken back if the shop says which"),
        "customer_id": _text(meaning="who; missing: a guest"),
        "ordered_at": _time(required=True, meaning="when it was ordered; on a return, when it came back"),
        "product_id": _text(meaning="what"),
        "category": _text(meaning="the product's category"),
        "quantity": _whole(1, 10_000_000, required=True, meaning="how many; on a return, how many came back"),
        "unit_price_cents": _whole(0, MOST_CENTS, meaning="price of one before discount; missing: the shop gives none"),
        "discount_cents": _whole(0, MOST_CENTS, required=True, meaning="taken off the whole line; 0: none"),
        "coupon": _text(meaning="coupon code; missing: none"),
        "arrived_at": _time(meaning="when the shop's records had it; missing: at once"),
        "is_return": _flag(required=True, meaning="takes goods back"),
    },
    name="orders",
)

SESSIONS = pa.DataFrameSchema(  # for shops that hand over finished sessions; columns beyond these come from the shop
    _ROW
    | {
        "session_id": _text(required=True, meaning="which; made from the row number where the shop has none"),
        "customer_id": _text(meaning="who; missing: anonymous"),
        "started_at": _time(meaning="when it began"),
        "ended_at": _time(meaning="when it ended"),
        "ordered": _flag(required=True, meaning="an order was placed in it"),
    },
    name="sessions",
)

CONTRACTS = {schema.name: schema for schema in (CUSTOMERS, EVENTS, ORDERS, SESSIONS)}


def with_missing(frame, kinds):
    """Add columns that hold nothing to a lazy frame; ``kinds`` is {name: Narwhals type}.

    By way of text, since pandas knows no missing whole number or flag until it is in a column.
    """
    blank = frame.with_columns(**{name: nw.lit(None, dtype=nw.String) for name in kinds})
    return blank.with_columns(**{name: nw.col(name).cast(kind) for name, kind in kinds.items()})


def end_of_records(last_at, *, end, time_zone):
    """Return the first instant that a shop's export does not cover, in seconds since 1970-01-01 UTC.

    That is midnight of the day ``end`` ("YYYY-MM-DD") or, if ``end`` is None, the midnight after the last record,
    in the shop's time zone.
    """
    zone = zoneinfo.ZoneInfo(time_zone)
    if end is None:
        day = datetime.datetime.fromtimestamp(last_at, zone).date() + datetime.timedelta(days=1)
    else:
        day = datetime.date.fromisoformat(end)
    return int(datetime.datetime.combine(day, datetime.time(), zone).timestamp())
