import json

import pandas as pd
import pytest
import yaml

from tests.pipeline.clone import SMALL, Clone
from tests.pipeline.shop_files import write_event_log, write_orders_only, write_three_tables

OWN_SHOP = {"simulate.n_customers": 100}  # the simulated shop is made too, and not read


def clone_with(folder, write, shell=None, **shop_changes):
    """A small clone whose shop is ``mine``, with the files and the YAML that ``write`` makes."""
    clone = clone_of(folder, "mine", shell)
    raw = clone.folder / "data/raw/mine"
    raw.mkdir(parents=True)
    shop = write(raw) | shop_changes
    (clone.folder / "shops/mine.yaml").write_text(yaml.safe_dump(shop, sort_keys=False), encoding="utf-8")
    return clone


def clone_of(folder, shop, shell=None):
    clone = Clone(folder, shell)
    clone.set(SMALL | OWN_SHOP | {"shop": shop})
    return clone


def read_metrics(clone, name):
    return json.loads((clone.folder / f"metrics/{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("write", [write_orders_only, write_event_log, write_three_tables])
def test_a_shop_runs_to_the_end_from_a_yaml_and_its_files_alone(tmp_path, warm, write):
    clone = clone_with(tmp_path, write, warm)
    clone.dvc("repro", "report")
    metrics = read_metrics(clone, "evaluate")
    # Customers differ in how often they order, and nothing else tells them apart: a model must see it, and no more.
    assert 0.6 < metrics["test"]["roc_auc"]["value"] < 0.95
    names = set(pd.read_csv(clone.folder / "data/features/dictionary.csv").table)
    assert ("events" in names or "sessions" in names) == (write is not write_orders_only)
    # What the shop does not keep is told as such, and the page is there.
    no_events = {"train/sequence_network": "no training row has an event"}
    assert metrics.get("no_model", {}) == (no_events if write is write_orders_only else {})
    insights = read_metrics(clone, "insights")
    assert "0 customers were held out" in insights["uplift"]["not_available"]
    assert "simulated shop" in insights["ceiling"]["not_available"]
    assert ("session duration" in insights["drivers"]["missing"]) == (write is write_orders_only)
    assert "Not available: 0 customers were held out" in (clone.folder / "report/report.html").read_text("utf-8")


def test_customers_who_are_in_orders_alone_are_kept_without_demographics(tmp_path, warm):
    clone = clone_with(tmp_path, write_three_tables, warm)
    clone.dvc("repro", "featurize")
    customers = pd.read_parquet(clone.folder / "data/clean/customers.parquet").set_index("customer_id")
    unknown = customers[pd.to_numeric(customers.index) >= 290]
    assert len(unknown) > 0
    assert unknown[["birth_year", "gender"]].isna().all(axis=None)
    assert customers.drop(unknown.index).birth_year.notna().all()


def test_the_same_log_answers_the_session_question(tmp_path):
    # The shell is the user's: each of these stages has to load what it uses by itself.
    clone = clone_with(tmp_path, write_event_log, task="session", scoring_moment="during_session")
    clone.set({"cutoffs.first_k_events": 2})
    clone.dvc("repro", "train@lightgbm")
    known_at = set(pd.read_csv(clone.folder / "data/features/dictionary.csv").known_at)
    assert known_at == {"session_start", "during_session"}
    train, test = (pd.read_parquet(clone.folder / f"data/features/{part}.parquet") for part in ("train", "test"))
    assert train.cutoff.max() < test.cutoff.min()
    assert 0 < test.label.mean() < 1
    # Nothing in the log tells the sessions that will order apart but what they put in the cart: no leak, no magic.
    summary = json.loads((clone.folder / "models/train/lightgbm/summary.json").read_text(encoding="utf-8"))
    assert 0.4 < summary["out_of_fold"]["roc_auc"] < 0.8


@pytest.mark.parametrize(
    ("shop", "file", "least", "most"),
    [
        ("online_shoppers", "online_shoppers_intention.csv", 0.90, 0.96),
        ("online_retail", "online_retail.csv.gz", 0.65, 0.90),
    ],
)
def test_a_public_data_set_runs_to_the_end_by_changing_the_shop_alone(
    tmp_path, warm, real_data, shop, file, least, most
):
    clone = clone_of(tmp_path, shop, warm)
    raw = clone.folder / "data/raw" / shop
    raw.mkdir(parents=True)
    (raw / file).symlink_to(real_data / file)
    clone.dvc("repro", "report")
    metrics = read_metrics(clone, "evaluate")
    assert least < metrics["test"]["roc_auc"]["value"] < most
    baseline = metrics["baselines"]["base_rate"]["log_loss"]
    assert metrics["test"]["log_loss"]["value"] < baseline
    insights = read_metrics(clone, "insights")
    test = pd.read_parquet(clone.folder / "data/features/test.parquet")
    targets = pd.read_csv(clone.folder / "data/insights/targets.csv")
    if shop == "online_shoppers":
        for part in ("profit", "uplift", "segments"):
            assert insights[part] == {"not_available": "the rows are sessions, not customers at a cutoff"}
        assert sorted(targets["row_id"].astype(str)) == sorted(test["row_id"].astype(str))
    else:
        assert sorted(targets["customer_id"].astype(str)) == sorted(test["customer_id"].astype(str))


def test_the_simulated_shops_sessions_are_held_against_their_own_true_chances(tmp_path, warm):
    clone = Clone(tmp_path, warm)
    clone.set(SMALL | {"simulate.n_customers": 500})
    shop = clone.folder / "shops/simulated.yaml"
    text = shop.read_text(encoding="utf-8")
    assert "task: customer" in text
    shop.write_text(text.replace("task: customer", "task: session"), encoding="utf-8")
    clone.dvc("repro", "report")  # the page tells of it, too
    ceiling = read_metrics(clone, "insights")["ceiling"]
    assert ceiling["share_of_the_way"]["value"] < 1
    assert ceiling["n_rows"] > 100 * ceiling["n_unknown"]
    predictions = pd.read_parquet(clone.folder / "data/predictions/test.parquet")
    assert ceiling["n_rows"] + ceiling["n_unknown"] == len(predictions)
    assert predictions.customer_id.isna().mean() > 0.2  # of strangers, whom a join by customer would lose
    page = (clone.folder / "report/report.html").read_text(encoding="utf-8")
    assert "the true chance, as each session starts" in page
    assert "session" in (clone.folder / "report/model_card.md").read_text(encoding="utf-8")
