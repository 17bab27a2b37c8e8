"""Features and money in words."""

import numpy as np
import pandas as pd

from purchase.tables import PURE_UNITS

NO_VALUE = "none"
AS_YES_OR_NO = {0: "no", 1: "yes"}


def money(cents, currency=""):
    """Return cents as an amount: 1,234 EUR; below a hundred with its cents."""
    amount = f"{cents / 100:,.0f}" if abs(cents) >= 100_00 else f"{cents / 100:,.2f}"
    return f"{amount} {currency}".rstrip()


class Words:
    """What features are called, from the dictionary of the features.

    Parameters
    ----------
    dictionary : DataFrame with name, meaning, unit and type
    currency : str
    """

    def __init__(self, dictionary, *, currency):
        self.entries = dictionary.fillna("").set_index("name").to_dict("index")
        self.currency = currency

    def name(self, feature):
        """Return a feature's meaning without the remark on missing values."""
        meaning = self.entries.get(feature, {}).get("meaning", "")
        return meaning.split(";")[0] or feature

    def value(self, feature, value):
        """Return one value of a feature in words, its unit beside it."""
        if pd.isna(value):
            return NO_VALUE
        entry = self.entries.get(feature, {})
        if entry.get("type") == "category" or isinstance(value, str):
            return str(value)
        if entry.get("type") == "boolean":
            return AS_YES_OR_NO[int(value)]
        unit = "" if entry.get("unit") in PURE_UNITS else entry.get("unit", "")
        if unit == "cents":
            return money(value, self.currency)
        whole = value == round(value) or abs(value) >= 100
        shown = f"{value:,.0f}" if whole else f"{value:.1f}" if unit else f"{value:.2g}"
        return f"{shown} {unit}".rstrip()

    def reasons(self, feature, values):
        """Return "meaning: value" for each value, the distinct ones put in words once."""
        codes, distinct = pd.factorize(values, use_na_sentinel=False)
        texts = np.array([f"{self.name(feature)}: {self.value(feature, value)}" for value in distinct], dtype=object)
        return texts[codes]
