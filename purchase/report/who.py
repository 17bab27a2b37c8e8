"""Who to contact, what it is worth, and how many orders to expect."""

from purchase.report.html import bullets, heading, paragraph, picture, section, table
from purchase.report.story import telling
from purchase.report.words import cents, estimate, share

NOT_UPLIFT = (
    "Propensity is not uplift: some of these customers would have ordered without being contacted, and their orders "
    "are counted here all the same. Read the profit as an upper bound, and keep a random hold-out in every campaign."
)


def who_section(story):
    return section("who", "Whom to contact", *_profit(story), *_uplift(story), *_campaign(story), *_examples(story))


@telling("profit")
def _profit(story, found):
    shown, settings, policies = cents(story.about["currency"]), story.settings, found["policies"]
    champion, others = policies["champion"], {rule: row for rule, row in policies.items() if rule != "champion"}
    budget = "no budget limit" if settings.budget_cents is None else f"a budget of {shown(settings.budget_cents)}"
    yield paragraph(
        f"Contact {champion['n_contacted']:,} of {found['n_customers']:,} customers: "
        f"{champion['n_ordered']:,} of them ordered. At a margin of {settings.margin:.0%}, "
        f"{shown(settings.contact_cost_cents)} a contact and {budget}, that earned "
        f"{shown(champion['profit_cents'])} on test ({story.interval} {shown(champion['low'])} to "
        f"{shown(champion['high'])}). How far down the list to go was chosen on earlier customers, not on these."
    )
    ahead = [_ahead(rule, row, shown, story.interval) for rule, row in others.items() if rule != "nobody"]
    yield bullets(ahead)
    yield picture(
        story.pictures["profit"],
        description="Line chart of profit against the share of customers contacted, for the champion with its interval "
        "and for the recency-frequency rule; a dot marks where each rule stops.",
        caption="Profit by how many are contacted, highest expected profit first. Dots: where each rule stops.",
    )
    yield _policies(policies, shown)
    yield paragraph(NOT_UPLIFT, kind="note")
    yield _order_value(found["order_value"], shown)


def _ahead(rule, row, shown, interval):
    """Say by how much the champion's rule earned more, or less, than another."""
    other = "contacting everybody" if rule == "everybody" else f"the {rule}"
    word = "less" if row["champion_ahead_cents"] < 0 else "more"
    noise = ", within noise" if row["ahead_low"] <= 0 <= row["ahead_high"] else ""
    ends = f"{shown(row['ahead_low'])} to {shown(row['ahead_high'])}"
    return f"{shown(abs(row['champion_ahead_cents']))} {word} than {other} ({interval} of the difference {ends}{noise})"


def _policies(policies, shown):
    money = ("profit_cents", "low", "high")
    rows = [
        [rule, f"{row['n_contacted']:,}", f"{row['n_ordered']:,}", *(shown(row[name]) for name in money)]
        for rule, row in policies.items()
    ]
    names = ["Rule", "Contacted", "Of them ordered", "Profit", "low", "high"]
    return table(names, rows, caption="What each rule would have earned on test", stacked=True)


def _order_value(found, shown):
    if not found["n_buyers"]:
        return ""
    better = found["error_cents"] < found["error_of_mean_cents"]
    return paragraph(
        f"Buyers spent {shown(found['mean_spent_cents'])} on average, where {shown(found['mean_expected_cents'])} was "
        f"expected of them. A buyer's own expected value is off by {shown(found['error_cents'])} on average, one value "
        f"for all by {shown(found['error_of_mean_cents'])}: it is {'better' if better else 'no better'} than the mean.",
        kind="note",
    )


@telling("uplift", title="What an e-mail adds")
def _uplift(story, found):
    overall, half = (estimate(found[name], lambda value: f"{100 * value:.2f}") for name in ("overall", "top_half"))
    clear = found["overall"]["low"] > 0 or found["overall"]["high"] < 0
    yield paragraph(
        f"Of each promotion, some recipients were drawn by lot to get no e-mail ({found['n_held_out']:,} against "
        f"{found['n_sent']:,} sent). Within {found['uplift_days']} days, of a hundred recipients the e-mail made "
        f"{overall} more order than otherwise; among the likelier half, {half}.",
        "" if clear else "The interval holds 0: from these promotions nobody can say whether e-mails sell anything.",
    )
    yield picture(
        story.pictures["uplift"],
        description="Points with intervals: what e-mails add to the share that orders, by tenth of the propensity.",
        caption=f"E-mail sent against held out, by propensity. Qini coefficient {estimate(found['qini'])}: above 0, "
        "e-mails do more for the likelier.",
    )


@telling("campaign", title="A campaign aimed at uplift")
def _campaign(story, found):
    told = found["qini_of_uplift"]
    clear = "above 0: it knows whom e-mails move" if told["low"] > 0 else "not told from 0: it may know nothing"
    yield paragraph(
        f"From {found['n_learned_from']:,} recipients of earlier promotions, a regression learned for whom the e-mail "
        f"makes a difference; the hold-out of the last cutoff's promotions ({found['n_judged']:,} recipients) judges "
        f"it. Its Qini coefficient is {estimate(told)}, {clear}; the propensity's is "
        f"{estimate(found['qini_of_propensity'])}."
    )
    yield picture(
        story.pictures["campaign"],
        description="Points with intervals: what the e-mail added among all recipients, and among the fifth and the "
        "half of the highest predicted uplift and of the highest propensity.",
        caption="Blue: the highest predicted uplift; orange: the highest propensity; grey: everybody.",
    )
    rules = story.tables["campaign"]
    if "profit_of_100_cents" in rules:
        yield _earned(rules, found, story)


def _earned(rules, found, story):
    """Say what the campaign aimed at uplift earned, against writing to everybody."""
    shown = cents(story.about["currency"])
    lines = [
        f"{row.whom}, {share(row.share, 0)} of the recipients: {shown(row.profit_of_100_cents)} a hundred e-mails "
        f"[{shown(row.profit_low_cents)}, {shown(row.profit_high_cents)}]"
        for row in rules.itertuples()
    ]
    cost = shown(story.settings.contact_cost_cents)
    return (
        paragraph(f"What the added orders would have earned, at {cost} an e-mail (insights.contact_cost_cents):")
        + bullets(lines)
        + paragraph(f"{found['n_worth_it']:,} recipients were predicted to be worth that cost.", kind="note")
    )


def _examples(story):
    yield heading("Why these")
    yield paragraph(
        f"The list, data/insights/targets.csv, gives three reasons for each of the {story.rows}: what raises or lowers "
        "their propensity most, by the champion. Its head:"
    )
    reasons = [name for name in story.examples.columns if name.startswith("reason_")]
    told = ["; ".join(filter(None, row)) for row in story.examples[reasons].fillna("").to_numpy()]
    ranked = enumerate(zip(story.examples["propensity"], told, strict=True), start=1)
    rows = [[f"No. {number}", share(propensity), text] for number, (propensity, text) in ranked]
    yield table(["Rank", "Propensity", "Reasons"], rows, caption="The first of the target list", stacked=True)
