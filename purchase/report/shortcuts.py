"""What shortcuts would have pretended, and whether more data would help."""

from purchase.report.html import heading, paragraph, picture, table
from purchase.report.words import estimate, score, signed

_MEANINGS = {
    "out of time": "trained before the test month: this report",
    "as split": "this report: stratified, identical rows together",
    "by customer": "trained on other customers, in the test month too",
    "at random": "trained on the same customers, in the test month too",
}


def shortcuts(story):
    """Yield the comparison of protocols: the same test rows, scored as each protocol would."""
    yield heading("What would shortcuts have pretended?")
    found = story.evaluation["protocols"]
    several = len({moment for moments in found.values() for moment in moments}) > 1
    rows = [
        [
            _name(protocol, moment, several),
            *(score(values[metric]) for metric in ("roc_auc", "average_precision")),
            signed(values["roc_auc_difference"]["value"]),
            _verdict(values["roc_auc_difference"]),
        ]
        for protocol, moments in found.items()
        for moment, values in moments.items()
    ]
    yield paragraph(
        "Many reports score a random split of all rows, or let in what is known only later. Here the champion's "
        "settings are trained that way too, on as many rows, and score the same test rows."
    )
    names = ["Trained", "ROC AUC", "Average precision", "ROC AUC to the first", ""]
    yield table(names, rows, caption="The same test rows under other protocols")
    yield picture(
        story.pictures["protocols"],
        description="Dots: ROC AUC, average precision and log loss of the same test rows under each protocol, with the "
        "interval of the difference to the first.",
        caption="A bar that touches the dotted line is within noise.",
    )


def _name(protocol, moment, several):
    known = f"; features known at {moment.replace('_', ' ')}" if several else ""
    return f"{protocol.capitalize()} ({_MEANINGS[protocol]}{known})"


def _verdict(difference):
    if difference["low"] == difference["high"] == 0:
        return "the number of this report"
    if difference["low"] <= 0 <= difference["high"]:
        return "within noise"
    return "pretends more" if difference["low"] > 0 else "shows less"


def more_data(story):
    """Yield what the learning curve says."""
    yield heading("Would more data help?")
    found = story.evaluation["learning_curve"]
    if "not_available" in found:
        yield paragraph(f"Not available: {found['not_available']}.", kind="missing")
    else:
        fall = found["fall_of_log_loss"]
        helped = "so more of the same would likely help" if fall["low"] > 0 else "so more of the same promises little"
        yield paragraph(
            f"From {found['from_share']:.0%} of the training customers to all of them, log loss on validation rows "
            f"fell by {estimate(fall)} ({story.interval}), {helped}."
        )
    yield picture(
        story.pictures["learning_curve"],
        description="Line: rise of log loss when fewer training rows are used, with its interval.",
        caption="What fewer training rows would have cost.",
    )
