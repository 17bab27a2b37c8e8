import re
import shutil
import subprocess

import pytest

PLOTS = ("roc", "precision_recall", "calibration", "lift", "importance", "confusion")
PLOTS += ("learning_curve", "protocols", "driver_groups")


# One worker for the tests that share a page.
pytestmark = pytest.mark.xdist_group("plots")


@pytest.fixture(scope="module")
def page(reproduced, tmp_path_factory):
    """The page of ``dvc plots diff`` between two revisions, in a clone that was set up as start.py does it."""
    clone = reproduced.copy(tmp_path_factory.mktemp("plots") / "clone")
    clone.python("-m", "purchase.offline_plots")
    (clone.folder / "plots/lift.csv").write_text("share_contacted,lift\n0.1,2\n1,1\n", encoding="utf-8")
    clone.dvc("plots", "diff", "HEAD", "-o", "plots_diff")
    return clone.folder / "plots_diff/index.html"


def test_the_page_of_plots_loads_nothing_from_the_network(page):
    html = page.read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*', html) == []
    assert html.count("vegaEmbed('#") == len(PLOTS)


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_a_browser_without_a_network_draws_every_plot(page, tmp_path):
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--proxy-server=127.0.0.1:9"]
    browser += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=10000", "--dump-dom", page.as_uri()]
    done = subprocess.run(browser, capture_output=True, text=True, check=True, timeout=120)
    assert len(re.findall(r'<svg [^>]*class="marks"', done.stdout)) == len(PLOTS)
