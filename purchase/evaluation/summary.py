"""Print what the last evaluation found: ``python -m purchase.evaluation.summary``."""

import pandas as pd

from purchase.evaluation.gate import said as gate_words
from purchase.files import METRICS, PLOTS, PREDICTIONS, read_json, run
from purchase.files import REPORT as PAGES
from purchase.tables import TableError

LEADERBOARD = METRICS / "leaderboard.csv"
REPORT = METRICS / "evaluate.json"


def leaderboard_lines(board, report):
    """Return the leaderboard as lines of text, best on validation first."""
    metric = report["champion_metric"]
    marks = [
        "champion" if model == report["champion"] else "tied" if tied else ""
        for model, tied in zip(board["model"], board["tied_with_champion"], strict=True)
    ]
    columns = {
        "model": list(board["model"]),
        "": marks,
        f"validation {metric.replace('_', ' ')}": [f"{value:.4f}" for value in board[f"validation_{metric}"]],
        "test ROC AUC": _with_intervals(board, "roc_auc", ".3f"),
        "test avg. precision": _with_intervals(board, "average_precision", ".3f"),
        "test log loss": _with_intervals(board, "log_loss", ".4f"),
    }
    return _aligned(columns)


def scores_lines(report):
    """Return the champion's test scores as lines of text."""
    test = report["test"]
    columns = {
        "metric": [name.replace("_", " ") for name in test],
        "test": [_shown(score["value"]) for score in test.values()],
        "low": [_shown(score["low"]) for score in test.values()],
        "high": [_shown(score["high"]) for score in test.values()],
        "validation": [_shown(report["validation"][name]) for name in test],
    }
    return _aligned(columns)


def gate_line(gate):
    """Return the gate's verdict in a line of text; ``gate`` is from ``gate.hold``."""
    if not gate["checks"]:
        return "Gate: none is set (section gate of params.yaml)."
    said = [
        f"{what} {value} ({bound}){'' if check['passed'] else ' FAILED'}"
        for check, (what, value, bound) in ((check, gate_words(name, check)) for name, check in gate["checks"].items())
    ]
    return f"Gate: {'passed' if gate['passed'] else 'FAILED'}. {'; '.join(said)}."


def _with_intervals(board, metric, form):
    ends = zip(*(board[f"test_{metric}{end}"] for end in ("", "_low", "_high")), strict=True)
    return [f"{value:{form}} [{low:{form}}, {high:{form}}]" for value, low, high in ends]


def _shown(value):
    return "undefined" if value is None else f"{value:.4f}"


def _aligned(columns):
    """Lay texts out in columns, the first two to the left and the others to the right, under a rule."""
    widths = [max(len(text) for text in (name, *texts)) for name, texts in columns.items()]
    sides = "<<" if "" in columns else "<"
    rows = [list(columns), ["-" * width for width in widths], *zip(*columns.values(), strict=True)]
    return [
        "  ".join(
            f"{text:{sides[i] if i < len(sides) else '>'}{width}}"
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def summary_text(board, report):
    """Return the whole summary: leaderboard, champion's scores, threshold, and where everything lies."""
    lines = leaderboard_lines(board, report)
    rule = "=" * max(len(line) for line in lines)
    return "\n".join(
        [
            rule,
            f"Leaderboard, task {report['task']}: chosen on {report['n_validation']:,} validation rows, reported on "
            f"{report['n_test']:,} test rows",
            rule,
            *lines,
            "",
            "tied: the test difference to the champion is within noise. [low, high]: bootstrap interval.",
            *(f"No {model}: {why}." for model, why in report.get("no_model", {}).items()),
            "",
            f"Champion: {report['champion']}; it predicts an order from a propensity of {report['threshold']:.4f}.",
            f"Of the {report['n_test']:,} test rows, {report['n_positive']:,} ordered.",
            gate_line(report["gate"]),
            "",
            *scores_lines(report),
            "",
            f"Tables       {LEADERBOARD.as_posix()}, {REPORT.as_posix()}",
            f"Predictions  {(PREDICTIONS / 'test.parquet').as_posix()}",
            f"Plots        {PLOTS.as_posix()}/pictures/*.png; or `dvc plots show`",
            f"For readers  {(PAGES / 'report.html').as_posix()}, one page that needs no network",
        ]
    )


def main():
    for path in (LEADERBOARD, REPORT):
        if not path.exists():
            raise TableError(f"{path} does not exist, so there is nothing to show yet. Run `dvc repro` first.")
    print(summary_text(pd.read_csv(LEADERBOARD), read_json(REPORT)))


if __name__ == "__main__":
    run(main)
