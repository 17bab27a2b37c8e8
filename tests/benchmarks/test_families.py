import pandas as pd

from benchmarks.families import N_ROWS, NAMES, asked, run_alone, with_others


def test_the_memory_of_a_family_is_that_of_its_own_process_and_grows_with_its_table():
    ballast = bytearray(b"1" * 1_000_000_000)  # of this process, not of the family's
    small, large = (run_alone("xgboost", n_rows) for n_rows in (2_000, 42_000))
    del ballast
    assert (large["family"], large["n_rows"], large["n_columns"]) == ("xgboost", 42_000, 200)
    two_tables = 2 * 40_000 * 180 * 8 / 1e9  # as given, and as the model takes it
    assert small["peak_gb"] + two_tables - 0.01 < large["peak_gb"] < 1


def test_a_row_replaces_that_of_its_family_and_size_and_no_other(tmp_path):
    kept = [("xgboost", 100), ("lightgbm", 100), ("xgboost", 1000), ("ensemble", 100)]
    pd.DataFrame(kept, columns=["family", "n_rows"]).assign(fit_seconds=1).to_csv(tmp_path / "t.csv", index=False)
    found = pd.DataFrame({"family": ["xgboost"], "n_rows": [100], "fit_seconds": [2], "peak_gb": [3.0]})
    table = with_others(found, tmp_path / "t.csv")
    assert table["family"].tolist() == ["xgboost", "lightgbm", "ensemble", "xgboost"]
    assert table["n_rows"].tolist() == [100, 100, 100, 1000]
    assert table["fit_seconds"].tolist() == [2, 1, 1, 1]


def test_without_words_all_families_and_the_ensemble_are_asked_for():
    assert asked([]) == (N_ROWS, NAMES)
    assert asked(["1000000", "xgboost"]) == (1_000_000, ["xgboost"])
    assert asked(["svm"]) == (N_ROWS, ["svm"])
