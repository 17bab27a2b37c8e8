"""The review in words: Markdown that reads as plain text too."""

from purchase.evaluation.gate import said as gate_words
from purchase.report.words import METRICS
from purchase.review.paired import NOISE

N_SHOWN = 20  # rows of a table; the rest is counted
EMPTY = "(none)"


def title(metric):
    return METRICS.get(metric, metric)


def verdict_lines(compared, rows, *, metric, interval):
    """Head the review with the champions' difference in ``metric``, and show all metrics.

    Parameters
    ----------
    compared : DataFrame
        From ``paired.compare``.
    rows : paired.Rows
    """
    row = compared.set_index("metric").loc[metric]
    n_rows, n_ordered = len(rows.table), int(rows.table["label"].sum())
    where = f"the same {n_rows:,} test rows" if rows.same else f"the {n_rows:,} test rows that both have"
    lead = "" if rows.same else "On the rows that both have: "
    return [
        f"## {lead}{sentence(row['verdict'])}: {title(metric)} {number(row['base'])} -> {number(row['head'])}",
        "",
        f"Difference {signed(row['difference'])} {range_of(row['low'], row['high'])}: {interval:.0%} interval of a "
        f"paired bootstrap over `{rows.group}` on {where}, of which {n_ordered:,} ordered.",
        "",
        *_table(
            ["metric", "base", "head", "difference", f"{interval:.0%} interval", "verdict"],
            [
                [title(metric), number(base), number(head), signed(difference), range_of(low, high), verdict]
                for metric, base, head, difference, low, high, verdict in compared.itertuples(index=False)
            ],
        ),
    ]


def sentence(verdict):
    return {NOISE: "Within noise"}.get(verdict, verdict.capitalize())


def unpaired_lines(reason, base, head):
    """Say why there is no paired verdict, and show what each revision measured on its own rows.

    Parameters
    ----------
    base, head : dict
        metrics/evaluate.json of both.
    """
    shared = [metric for metric in head["test"] if metric in base["test"]]
    return [
        "## No paired verdict is possible",
        "",
        f"{reason} Below is what each measured on its own test rows ({base['n_test']:,} and {head['n_test']:,}), each "
        "with its own interval: a difference may be the rows' as well as the models'.",
        "",
        *_table(
            ["metric", "base", "interval", "head", "interval"],
            [[title(metric), *_own(base["test"][metric]), *_own(head["test"][metric])] for metric in shared],
        ),
    ]


def _own(score):
    return number(score["value"]), between(score["low"], score["high"])


def champion_line(base, head):
    """Say which model was chosen before and now; ``base`` and ``head`` are metrics/evaluate.json."""
    before, now = base["champion"], head["champion"]
    if before == now:
        return f"Champion: `{now}`, as before."
    tied = "tied with it" if before in head.get("tied", ()) else "not tied with it"
    return f"Champion: `{before}` -> `{now}`. In head, `{before}` is {tied} on test."


def gate_line(gate):
    """Say whether head passes the gate; ``gate`` is from ``evaluation.gate.hold``."""
    if not gate["checks"]:
        return "Gate: none is set (section `gate` of params.yaml)."
    texts = [(*gate_words(name, check), check["passed"]) for name, check in gate["checks"].items()]
    said = "; ".join(
        f"{what} {value} ({bound}){'' if passed else ', **failed**'}" for what, value, bound, passed in texts
    )
    return f"Gate: {'passed' if gate['passed'] else '**failed**'}. {said[0].upper()}{said[1:]}."


def changed_lines(heading, what, changes):
    """Show [(name, base's value, head's value)]; nothing where nothing changed."""
    return section(
        f"{heading}: {len(changes)}", [what, "base", "head"], [[n, plain(b), plain(h)] for n, b, h in changes]
    )


def section(heading, names, rows):
    return [f"### {heading}", "", *_table(names, rows), ""] if rows else []


def _table(names, rows):
    shown = ["| " + " | ".join(row) + " |" for row in [names, ["---"] * len(names), *map(_cells, rows[:N_SHOWN])]]
    return shown if len(rows) <= N_SHOWN else [*shown, "", f"... and {len(rows) - N_SHOWN} more."]


def _cells(row):
    return [str(cell).replace("|", "\\|").replace("\n", " ") for cell in row]


def plain(value):
    """Return a param, a count or a version as text."""
    if value is None:
        return EMPTY
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)


def number(value):
    """Return a score with four decimals; undefined where it is None or NaN."""
    return "undefined" if value is None or value != value else f"{value:.4f}"


def signed(value):
    """Return a difference, its sign shown."""
    return "undefined" if value != value else f"{value:+.4f}"


def between(low, high):
    """Return the interval of a score."""
    return f"[{number(low)}, {number(high)}]"


def range_of(low, high):
    """Return the interval of a difference."""
    return f"[{signed(low)}, {signed(high)}]"
