import json

import pandas as pd
import pytest
import yaml

from tests.pipeline.clone import SMALL, Clone
from tests.pipeline.shop_files import write_event_log, write_orders_only, write_three_tables


def reproduce(folder, shop, **changes):
    clone = Clone(folder)
    clone.set(SMALL | {"shop": shop} | changes)
    return clone


@pytest.mark.parametrize("write", [write_orders_only, write_event_log, write_three_tables])
def test_a_shop_runs_to_the_end_from_a_yaml_and_its_files_alone(tmp_path, write):
    clone = reproduce(tmp_path, "mine")
    raw = clone.folder / "data/raw/mine"
    raw.mkdir(parents=True)
    shop = write(raw)
    (clone.folder / "shops/mine.yaml").write_text(yaml.safe_dump(shop, sort_keys=False), encoding="utf-8")
    clone.dvc("repro", "evaluate")
    metrics = json.loads((clone.folder / "metrics/evaluate.json").read_text(encoding="utf-8"))
    # Customers differ in how often they order, and nothing else tells them apart: a model must see it, and no more.
    assert 0.6 < metrics["test"]["roc_auc"]["value"] < 0.95
    names = set(pd.read_csv(clone.folder / "data/features/dictionary.csv").table)
    assert ("events" in names or "sessions" in names) == (write is not write_orders_only)


def test_customers_who_are_in_orders_alone_are_kept_without_demographics(tmp_path):
    clone = reproduce(tmp_path, "mine")
    raw = clone.folder / "data/raw/mine"
    raw.mkdir(parents=True)
    (clone.folder / "shops/mine.yaml").write_text(yaml.safe_dump(write_three_tables(raw)), encoding="utf-8")
    clone.dvc("repro", "featurize")
    customers = pd.read_parquet(clone.folder / "data/clean/customers.parquet").set_index("customer_id")
    unknown = customers[pd.to_numeric(customers.index) >= 290]
    assert len(unknown) > 0
    assert unknown[["birth_year", "gender"]].isna().all(axis=None)
    assert customers.drop(unknown.index).birth_year.notna().all()


@pytest.mark.parametrize(
    ("shop", "file", "least", "most"),
    [
        ("online_shoppers", "online_shoppers_intention.csv", 0.90, 0.96),
        ("online_retail", "online_retail.csv.gz", 0.65, 0.90),
    ],
)
def test_a_public_data_set_runs_to_the_end_by_changing_the_shop_alone(tmp_path, real_data, shop, file, least, most):
    clone = reproduce(tmp_path, shop)
    raw = clone.folder / "data/raw" / shop
    raw.mkdir(parents=True)
    (raw / file).symlink_to(real_data / file)
    clone.dvc("repro", "evaluate")
    metrics = json.loads((clone.folder / "metrics/evaluate.json").read_text(encoding="utf-8"))
    assert least < metrics["test"]["roc_auc"]["value"] < most
    baseline = metrics["baselines"]["base_rate"]["log_loss"]
    assert metrics["test"]["log_loss"]["value"] < baseline
