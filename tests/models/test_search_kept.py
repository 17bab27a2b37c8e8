"""A search that is killed goes on from the trials that it kept, and only from its own."""

import subprocess
import sys
import time

import pandas as pd
import pytest

from purchase.models.kept import KeptTrials, Remembering, kept_trials
from purchase.models.search import search_settings
from purchase.params import TuneParams
from tests.models.feature_tables import quick_settings
from tests.models.test_search import FOLDS, TABLE

SPACE = {"min_child_samples": list(range(5, 45))}


def search(trials=None, *, how="grid", table=TABLE):
    section = TuneParams.model_fields["lightgbm"].annotation(search=how, space=SPACE)
    common = {"family": "lightgbm", "folds": FOLDS, "scoring": "roc_auc", "seed": 0, "n_threads": 2}
    return search_settings(table, quick_settings("lightgbm"), section, trials=trials, **common)


def never(self, X, y):
    raise AssertionError("a kept trial was fitted again")


def test_a_search_killed_in_the_middle_goes_on_from_its_trials_to_the_same_table(tmp_path, monkeypatch):
    path = tmp_path / "trials.jsonl"
    code = (
        "import sys; from purchase.models.kept import KeptTrials; from tests.models.test_search_kept import search;"
        "search(KeptTrials(sys.argv[1], 'this search'))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not path.exists() or path.read_text().count("\n") < 9):
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = KeptTrials(path, "this search")
    n_fits = len(SPACE["min_child_samples"]) * len(FOLDS)  # the default settings among them
    assert 8 <= len(kept.known) < n_fits
    fits = []
    fit = Remembering.fit

    def counted(self, X, y):
        fit(self, X, y)
        fits.append(self.score_ is None)
        return self

    monkeypatch.setattr(Remembering, "fit", counted)
    n_kept = len(kept.known)
    _, resumed, _ = search(kept)
    assert sum(fits) == n_fits - n_kept
    pd.testing.assert_frame_equal(resumed, search()[1], check_exact=True)


@pytest.mark.parametrize("how", ["grid", "halving_grid"])
def test_a_search_whose_trials_are_all_known_fits_nothing_and_keeps_their_seconds(tmp_path, monkeypatch, how):
    path = tmp_path / "trials.jsonl"
    best, table, seconds = search(KeptTrials(path, "a"), how=how)
    monkeypatch.setattr("purchase.models.kept.clone", never)
    again = search(KeptTrials(path, "a"), how=how)
    assert again[0] == best
    pd.testing.assert_frame_equal(again[1], table, check_exact=True)
    pd.testing.assert_frame_equal(again[2], seconds, check_exact=True)


def test_trials_of_another_search_and_a_half_written_line_are_not_taken(tmp_path):
    path = tmp_path / "trials.jsonl"
    KeptTrials(path, "one").keep({"C": 1.0}, [0, 1], 0.5, 2.0)
    with path.open("a") as file:
        file.write('["broken", [0.')
    assert len(KeptTrials(path, "one").known) == 1
    assert KeptTrials(path, "other").known == {}


def interrupted(path):
    with kept_trials(path, TABLE, "settings") as trials:
        trials.keep({"C": 1.0}, [0, 1], 0.5, 2.0)
        raise KeyboardInterrupt


def test_the_file_is_there_only_until_the_search_has_ended(tmp_path):
    path = tmp_path / "trials.jsonl"
    with pytest.raises(KeyboardInterrupt):
        interrupted(path)
    assert path.exists()
    with kept_trials(path, TABLE.assign(label=0), "settings") as trials:
        assert trials.known == {}  # the rows have changed
    assert not path.exists()
