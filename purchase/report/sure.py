"""How far the numbers can be trusted: calibration, other models, the ceiling, fairness, drift."""

from purchase.report.html import bullets, heading, paragraph, picture, section, table
from purchase.report.shortcuts import more_data, shortcuts
from purchase.report.words import estimate, model, score, share, signed


def sure_section(story):
    told = (_calibration, _models, shortcuts, more_data, _ceiling, _fairness, _drift)
    return section("sure", "How sure", *(piece for tell in told for piece in tell(story)))


def _calibration(story):
    error, test = story.evaluation["calibration_error"], story.evaluation["test"]
    yield heading("Are the propensities right?")
    yield paragraph(
        f"On average a propensity is off by {share(error['value'], 2)} in this sample; without what chance adds, by "
        f"{share(error['low'], 2)} to {share(error['high'], 2)} ({story.interval}). Calibration slope "
        f"{estimate(test['calibration_slope'])}, ideal 1; intercept {estimate(test['calibration_intercept'])}, ideal 0."
    )
    yield picture(
        story.pictures["calibration"],
        description="Calibration curve: the share that ordered against the mean propensity, in bins with intervals; "
        "below it, how many rows have which propensity.",
        caption="Propensity against what happened; on the dotted line it is right.",
    )


def _models(story):
    yield heading("Is another model as good?")
    metric = story.evaluation["champion_metric"]
    rows = []
    for row in story.board.to_dict("records"):
        ends = {end: row[f"test_{metric}{suffix}"] for end, suffix in _ENDS.items()}
        verdict = "champion" if row["model"] == story.evaluation["champion"] else _verdict(row)
        rows.append([model(row["model"]), estimate(ends), signed(row["difference_to_champion"]), verdict])
    names = ["Model", f"Test {metric.replace('_', ' ')}", "To the champion", ""]
    yield table(names, rows, caption="Best on validation first; tied: the difference to the champion is within noise")


_ENDS = {"value": "", "low": "_low", "high": "_high"}


def _verdict(row):
    return "tied" if row["tied_with_champion"] else ""


def _ceiling(story):
    yield heading("How much better could a model be?")
    yield story.missing("ceiling")
    found = story.insights["ceiling"]
    if "not_available" in found:
        return
    scores = story.tables["ceiling"]
    losses = scores[scores["metric"] == "log_loss"].set_index("scores")["value"]
    yield paragraph(
        f"The simulated shop knows each customer's true chance of ordering. In log loss, from the base rate "
        f"({score(losses['base rate'])}) to those chances ({score(losses['truth'])}), the champion "
        f"({score(losses['champion'])}) goes {estimate(found['share_of_the_way'], lambda value: f'{value:.0%}')} of "
        "the way. The rest hangs on what no shop sees, and on luck with the training rows."
    )


def _fairness(story):
    yield heading("Is it right for everyone?")
    yield story.missing("groups")
    found = story.insights["groups"]
    if "not_available" in found:
        return
    off = found["off"]
    yield paragraph(
        f"{found['n_groups']} groups by gender, age and country; {found['n_small']} of them have too few orders to say "
        "(grey).",
        f"Outside the interval of what happened: {'; '.join(off)}. With so many groups, one or two would be by chance."
        if off
        else "In none of the others does the mean propensity lie outside the interval of what happened.",
    )
    yield picture(
        story.pictures["groups"],
        description="For each gender, age band and country: mean propensity beside the share that ordered, with its "
        "interval and the number of rows.",
        caption="Predicted and ordered, by group.",
    )


def _drift(story):
    yield heading("Has the shop changed since training?")
    found, drift = story.insights["drift"], story.tables["drift"]
    moved = drift[drift["drift"] > found["max_drift"]]
    named = [f"{row.feature}: {row.drift:.2f}" for row in moved.itertuples()]
    yield paragraph(
        f"Propensities moved by {found['propensity']:.3f} from validation to test; {found['n_drifted']} of "
        f"{found['n_features']} features by more than {found['max_drift']:g} from training to test (population "
        "stability index: 0 is no change, from 0.25 much). What follows the calendar always moves."
    )
    yield bullets(named) if named else ""
    yield picture(
        story.pictures["drift"],
        description="Bars: population stability index of the features that moved most from training to test.",
        caption="The features that moved most.",
    )
