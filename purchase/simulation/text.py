"""Turn columns of numbers into columns of text, many at once: bytes in a matrix of shape (n, width), then Arrow."""

import numpy as np
import pyarrow as pa

from purchase.tables import DAY

PLAIN, ISO = range(2)  # "2025-03-01 12:00:00" and "2025-03-01T12:00:00Z", both UTC


def _symbols(base, width):
    """Return every number of ``width`` digits in ``base`` as ASCII, shape (base ** width, width)."""
    number = np.arange(base**width)[:, None] // base ** np.arange(width - 1, -1, -1) % base
    return np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[number]


DECIMALS, HEXADECIMALS = _symbols(10, 4), _symbols(16, 4)
SECONDS = np.array([f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(DAY)], dtype="S8")
SECONDS = SECONDS.view(np.uint8).reshape(DAY, 8)


def texts(matrix, *, present=None, kept=None):
    """Return the rows of a byte matrix as an Arrow array of strings.

    ``present`` (n,) is False for missing values; ``kept`` (n, width) is False for bytes to leave out.
    """
    n, width = matrix.shape
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    if kept is not None:
        offsets[1:] = np.cumsum(kept.sum(axis=1))
        matrix = matrix[kept]
    valid = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix)), valid)


def ids(prefix, number):
    """Return identifiers of one letter and eight digits; negative numbers are missing."""
    parts = [DECIMALS[number // 10_000 % 10_000], DECIMALS[number % 10_000]]
    return texts(_lettered(prefix, parts), present=number >= 0)


def tokens(prefix, number):
    """Return identifiers that tell nothing of their order: a letter and twelve hexadecimal digits, all different."""
    mixed = (number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) & np.uint64(2**48 - 1)  # odd: one to one
    mixed ^= mixed >> np.uint64(23)
    parts = [HEXADECIMALS[(mixed >> np.uint64(shift)) & np.uint64(0xFFFF)] for shift in (32, 16, 0)]
    return texts(_lettered(prefix, parts), present=number >= 0)


def _lettered(prefix, parts):
    letter = np.full((len(parts[0]), 1), ord(prefix), dtype=np.uint8)
    return np.concatenate([letter, *parts], axis=1)


def times(at, *, style=None, month_13=None):
    """Return times, seconds since 1970-01-01 UTC, in the style of each row (PLAIN, ISO), some in a month 13."""
    day = at // DAY
    first = int(day.min(initial=0))
    dates = np.arange(first, int(day.max(initial=0)) + 1).astype("datetime64[D]").astype("S10")
    matrix = np.empty((len(at), 20), dtype=np.uint8)
    matrix[:, :10] = dates.view(np.uint8).reshape(-1, 10)[day - first]
    matrix[:, 10] = ord(" ")
    matrix[:, 11:19] = SECONDS[at - day * DAY]
    if month_13 is not None and month_13.any():
        matrix[month_13, 5:7] = np.frombuffer(b"13", dtype=np.uint8)
    if style is None or not (style == ISO).any():
        return texts(matrix[:, :19])
    matrix[style == ISO, 10] = ord("T")
    matrix[:, 19] = ord("Z")
    kept = np.ones(matrix.shape, dtype=bool)
    kept[:, 19] = style == ISO
    return texts(matrix, kept=kept)


def money(cents, missing):
    """Return amounts with two decimals; cents that equal ``missing`` are left out."""
    words = np.empty((len(cents), 2), dtype=np.int64)  # a decimal of 128 bits: the low word and the sign
    words[:, 0] = cents
    words[:, 1] = words[:, 0] >> 63
    valid = pa.py_buffer(np.packbits(cents != missing, bitorder="little"))
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [valid, pa.py_buffer(words)])


def words(code, vocabulary):
    """Return the word of each code; negative codes are missing."""
    return pa.array(vocabulary, pa.string()).take(pa.array(code, mask=code < 0))
