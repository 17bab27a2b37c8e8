"""Both stages on any engine, and whether what they wrote is the same."""

import contextlib
from pathlib import Path

import pandas as pd

from stages.featurize import featurize
from stages.preprocess import preprocess


def run_both_stages(running, tables, folder, params, shop):
    """Preprocess and featurize the tables of a folder on an engine, below ``folder``."""
    (folder / "data").mkdir(parents=True)
    (folder / "data/tables").symlink_to(tables)
    with contextlib.chdir(folder):
        preprocess(running, params, shop)
        featurize(running, params, shop)
    return folder


def written(folder):
    """List what both stages wrote, relative to the folder."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in paths if path.parts[:2] != ("data", "tables"))


def assert_same(one, other):
    """Whole numbers, texts, flags and types are the same, rows in the same order, and ratios to 1e-12."""
    assert written(one) == written(other)
    for path in written(one):
        if path.suffix == ".parquet":
            frames = [pd.read_parquet(Path(folder, path)) for folder in (one, other)]
            pd.testing.assert_frame_equal(*frames, rtol=1e-12, atol=0, obj=str(path))
        else:
            assert (one / path).read_bytes() == (other / path).read_bytes(), path
