"""What differs between two revisions apart from the scores: params, packages, rows, drivers."""

import numpy as np
import pandas as pd

SPREADS = 2  # a driver has moved if its importance changed by more than this many joint spreads


def flat(content, key=""):
    """Return {dotted key: value} of nested mappings; a list is one value."""
    if not isinstance(content, dict):
        return {key: content}
    parts = (flat(value, f"{key}.{name}" if key else str(name)) for name, value in content.items())
    return {name: value for part in parts for name, value in part.items()}


def changed(base, head):
    """Return [(key, base's value, head's value)] of two mappings where they differ; None stands for an absent key."""
    before, after = flat(base), flat(head)
    return [
        (key, before.get(key), after.get(key))
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def pins(text):
    """Return {package: version} of a requirements.txt; a package pinned twice (by marker) has both versions."""
    versions = {}
    for line in (text or "").splitlines():
        package, found, rest = line.partition("==")
        if found and not line.startswith("#"):
            versions.setdefault(package.strip(), []).append(rest.split(";")[0].strip())
    return {package: " or ".join(sorted(set(found))) for package, found in versions.items()}


def accounts(prepare, preprocess, featurize):
    """Return {what: number} of the rows that the data stages read, kept and lost, and of what they made.

    Parameters
    ----------
    prepare, preprocess, featurize : dict
        The contents of their metrics files.
    """
    counts = {}
    for stage, account, lost in (("prepare", prepare, "rejected"), ("preprocess", preprocess, "dropped")):
        for table, numbers in account.items():
            if isinstance(numbers, dict) and lost in numbers:
                counts |= {f"{stage}: {table} {word}": numbers[word] for word in ("read", "kept")}
                by_reason = numbers[lost]["by_reason"]
                counts |= {f"{stage}: {table} {lost}, {reason}": n for reason, n in by_reason.items()}
    for part, numbers in featurize.items():
        if isinstance(numbers, dict):
            counts |= {f"featurize: {part} {word}": numbers[word] for word in ("rows", "positives")}
        elif part == "n_features":
            counts["featurize: features"] = numbers
    return counts


def moved_drivers(base, head):
    """Return the features whose permutation importance moved beyond the spread of its repeats.

    Parameters
    ----------
    base, head : DataFrame with feature, importance, spread
        plots/importance.csv of both; a feature is compared if both list it.

    Returns
    -------
    DataFrame
        feature, base, head, difference; the largest first. Kept are differences beyond twice the root of the sum of the
        squared spreads.
    """
    both = base.merge(head, on="feature", suffixes=("_base", "_head"))
    difference = both["importance_head"] - both["importance_base"]
    beyond = difference.abs() > SPREADS * np.hypot(both["spread_base"], both["spread_head"])
    moved = pd.DataFrame(
        {
            "feature": both["feature"],
            "base": both["importance_base"],
            "head": both["importance_head"],
            "difference": difference,
        }
    )[beyond]
    return moved.sort_values("difference", key=np.abs, ascending=False, ignore_index=True)
