"""How far the numbers can be trusted: calibration, other models, the ceiling, fairness, drift."""

import pandas as pd

from purchase.report.html import bullets, heading, paragraph, picture, section, table
from purchase.report.shortcuts import more_data, shortcuts
from purchase.report.story import telling
from purchase.report.words import estimate, model, score, share, signed


def sure_section(story):
    told = (_calibration, _calibration_groups, _models, shortcuts, more_data, _ceiling, _fairness, _drift)
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


@telling("calibration", title="Right in every segment and month?")
def _calibration_groups(story, found):
    yield paragraph(_off(found, f"{found['n_groups']} segments of the test rows and months of validation and test"))
    yield picture(
        story.pictures["calibration_groups"],
        description="For each segment and month: mean propensity beside the share that ordered, and the calibration "
        "slope, with intervals and the number of rows.",
        caption="Predicted and ordered; the slope is below 1 where propensities are too extreme. Grey: too few orders.",
    )
    rows = [
        [
            f"{row.attribute}: {row.group}",
            f"{row.n_ordered:,} of {row.n_rows:,}",
            *_slope_and_error(row),
            row.verdict,
        ]
        for row in story.tables["calibration_groups"].itertuples()
    ]
    names = ["Where", "Ordered", "Slope", "Off by", "Verdict"]
    yield table(
        names, rows, caption="Calibration by segment and month; off by: expected calibration error", stacked=True
    )


def _slope_and_error(row):
    if row.small:
        return ["too few", "too few"]
    slope = {"value": row.slope, "low": row.slope_low, "high": row.slope_high}
    error = {"value": row.error, "low": row.error_low, "high": row.error_high}
    # Where nobody ordered there is no slope.
    return ["undefined" if pd.isna(row.slope) else estimate(slope, "{:.2f}".format), estimate(error, share)]


def _off(found, what):
    """Say of how many groups, and which of them lie outside what happened."""
    off = found["off"]
    outside = (
        f"Outside the interval of what happened: {'; '.join(off)}. With so many groups, one or two would be by chance."
        if off
        else "In none of the others does the mean propensity lie outside the interval of what happened."
    )
    return f"{what}; {found['n_small']} of them have too few orders to say (grey). {outside}"


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


@telling("ceiling", title="How much better could a model be?")
def _ceiling(story, found):
    scores = story.tables["ceiling"]
    losses = scores[scores["metric"] == "log_loss"].set_index("scores")["value"]
    whose = {
        "customer": "each customer's true chance of ordering",
        "session": "the true chance, as each session starts, that it ends with an order",
    }
    yield paragraph(
        f"The simulated shop knows {whose[story.insights['about']['task']]}. In log loss, from the base rate "
        f"({score(losses['base rate'])}) to those chances ({score(losses['truth'])}), the champion "
        f"({score(losses['champion'])}) goes {estimate(found['share_of_the_way'], lambda value: f'{value:.0%}')} of "
        "the way. The rest hangs on what no shop sees, and on luck with the training rows."
    )


@telling("groups", title="Is it right for everyone?")
def _fairness(story, found):
    yield paragraph(_off(found, f"{found['n_groups']} groups by gender, age and country"))
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
