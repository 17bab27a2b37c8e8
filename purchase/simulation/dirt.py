"""What goes wrong with finished, clean rows between a shop's database and its export, at the rates in the params."""

import numpy as np

from purchase.simulation.columns import MISSING, NO_PRICE, concat, in_order_of, n_rows, take
from purchase.simulation.strangers import FIRST_SESSION
from purchase.simulation.text import ISO
from purchase.tables import DAY

BEFORE_SHOPS = 1850  # a birth year that nobody has
LATE_ROWS = (2, 3000)  # how many rows later than its turn an out-of-order row is written
SKEW = (3600, 3 * DAY)  # seconds by which a clock is off, even in the logarithm

# Optional values that may be left out, and what a missing one is.
OPTIONAL = {
    "customers": dict.fromkeys(("birth_year", "gender", "country", "channel", "consent", "tier"), MISSING),
    "events": {"category": MISSING, "price": NO_PRICE, "device": MISSING, "source": MISSING},
    "orders": {"category": MISSING, "unit_price": NO_PRICE},
}


def dirty_customers(customers, rates, rng):
    """Return the customer table with mistakes in it."""
    customers = _mistakes(customers, "customers", rates, rng, [_no_birth_year, _month_13])
    return _repeat(customers, rng, rates.duplicates)


def dirty_events(events, rates, rng, *, first_at, end_at):
    """Return a chunk's events, in order of time, with mistakes in them; no time leaves [first_at, end_at)."""
    events = events | {"at": _skew_clocks(events, rates.clock_skew, rng, first_at=first_at, end_at=end_at)}
    events = _mistakes(events, "events", rates, rng, [_negative("price"), _month_13])
    events = _repeat(events, rng, rates.duplicates, near=rates.near_duplicates, end_at=end_at)
    return _delay(events, rng, rates.out_of_order)


def dirty_orders(orders, rates, rng, *, end_at):
    """Return a chunk's order lines, in order of time, with mistakes in them."""
    orders = _mistakes(orders, "orders", rates, rng, [_negative("unit_price"), _no_quantity, _month_13])
    orders = _repeat(orders, rng, rates.duplicates, near=rates.near_duplicates, end_at=end_at)
    return _delay(orders, rng, rates.out_of_order)


def _mistakes(batch, table, rates, rng, impossible):
    """Leave values out, make values impossible, and write times in the other format."""
    n = n_rows(batch)
    batch = {name: values.copy() for name, values in batch.items()}
    batch["month_13"] = np.zeros(n, dtype=bool)
    optional = OPTIONAL[table]
    missing, which = np.flatnonzero(rng.random(n) < rates.missing), list(optional)
    column = rng.integers(0, len(which), len(missing))
    for place, name in enumerate(which):
        batch[name][missing[column == place]] = optional[name]
    wrong = np.flatnonzero(rng.random(n) < rates.impossible)
    kind = rng.integers(0, len(impossible), len(wrong))
    for place, spoil in enumerate(impossible):
        spoil(batch, wrong[kind == place])
    batch["style"] = np.where(rng.random(n) < rates.mixed_times, ISO, 0).astype(np.int8)
    return batch


def _month_13(batch, rows):
    batch["month_13"][rows] = True


def _no_birth_year(batch, rows):
    batch["birth_year"][rows] = BEFORE_SHOPS


def _no_quantity(batch, rows):
    batch["quantity"][rows] = 0


def _negative(name):
    def spoil(batch, rows):
        priced = batch[name][rows] != NO_PRICE
        batch[name][rows[priced]] *= -1
        _month_13(batch, rows[~priced])

    return spoil


def _skew_clocks(events, rate, rng, *, first_at, end_at):
    """Return event times; those of some customers' sessions are off, all by the same, as their device's clock is."""
    at, session = events["at"], events["session"]
    real = (session >= 0) & (session < FIRST_SESSION)
    if not real.any():
        return at
    first = session[real].min()
    n = session[real].max() - first + 1
    low, high = np.log(SKEW)
    off = np.exp(rng.uniform(low, high, n)).astype(np.int64) * rng.choice([-1, 1], n)
    off = np.where(rng.random(n) < rate, off, 0)
    shift = np.where(real, off[np.where(real, session - first, 0)], 0)
    inside = (at + shift >= first_at) & (at + shift < end_at)
    return np.where(inside, at + shift, at - shift)  # an export asks for its own days


def _repeat(batch, rng, same, *, near=0.0, end_at=0):
    """Write rows again below themselves: the same to the byte, or a second or two later."""
    n = n_rows(batch)
    again = np.flatnonzero(rng.random(n) < same)
    soon = np.flatnonzero(rng.random(n) < near)
    later = rng.integers(1, 3, len(soon))
    copies = [take(batch, again)]
    if len(soon):
        copy = take(batch, soon)
        copies.append(copy | {"at": np.where(copy["at"] + later < end_at, copy["at"] + later, copy["at"] - later)})
    key = np.concatenate([np.arange(n), again, soon])
    return in_order_of(concat([batch, *copies]), key) if len(key) > n else batch


def _delay(batch, rng, rate):
    """Write some rows later than their turn, at the latest at the end of the chunk."""
    late = rng.random(n_rows(batch)) < rate
    if not late.any():
        return batch
    key = np.arange(n_rows(batch)) + late * rng.integers(*LATE_ROWS, n_rows(batch))
    return in_order_of(batch, key)
