"""A story of a few numbers, for the tests of the page."""

import pandas as pd

from purchase.params import InsightsParams
from purchase.report.story import Story

PICTURES = (
    "profit",
    "uplift",
    "forecast",
    "driver_groups",
    "drivers",
    "shapes",
    "segments",
    "calibration_groups",
    "groups",
    "drift",
    "calibration",
    "horizons",
    "next_items",
    "campaign",
    "backtest_weeks",
    "clusters",
    "movement",
    "protocols",
    "learning_curve",
)
SCORE = {"value": 0.5, "low": 0.4, "high": 0.6}
METRICS = ("roc_auc", "average_precision", "log_loss", "calibration_slope", "calibration_intercept")


def evaluation(*, n_positive=120, passed=True):
    check = {"value": 0.004, "bound": 0.02 if passed else 0.001, "passed": passed}
    return {
        "champion": "tune/xgboost",
        "champion_metric": "log_loss",
        "n_test": 4000,
        "n_positive": n_positive,
        "test": dict.fromkeys(METRICS, SCORE) | {"lift_at_10_percent": {"value": 5.2, "low": 4.1, "high": 6.3}},
        "calibration_error": {"value": 0.004, "low": 0.001, "high": 0.006},
        "gate": {"passed": passed, "checks": {"max_calibration_error": check}},
        "baselines": {"base_rate": {"log_loss": 0.7, "roc_auc": 0.5, "beaten": True}},
        "tied": ["tune/lightgbm"],
        "protocols": {
            "out of time": {"cutoff": protocol(0.0, 0.0, 0.0)},
            "by customer": {"cutoff": protocol(0.03, 0.01, 0.05)},
            "at random": {"cutoff": protocol(0.01, -0.02, 0.04)},
        },
        "learning_curve": {"from_share": 0.7, "fall_of_log_loss": {"value": 0.002, "low": 0.001, "high": 0.003}},
    }


def protocol(value, low, high):
    return {"roc_auc": 0.8 + value, "average_precision": 0.2} | {
        "roc_auc_difference": {"value": value, "low": low, "high": high}
    }


def about(task="customer"):
    part = {"n_rows": 4000, "n_ordered": 120, "cutoffs": ["2026-03-02"] if task == "customer" else []}
    return {
        "title": "A shop & <sons>",
        "source": "made by a test",
        "licence": "",
        "currency": "EUR",
        "task": task,
        "horizon_days": 30,
        "lookback_days": 180,
        "interval": 0.95,
        "n_features": 9,
        "rows": dict.fromkeys(("train", "validation", "test"), part),
        "hashes": {"models/tune/xgboost": "abc.dir"},
    }


def insights(**changes):
    rule = {"n_contacted": 400, "n_ordered": 60, "profit_cents": 123400, "low": 100000, "high": 150000}
    rule |= {"champion_ahead_cents": 2000, "ahead_low": -500, "ahead_high": 4500}
    value = {"n_buyers": 9, "mean_spent_cents": 900, "mean_expected_cents": 800}
    forecast = {"expected_orders": 118.0, "low_orders": 100, "high_orders": 140, "happened_orders": 120}
    steady = {"mean": 0.9, "lowest": 0.8, "highest": 1.0}
    inside = {"n": 5, "orders": {"by_chance": 1, "with_past_errors": 4}}
    off_by = {"propensities": {"orders": 0.2, "n_cutoffs": 5, "revenue_cents": 0.1}}
    off_by |= {"last horizon": {"orders": 0.1, "n_cutoffs": 5}}
    off_by = {name: off | {"ours_there": off_by["propensities"]} for name, off in off_by.items()}
    timing = {"cutoff": "2026-01-01", "within_days": 60, "n_ordered": 77, "n_likelier_than_not": 9, "error_days": 23.5}
    timing |= {"error_of_one_for_all_days": 23.6, "gain_days": {"value": 0.1, "low": -0.1, "high": 0.3}}
    ranked = {"n_groups": 2, "n_top": 1, "rank_correlation": {"between_shuffles": None, "between_resamples": 0.5}}
    parts = {
        "profit": {
            "n_customers": 4000,
            "policies": dict.fromkeys(("champion", "recency-frequency rule", "everybody", "nobody"), rule),
            "order_value": value | {"error_cents": 300, "error_of_mean_cents": 400},
        },
        "uplift": dict.fromkeys(("overall", "top_half", "qini"), SCORE)
        | {"n_sent": 900, "n_held_out": 100, "uplift_days": 10},
        "forecast": {"total": forecast | {"inside_orders": True}},
        "movement": {"cutoffs": ["2026-01-31", "2026-03-02"], "n_customers": 9, "n_stayed": 6, "n_new": 2, "n_gone": 1},
        "clusters": {"habits": {"views": "n_view_90d"}, "n_clusters": 1, "stability": steady},
        "backtest": {"n_cutoffs": 5, "off_by": off_by, "no_last_year": "the orders begin on 2026-01-01"}
        | dict.fromkeys(("inside_of_horizons", "inside_of_weeks", "inside_of_segments"), inside),
        "what": {"n_buyers_learned_from": 900, "n_buyers": 120, "n_told": 400, "share_of_bought_among_candidates": 0.4},
        "when": {"not_scored": {"90": "the records end"}, "timing": timing},
        "campaign": dict.fromkeys(("qini_of_uplift", "qini_of_propensity"), SCORE)
        | {"n_learned_from": 800, "n_judged": 200, "n_worth_it": 17},
        "drivers": {"missing": {"session duration": "not available: no such feature"}, "groups": ranked},
        "calibration": {"n_groups": 2, "n_small": 1, "off": ["Champions: too high"]},
        "segments": {"n_segments": 1},
        "groups": {"n_groups": 1, "n_small": 0, "off": []},
        "drift": {"propensity": 0.01, "n_features": 9, "n_drifted": 1, "max_drift": 0.2},
        "ceiling": {"share_of_the_way": SCORE},
        "about": about(),
    }
    return parts | changes


def tables():
    share = {"mean_propensity": 0.03, "share_ordered": 0.03, "low": 0.02, "high": 0.05}
    driver = {"feature": "x", "meaning": "time since <x>", "always_shown": "product views", "direction": "falls"}
    group = {"attribute": "age", "group": "18 to 24", "n_rows": 90, "n_ordered": 3, "verdict": "as predicted"}
    ranked = {
        "feature": "x",
        "features": "y; x",
        "n_features": 2,
        "meaning": "time since <x>",
        "rank_low": 1,
        "low": 0.1,
    }
    right = {"attribute": "segment", "group": "Champions", "n_rows": 90, "n_ordered": 3, "verdict": "too high"}
    right |= {f"{name}{end}": 0.9 for name in ("slope", "error") for end in ("", "_low", "_high")}
    horizon = {"horizon_days": 7, "cutoff": "2026-03-02", "roc_auc": 0.9, "roc_auc_low": 0.8, "roc_auc_high": 0.95}
    horizon |= {"gain_on_bg_nbd": 0.004, "gain_low": 0.003, "gain_high": 0.005}
    campaign = {"uplift": 0.02, "profit_of_100_cents": 1234, "profit_low_cents": -500, "profit_high_cents": 3000}
    item = {"what": "products", "of_what": "all", "k": 10, "n_customers": 120, "recall": 0.2, "map": 0.1}
    item |= {"recall_ahead_low": -0.01, "map_ahead_low": 0.01}
    inside = {"inside_orders": False, "expected_revenue_cents": 450_00}
    past = {"n_customers": 40, "median_days_since_order": 9.4, "n_orders_before": 120, "revenue_before_cents": 600_000}
    losses = {"scores": ["base rate", "champion", "truth"], "metric": "log_loss", "value": [0.3, 0.2, 0.1]}
    return {
        "forecast": pd.DataFrame([inside | {"segment": "All"}, inside | {"segment": "Champions"}]),
        "drivers": pd.DataFrame([driver | {"importance": 0.01, "low": 0.005, "high": 0.02}]),
        "segments": pd.DataFrame([share | past | {"segment": "Champions", "action": "Reward them."}]),
        "groups": pd.DataFrame([share | group]),
        "driver_groups": pd.DataFrame([ranked | {"mean_shap": 0.25, "rank": 1, "rank_high": 2, "share_in_top": 0.99}]),
        "calibration_groups": pd.DataFrame([share | right | {"small": False}, share | right | {"small": True}]),
        "drift": pd.DataFrame({"feature": ["month"], "drift": [7.9]}),
        "ceiling": pd.DataFrame(losses),
        "clusters": pd.DataFrame([share | {"cluster": 1, "apart": "more views", "n_customers": 9, "action": "Help."}]),
        "campaign": pd.DataFrame([campaign | {"whom": "highest uplift", "share": 0.2}]),
        "next_items": pd.DataFrame([item | {"ranking": name} for name in ("ranker", "popularity", "buy again")]),
        "horizons": pd.DataFrame([share | horizon | {"with_champion": champion} for champion in (True, False)]),
    }


def board():
    row = {"test_log_loss": 0.08, "test_log_loss_low": 0.07, "test_log_loss_high": 0.09, "difference_to_champion": 0.0}
    models = ["tune/xgboost", "tune/lightgbm", "baseline/base_rate"]
    return pd.DataFrame([row | {"model": model, "tied_with_champion": model != models[2]} for model in models])


def story(evaluated=None, found=None):
    """Return the story; with ``found``, other insights."""
    settings = InsightsParams(
        margin=0.35,
        contact_cost_cents=60,
        budget_cents=None,
        value_prior_orders=3.0,
        uplift_days=10,
        n_top_features=10,
        horizons_days=[7, 30],
    )
    first = {"customer_id": "c00017", "propensity": 0.31, "reason_1": "raised by a < b", "reason_2": None}
    return Story(
        evaluation=evaluated or evaluation(),
        insights=found or insights(),
        board=board(),
        tables=tables(),
        pictures=dict.fromkeys(PICTURES, b"\x89PNG"),
        examples=pd.DataFrame([first]),
        settings=settings,
    )
