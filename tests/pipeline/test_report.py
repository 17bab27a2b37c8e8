import json
import re
import shutil
import subprocess

import pandas as pd
import pytest

MOST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def report(reproduced):
    return reproduced.folder / "report/report.html"


def read_insights(clone):
    return json.loads((clone.folder / "metrics/insights.json").read_text(encoding="utf-8"))


def test_every_part_is_there_for_the_simulated_shop(reproduced):
    found = read_insights(reproduced)
    # Of so small a shop's last promotions, fewer are held out than a campaign can be judged by.
    assert {name for name, part in found.items() if "not_available" in part} <= {"campaign"}
    assert found["ceiling"]["share_of_the_way"]["value"] > 0
    policies = found["profit"]["policies"]
    assert policies["everybody"]["n_contacted"] == found["about"]["rows"]["test"]["n_rows"]


def test_each_customer_is_on_the_target_list_once_with_reasons_the_best_first(reproduced):
    targets = pd.read_csv(reproduced.folder / "data/insights/targets.csv")
    test = pd.read_parquet(reproduced.folder / "data/predictions/test.parquet")
    assert sorted(targets["customer_id"]) == sorted(test["customer_id"])
    assert targets["expected_profit_cents"].is_monotonic_decreasing
    assert targets["reason_1"].str.match("(raised|lowered) by .+: .+").all()
    assert targets["contact"].sum() == read_insights(reproduced)["profit"]["policies"]["champion"]["n_contacted"]
    assert set(targets["decile"]) == set(range(1, 11))
    chances = targets[[name for name in targets.columns if name.startswith("propensity_")]].to_numpy()
    assert chances.shape[1] >= 4
    assert (chances[:, 1:] >= chances[:, :-1]).all()
    assert (targets["propensity_30_days"] == targets["propensity"]).all()
    assert targets["next_products_new"].notna().sum() == targets["contact"].sum()


def test_what_segments_did_adds_up_to_the_test_part(reproduced):
    segments = pd.read_csv(reproduced.folder / "plots/insights/segments.csv")
    test = pd.read_parquet(reproduced.folder / "data/predictions/test.parquet")
    assert (segments["n_customers"].sum(), segments["n_ordered"].sum()) == (len(test), test["label"].sum())
    assert read_insights(reproduced)["forecast"]["total"]["happened_orders"] == test["label"].sum()


def test_the_verdict_is_in_the_metrics_and_on_the_page(reproduced, report):
    gate = json.loads((reproduced.folder / "metrics/evaluate.json").read_text(encoding="utf-8"))["gate"]
    word = "passed" if gate["passed"] else "failed"
    assert f"Gate {word}." in report.read_text(encoding="utf-8")
    assert f"Gate: **{word}**." in (report.parent / "model_card.md").read_text(encoding="utf-8")


def test_insights_and_report_are_the_same_bytes_a_second_time(reproduced, tmp_path):
    clone = reproduced.copy(tmp_path / "clone")
    before = clone.lock()
    clone.dvc("repro", "--force", "--single-item", "insights", "report")
    assert clone.lock() == before


def test_the_page_is_small_and_asks_nothing_of_the_network(report):
    assert report.stat().st_size < MOST_BYTES
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', report.read_text(encoding="utf-8")) == []


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_without_a_network_shows_it_without_a_complaint(report, tmp_path, width):
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--proxy-server=127.0.0.1:9"]
    browser += [f"--user-data-dir={tmp_path}", f"--window-size={width},900", "--enable-logging=stderr", "--v=0"]
    # The page has no script of its own: what is measured comes from this copy's.
    page = tmp_path / "page.html"
    measure = (
        "<script>addEventListener('load', () => { const root = document.documentElement;"
        "root.dataset.overflow = root.scrollWidth - innerWidth;"
        "root.dataset.broken = [...document.images].filter(i => !i.naturalWidth || !i.alt).length;"
        "root.dataset.requests = performance.getEntriesByType('resource').filter(e => /^http/.test(e.name)).length;"
        "});</script></body>"
    )
    page.write_text(report.read_text(encoding="utf-8").replace("</body>", measure), encoding="utf-8")
    command = [*browser, "--virtual-time-budget=5000", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert "CONSOLE" not in done.stderr
    found = dict(re.findall(r'data-(overflow|broken|requests)="(-?\d+)"', done.stdout[:2000]))
    assert (found["broken"], found["requests"]) == ("0", "0")
    assert int(found["overflow"]) <= 0, "the page is wider than the screen"
