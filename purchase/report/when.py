"""When customers order, and how many."""

from purchase.report.html import bullets, paragraph, picture, section, table
from purchase.report.story import telling
from purchase.report.words import cents, estimate, share

SUMS = {"orders": "Orders", "revenue_cents": "Revenue"}


def when_section(story):
    return section("when", "When, and how many", _horizon(story), *_backtest(story), *_horizons(story))


def _horizon(story):
    total = story.insights["forecast"]["total"]
    said = [
        f"{total['happened_orders']:,.0f} {story.rows} did {story.outcome}; the propensities add up to "
        f"{total['expected_orders']:,.1f} ({story.interval} of chance alone {total['low_orders']:,.0f} to "
        f"{total['high_orders']:,.0f}), so what happened lies {'inside' if total['inside_orders'] else 'OUTSIDE'}."
    ]
    if "expected_revenue_cents" in total:
        shown = cents(story.about["currency"])
        said.append(
            f"They spent {shown(total['happened_revenue_cents'])}; {shown(total['expected_revenue_cents'])} was "
            f"expected ({shown(total['low_revenue_cents'])} to {shown(total['high_revenue_cents'])}): "
            f"{'inside' if total['inside_revenue_cents'] else 'OUTSIDE'}."
        )
    forecast = story.tables["forecast"]
    missed = forecast[~forecast["inside_orders"] & (forecast["segment"] != "All")]["segment"]
    if len(missed):
        said.append(f"Segments where what happened lies outside the interval: {', '.join(missed)}.")
    drawn = picture(
        story.pictures["forecast"],
        description="For all customers and for each segment: expected number who order with its interval, and how many "
        "did.",
        caption="Expected and happened, by segment; the scale is logarithmic.",
    )
    return paragraph(*said) + (drawn if len(forecast) > 1 else "")


@telling("backtest", title="How good such forecasts were")
def _backtest(story, found):
    yield paragraph(
        f"At each of {found['n_cutoffs']} cutoffs, by what was known then, with two {story.interval}s: one of chance "
        "alone, and a wider one that also counts on errors like those at the cutoffs before.",
        _plan(found["inside_of_horizons"], story.about["interval"]),
    )
    yield _coverage(found)
    yield picture(
        story.pictures["backtest_weeks"],
        description="Line chart of the customers expected to order in each week after each of the last cutoffs, with "
        "two intervals, and dots for how many did.",
        caption="Customers by the week of their first order in the horizon; dotted lines: cutoffs.",
    )
    names = ["Forecast", "Cutoffs", "Orders off by", "ours there", "Revenue off by", "ours there"]
    rows = [
        [name, str(off["n_cutoffs"]), *(_off(part, what) for what in SUMS for part in (off, off["ours_there"]))]
        for name, off in found["off_by"].items()
    ]
    caption = "Mean absolute error of the horizon's total, in percent; BG/NBD with Gamma-Gamma"
    yield table(names, rows, caption=caption, stacked=True)
    yield paragraph(_nearer(found["off_by"]))
    if "no_last_year" in found:
        yield paragraph(f"By the same days last year (seasonal naive): {found['no_last_year']}.", kind="note")


def _off(found, what):
    return share(found[what]) if what in found else "not told"


def _nearer(off_by):
    """Say which rules were nearer than ours in orders, at the same cutoffs."""
    told = {name: off for name, off in off_by.items() if "orders" in off and "orders" in off["ours_there"]}
    if not told:
        return "At some cutoff nobody ordered after it, so no error is told as a share of what happened."
    nearer = [name for name, off in told.items() if off["orders"] < off["ours_there"]["orders"]]
    if not nearer:
        return "No simple rule was nearer in orders at the same cutoffs."
    return f"Nearer in orders at the same cutoffs: {' and '.join(nearer)}. For a month's total, go by that too."


def _coverage(found):
    """Return how often what happened lay within each interval, by what was added up."""
    rows = []
    for what, title in SUMS.items():
        for over in ("horizons", "weeks", "segments"):
            inside = found[f"inside_of_{over}"]
            if what in inside:
                counts = [f"{inside[what][end]} of {inside['n']}" for end in ("by_chance", "with_past_errors")]
                rows.append([f"{title}, {'in all' if over == 'horizons' else f'by {over[:-1]}'}", *counts])
    names = ["Sum", "Inside, chance alone", "Inside, with earlier errors"]
    return table(names, rows, caption="How often what happened lay inside the interval")


def _plan(inside, interval):
    """Say which interval to plan with."""
    if inside["orders"]["by_chance"] < interval * inside["n"] - 1:
        return "Plan with the wider one: months differ by more than chance."
    return "What happened differs from the forecasts by little more than chance."


@telling("when", title="How soon")
def _horizons(story, found):
    if "horizons" in story.tables:
        yield paragraph(
            "The target list gives each customer's chance of an order within several horizons, which never falls as "
            f"the horizon grows. Within {story.about['horizon_days']} days it is the champion's propensity; a model of "
            "the time between gives the others. Each horizon is scored at the latest cutoff after which it is over, by "
            "what was known at that cutoff, against BG/NBD, the classic model of repeat buying."
        )
        yield _scores(story)
        yield picture(
            story.pictures["horizons"],
            description="Small charts, one a horizon: at each of the last cutoffs, the mean chance of an order beside "
            "the share that ordered with its interval.",
            caption="Predicted at each cutoff by what was known then, and what happened: months differ by more than "
            "chance, and a model of the past does not see the next one's season.",
        )
    yield bullets([f"Within {days} days: not scored, {reason}." for days, reason in found["not_scored"].items()])
    yield _day(story, found["timing"])


def _scores(story):
    horizons = story.tables["horizons"]
    rows = [
        [
            f"{row.horizon_days} from {row.cutoff}{'' if row.with_champion else ' (*)'}",
            share(row.mean_propensity, 2),
            f"{share(row.share_ordered, 2)} [{share(row.low, 2)}, {share(row.high, 2)}]",
            estimate({"value": row.roc_auc, "low": row.roc_auc_low, "high": row.roc_auc_high}, "{:.2f}".format),
            estimate({"value": row.gain_on_bg_nbd, "low": row.gain_low, "high": row.gain_high}, "{:.3f}".format),
        ]
        for row in horizons.itertuples()
    ]
    names = ["Days", "Predicted", "Ordered", "ROC AUC", "Gain"]
    gain = "gain: log loss below BG/NBD's"
    star = "" if horizons["with_champion"].all() else "; (*) without the champion, which had learned from what followed"
    return table(names, rows, caption=f"Each horizon out of time, with {story.interval}s; {gain}{star}", stacked=True)


def _day(story, timing):
    """Say what the expected day of the next order is worth."""
    if not timing:
        return ""
    gain = timing["gain_days"]
    verdict = "it is better" if gain["low"] > 0 else "it is no better, so go by the chance, not by the day"
    return paragraph(
        "Most customers do not order again within any of these horizons, so for most there is no median day of the "
        f"next order: only {timing['n_likelier_than_not']:,} were likelier than not to order within "
        f"{timing['within_days']} days of {timing['cutoff']}. The list's days_to_order is the day by which half of "
        "those who order within its longest horizon will have done so. For the "
        f"{timing['n_ordered']:,} who did, it was off by {timing['error_days']:.1f} days on average, one number for "
        f"all by {timing['error_of_one_for_all_days']:.1f} ({story.interval} of the difference {gain['low']:.1f} to "
        f"{gain['high']:.1f}): {verdict}.",
        kind="note",
    )
