"""The verdict comes first: may this model be used, which is it, and what does it find?"""

from html import escape

from purchase.evaluation.gate import said
from purchase.report.html import bullets, paragraph, section
from purchase.report.words import FEWEST_ORDERS, cents, enough_orders, estimate, model, share


def verdict_section(story):
    return section("verdict", "Verdict", _warning(story), _gate(story.evaluation), _facts(story), _ties(story))


def _warning(story):
    if enough_orders(story.evaluation):
        return ""
    n = story.evaluation["n_positive"]
    return paragraph(
        f"Do not decide on this: only {n} of the {story.evaluation['n_test']:,} test {story.rows} ordered, fewer than "
        f"{FEWEST_ORDERS}. Every interval below is wide; wait for more data, or lengthen the horizon.",
        kind="warning",
    )


def _gate(evaluation):
    gate = evaluation["gate"]
    if not gate["checks"]:
        text = "No gate is set (section gate of params.yaml): whether this is good enough is for the reader to say."
        return f'<div class="verdict">{paragraph(text)}</div>'
    lines = []
    for name, check in gate["checks"].items():
        what, value, bound = said(name, check)
        lines.append(f"{'Passed' if check['passed'] else 'Failed'}: {what} {value}, {bound} wanted")
    word, kind = ("passed", "verdict") if gate["passed"] else ("failed", "verdict failed")
    advice = "Fit for use within its limits." if gate["passed"] else "Not to be used before that is mended."
    return (
        f'<div class="{kind}"><p><strong>{"✓" if gate["passed"] else "✗"} Gate {word}.</strong> {escape(advice)}</p>'
        f"{bullets(lines)}</div>"
    )


def _facts(story):
    evaluation, test = story.evaluation, story.evaluation["test"]
    facts = [
        ("Champion", model(evaluation["champion"]), f"chosen by {evaluation['champion_metric'].replace('_', ' ')}"),
        (
            "Buyers in the likeliest tenth, over a random tenth's",
            f"{test['lift_at_10_percent']['value']:.1f} times",
            f"{story.interval} {test['lift_at_10_percent']['low']:.1f} to {test['lift_at_10_percent']['high']:.1f}",
        ),
        (
            f"Test {story.rows} that did {story.outcome}",
            f"{evaluation['n_positive']:,} of {evaluation['n_test']:,}",
            share(evaluation["n_positive"] / evaluation["n_test"]),
        ),
        (
            "Propensities are off by",
            share(evaluation["calibration_error"]["value"], 2),
            "expected calibration error",
        ),
        *_profit_fact(story),
    ]
    cells = "".join(
        f"<div><dt>{escape(what)}</dt><dd>{escape(value)}<small>{escape(more)}</small></dd></div>"
        for what, value, more in facts
    )
    return f'<dl class="facts">{cells}</dl>'


def _profit_fact(story):
    profit = story.insights["profit"]
    if "not_available" in profit:
        return []
    found = profit["policies"]["champion"]
    shown = cents(story.about["currency"])
    what = f"Profit at most, contacting the best {found['n_contacted']:,}"
    return [(what, shown(found["profit_cents"]), f"{story.interval} {shown(found['low'])} to {shown(found['high'])}")]


def _ties(story):
    tied = [model(name) for name in story.evaluation["tied"]]
    scores = story.evaluation["test"]
    lines = [
        f"ROC AUC {estimate(scores['roc_auc'])}, average precision {estimate(scores['average_precision'])}, log loss "
        f"{estimate(scores['log_loss'])} ({story.interval}s).",
        f"Within noise of the champion on test: {', '.join(tied)}." if tied else "No other model is tied with it.",
    ]
    return bullets(lines)
