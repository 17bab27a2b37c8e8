"""Who the customer is, as known before the cutoff, and when a session begins."""

import narwhals as nw

from purchase.features import clock
from purchase.features.registry import Block, Feature, only_if
from purchase.tables import DAY, YES_OR_NO

COL = nw.col
UNIT_OF = {"number": "as given"}  # of a shop's own column whose YAML names no unit
AS_STATED = {  # column: meaning
    "gender": "gender as stated",
    "country": "country",
    "acquisition_channel": "what brought the customer first",
    "loyalty_tier": "programme chosen at sign-up",
}


def known_customers(rows, customers):
    """Join to each row what its customer stated; missing where they signed up or changed it at or after the cutoff."""
    attributes = [name for name in customers.collect_schema().names() if name not in ("customer_id", "updated_at")]
    signed_up, unchanged = (
        COL(name).is_null() | (COL(name) < COL("cutoff")) for name in ("signed_up_at", "updated_at")
    )
    joined = rows.join(customers, on="customer_id", how="left").with_columns(
        known=signed_up & unchanged, signed_up=signed_up
    )
    when = {name: "signed_up" if name == "signed_up_at" else "known" for name in attributes}
    told = joined.with_columns(only_if(COL(flag), COL(name)).alias(name) for name, flag in when.items())
    return told.drop("known", "signed_up", "updated_at")


def customer_block(extras):
    """Describe the customer by attributes that ``known_customers`` joined; ``extras`` is {name: Extra}."""
    birth = ("customers.birth_year",)
    features = [
        Feature(
            "age_years",
            "age in the year of the cutoff",
            "years",
            value=COL("months") // 12 - COL("birth_year"),
            needs=birth,
        ),
        Feature(
            "tenure_days",
            "time since sign-up",
            "days",
            value=(COL("cutoff") - COL("signed_up_at")) / DAY,
            needs=("customers.signed_up_at",),
        ),
        Feature(
            "email_consent",
            "may be sent promotions, as agreed at sign-up: 1 yes, 0 no",
            YES_OR_NO,
            value=COL("email_consent").cast(nw.Int64),
            needs=("customers.email_consent",),
        ),
    ]
    for name, meaning in AS_STATED.items():
        features.append(Feature(name, meaning, value=COL(name), type="category", needs=(f"customers.{name}",)))
    features += [extra_feature("customers", name, extra, known_at="session_start") for name, extra in extras.items()]
    return Block("customers", None, features, "customers")


def extra_feature(table, name, extra, *, known_at):
    """Make a feature of a shop's own column; a yes or no that may be missing becomes a number, 1 or 0."""
    return Feature(
        name,
        extra.meaning,
        extra.unit or UNIT_OF.get(extra.type, ""),
        value=COL(name),
        type=extra.type,
        known_at=known_at,
        as_told=True,
        needs=(f"{table}.{name}",),
    )


def moment_block():
    """Describe the time at which a session begins by the shop's own clock."""
    weekday = clock.weekday(COL("wall"))
    return Block(
        "split",
        None,
        [
            Feature("hour", "hour at which the session begins, 0 to 23", "hour", value=clock.hour(COL("wall"))),
            Feature("weekday", "weekday on which it begins, 0 is Monday", "weekday", value=weekday),
            Feature("weekend", "begins on Saturday or Sunday", value=weekday >= 5, type="boolean"),
        ],
        "moment",
    )
