"""Push from one clone, pull in another, over every remote that can be run here."""

import subprocess
import sys

from tests.recipes import recipe, run_recipe
from tests.sharing.remotes import FOLDER, S3, SSH, on

pytestmark = on(FOLDER, SSH, S3)

# In a process of its own, since a model is read where its clone is.
PREDICT = """
import numpy as np
from purchase.files import FEATURES, METRICS, MODELS, PREDICTIONS, read_frame, read_json
from purchase.models.store import load_model

champion = load_model(MODELS / read_json(METRICS / "evaluate.json")["champion"])
features = read_frame(FEATURES / "test.parquet")
shared = read_frame(PREDICTIONS / "test.parquet").set_index("row_id")["propensity"]
np.testing.assert_array_equal(champion.predict_propensity(features), shared.loc[features["row_id"]])
print(len(features), "predicted")
"""


def test_a_teammate_pulls_reruns_nothing_and_predicts_the_same(team, reproduced, tmp_path):
    mate = team.clone(tmp_path / "mate")
    shown = run_recipe(mate, recipe("Pull")[0]).stdout
    assert "Data and pipelines are up to date." in shown
    assert mate.ran(mate.dvc("repro")) == []
    assert mate.lock() == reproduced.lock()
    for name in ("metrics/evaluate.json", "metrics/leaderboard.csv"):
        assert (mate.folder / name).read_bytes() == (reproduced.folder / name).read_bytes()
    assert mate.git("status", "--porcelain") == ""
    command = [sys.executable, "-c", PREDICT]
    done = subprocess.run(command, cwd=mate.folder, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("predicted\n"), done.stderr


def test_secrets_stay_out_of_git(team, tmp_path):
    mate = team.clone(tmp_path / "mate")
    local = mate.folder / ".dvc/config.local"
    assert local.exists() == bool(team.remote.own)
    mate.git("add", "-A")
    assert mate.git("status", "--porcelain") == ""
    committed = mate.git("show", "HEAD:.dvc/config")
    for secret in team.remote.own.values():
        assert f"= {secret}\n" not in committed
        assert f"= {secret}\n" in local.read_text(encoding="utf-8")
