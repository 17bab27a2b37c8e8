"""The model's card (Mitchell et al. 2019, "Model cards for model reporting"), as Markdown."""

from purchase.evaluation.gate import said
from purchase.report.words import FEWEST_ORDERS, enough_orders, estimate, metric, model, share


def render_card(story):
    """Return the card as text."""
    pieces = [_head(story), _use(story), _data(story), _scores(story), _fairness(story), _limits(story), _hashes(story)]
    return "\n".join(line for piece in pieces for line in [*piece, ""]).rstrip() + "\n"


def _head(story):
    evaluation = story.evaluation
    gate = evaluation["gate"]
    checks = [(*said(name, check), check["passed"]) for name, check in gate["checks"].items()]
    return [
        f"# Model card: {model(evaluation['champion'])} on {story.about['title']}",
        "",
        f"P({story.rows[:-1]} will {story.outcome}), calibrated. Chosen by validation "
        f"{metric(evaluation['champion_metric'])} among the models of `metrics/leaderboard.csv`.",
        "",
        f"Gate: **{'passed' if gate['passed'] else 'failed'}**." if checks else "Gate: none is set.",
        "",
        *(
            f"- {what} {value} ({bound}): {'passed' if passed else '**failed**'}"
            for what, value, bound, passed in checks
        ),
    ]


def _use(story):
    return [
        "## Intended use",
        "",
        f"Ranking {story.rows} by how likely they are to order, expecting orders in sum, and describing segments.",
        "Not for: credit, prices or terms for single persons; saying what a campaign adds (propensity is not uplift);",
        "saying what causes orders.",
    ]


def _data(story):
    about = story.about
    licence = f" ({about['licence']})" if about["licence"] else ""
    return [
        "## Data",
        "",
        f"{about['source']}{licence}.",
        "",
        "| part | rows | ordered | cutoffs |",
        "| --- | --- | --- | --- |",
        *(
            f"| {part} | {found['n_rows']:,} | {found['n_ordered']:,} | {' to '.join(found['cutoffs']) or 'no dates'} |"
            for part, found in about["rows"].items()
        ),
    ]


def _scores(story):
    evaluation = story.evaluation
    return [
        f"## Scores on test, {story.interval}s",
        "",
        "| metric | champion |",
        "| --- | --- |",
        *(f"| {metric(name)} | {estimate(found)} |" for name, found in evaluation["test"].items()),
        f"| calibration error (interval: chance taken off) | {estimate(evaluation['calibration_error'])} |",
        "",
        *(
            f"Baseline {name.replace('_', ' ')}: log loss {found['log_loss']:.4f}, ROC AUC {found['roc_auc']:.4f}; "
            f"{'beaten' if found['beaten'] else 'not beaten'} beyond noise."
            for name, found in evaluation["baselines"].items()
        ),
    ]


def _fairness(story):
    found = story.insights["groups"]
    if "not_available" in found:
        return ["## Fairness", "", f"Not available: {found['not_available']}."]
    return [
        "## Fairness",
        "",
        "| group | rows | ordered | mean propensity | share that ordered | verdict |",
        "| --- | --- | --- | --- | --- | --- |",
        *(
            f"| {row.attribute}: {row.group} | {row.n_rows:,} | {row.n_ordered:,} | {share(row.mean_propensity)} | "
            f"{share(row.share_ordered)} [{share(row.low)}, {share(row.high)}] | {row.verdict} |"
            for row in story.tables["groups"].itertuples()
        ),
    ]


def _limits(story):
    limits = [
        f"{part}: not available, {found['not_available']}."
        for part, found in story.insights.items()
        if "not_available" in found
    ]
    if not enough_orders(story.evaluation):
        n = story.evaluation["n_positive"]
        limits.insert(0, f"**Do not decide on this**: {n} orders in the test part, fewer than {FEWEST_ORDERS}.")
    drift = story.insights["drift"]
    limits.append(
        f"{drift['n_drifted']} of {drift['n_features']} features drifted by more than {drift['max_drift']:g} from "
        "training to test."
    )
    limits.append("Intervals are of the test rows; another period may differ by more.")
    return ["## Limits", "", *(f"- {limit}" for limit in limits)]


def _hashes(story):
    return ["## Made of", "", *(f"- `{path}` md5 `{md5}`" for path, md5 in story.about["hashes"].items())]
