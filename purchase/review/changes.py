"""What differs between two revisions apart from the scores: params, packages, rows, features, drivers; and the gate."""

import numpy as np
import pandas as pd

from purchase.tables import KEY_COLUMNS

N_BINS = 10  # of the population stability index, as it is commonly read
LEAST_SHARE = 1e-4  # stands for an empty bin, whose logarithm is infinite
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


def drift(base, head):
    """Return the population stability index of every feature that two feature tables share.

    The sum over bins of (p - q) log(p / q), p and q being the shares of rows in a bin; bins are base's tenths for
    numbers, categories for texts, and missing. 0: the same distribution; from 0.1 often read as some, from 0.25 as much
    drift (Siddiqi 2006, Credit Risk Scorecards, chapter 8).

    Returns
    -------
    DataFrame
        feature, drift; the most first.
    """
    shared = [name for name in base.columns if name in head.columns and name not in KEY_COLUMNS]
    table = pd.DataFrame({"feature": shared, "drift": [stability_index(base[name], head[name]) for name in shared]})
    return table.sort_values("drift", ascending=False, ignore_index=True)


def stability_index(base, head):
    """Return the population stability index of one column between two tables."""
    p, q = _shares(base, head)
    return float(((q - p) * np.log(q / p)).sum())


def _shares(base, head):
    if pd.api.types.is_bool_dtype(base) or not pd.api.types.is_numeric_dtype(base):
        p, q = (column.astype("string").fillna("missing").value_counts(normalize=True) for column in (base, head))
        p, q = p.align(q, fill_value=0.0)
    else:
        before, after = (pd.to_numeric(column, errors="coerce").to_numpy(dtype=float) for column in (base, head))
        known = before[np.isfinite(before)]
        edges = np.unique(np.quantile(known, np.linspace(0, 1, N_BINS + 1)[1:-1])) if len(known) else np.array([])
        p, q = (_binned(values, edges) for values in (before, after))
    return np.maximum(p, LEAST_SHARE), np.maximum(q, LEAST_SHARE)


def _binned(values, edges):
    known = np.isfinite(values)
    bins = np.searchsorted(edges, values[known], side="left")
    counts = np.append(np.bincount(bins, minlength=len(edges) + 1), (~known).sum())
    return counts / max(len(values), 1)


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


def calibration_error(bins):
    """Return the expected calibration error: the mean over rows of |mean propensity - share ordered| of their bin.

    Parameters
    ----------
    bins : DataFrame with mean_propensity, share_ordered, n_rows
        plots/calibration.csv.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning".
    """
    gap = (bins["mean_propensity"] - bins["share_ordered"]).abs()
    return float(np.average(gap, weights=bins["n_rows"]))


def pass_gate(gate, *, bins, lift):
    """Hold a champion against the section ``gate`` of params.yaml.

    Returns
    -------
    list of (what, value, bound, passed)
        Empty where no gate is set.
    """
    error = calibration_error(bins)
    most, least = gate.get("max_calibration_error"), gate.get("min_lift_at_10_percent")
    checks = []
    if most is not None:
        checks.append(("calibration error", error, f"at most {most:g}", error <= most))
    if least is not None:
        checks.append(("lift at 10 %", lift, f"at least {least:g}", lift >= least))
    return checks
