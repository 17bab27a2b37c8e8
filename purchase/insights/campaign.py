"""Whom a campaign aimed at uplift would write to, and what that would have added, against aiming at propensity.

A logistic regression of ordering on being sent the e-mail, the propensity and how the customer takes e-mails, and on
the products of the first with the others, learns from promotions of earlier cutoffs; the difference between its chances
with and without the e-mail is the predicted uplift. Only the randomised hold-out judges it.

References
----------
Lo (2002), "The true lift model: a novel data mining approach to response modeling in database marketing", ACM SIGKDD
Explorations 4, for the regression.
"""

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from purchase.insights.parts import N_DECIMALS, NotAvailable, Part, estimate
from purchase.insights.uplift import difference, qini_with_interval, tenth_counts, tenths

TAKES = ("email_open_rate", "email_click_rate", "days_since_email_click")  # those that the shop has
STRENGTH = 0.1  # inverse strength of the penalty: uplift is faint beside chance
SHARES = (0.2, 0.5)  # of the recipients, written to
UPLIFT, PROPENSITY, EVERYBODY = "highest uplift", "highest propensity", "everybody"


def campaign_part(learned, judged, *, margin, contact_cost_cents, order_value_cents, interval, **drawing):
    """Learn the uplift on earlier promotions and judge it on the last cutoff's.

    Parameters
    ----------
    learned, judged : DataFrame with group, propensity, sent and ordered, and maybe ``TAKES``
        A row a customer and promotion, of cutoffs whose propensities were not learned from them.
    order_value_cents : float or None
        Mean order; None without prices.

    Returns
    -------
    Part
        Table ``campaign``: whom, share, n_sent, n_held_out, uplift with low and high and, with prices, profit of a
        hundred e-mails in cents.

    Raises
    ------
    NotAvailable
        If of those sent, or of those held out, all or none ordered.
    """
    if learned.groupby("sent")["ordered"].nunique().min() < 2:
        raise NotAvailable("of the earlier promotions' recipients sent or held out, all or none ordered")
    with threadpool_limits(1):
        told = {UPLIFT: predicted_uplift(learned, judged), PROPENSITY: judged["propensity"].to_numpy()}
    rows = [_judge(judged, EVERYBODY, 1.0, np.ones(len(judged), dtype=bool), interval=interval)]
    for share in SHARES:
        for whom, scores in told.items():
            chosen = np.zeros(len(judged), dtype=bool)
            chosen[np.argsort(-scores, kind="stable")[: round(share * len(judged))]] = True
            rows.append(_judge(judged, whom, share, chosen, interval=interval))
    table, numbers = pd.DataFrame(rows), {"n_learned_from": len(learned), "n_judged": len(judged)}
    if order_value_cents is not None:
        earned = margin * order_value_cents
        for end in ("uplift", "low", "high"):
            name = "profit_of_100" if end == "uplift" else f"profit_{end}"
            table[f"{name}_cents"] = (100 * (earned * table[end] - contact_cost_cents)).round().astype("int64")
        numbers["n_worth_it"] = int((told[UPLIFT] * earned > contact_cost_cents).sum())
    for whom, scores in told.items():
        counts = tenth_counts(judged, tenths(scores))
        found = qini_with_interval(counts, judged["group"], interval=interval, **drawing)
        numbers[f"qini_of_{whom.split()[1]}"] = estimate(*found)
    return Part(numbers, {"campaign": table.round(N_DECIMALS)})


def predicted_uplift(learned, judged):
    """Return by how much the e-mail raises the chance of an order, by the regression, for each row of ``judged``."""
    scale = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    x = scale.fit_transform(_columns(learned))
    sent = learned["sent"].to_numpy(dtype=float)[:, None]
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit(np.hstack([x, sent, sent * x]), learned["ordered"])
    other = scale.transform(_columns(judged))
    with_it, without = (np.hstack([other, np.full((len(other), 1), on), on * other]) for on in (1.0, 0.0))
    return model.predict_proba(with_it)[:, 1] - model.predict_proba(without)[:, 1]


def _columns(rows):
    chance = logit(np.clip(rows["propensity"].to_numpy(), 1e-6, 1 - 1e-6))
    return np.column_stack([chance, *(rows[name].to_numpy(dtype=float) for name in TAKES if name in rows)])


def _judge(rows, whom, share, chosen, *, interval):
    part = rows[chosen]
    sent, ordered = part["sent"].to_numpy(), part["ordered"].to_numpy()
    counts = [sent.sum(), (sent & ordered).sum(), (~sent).sum(), (~sent & ordered).sum()]
    found = difference(*counts, interval=interval) if counts[0] and counts[2] else (np.nan,) * 3
    ends = dict(zip(("uplift", "low", "high"), found, strict=True))
    return {"whom": whom, "share": share, "n_sent": int(counts[0]), "n_held_out": int(counts[2]), **ends}
