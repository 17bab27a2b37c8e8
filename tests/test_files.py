import os
import subprocess
import sys
from pathlib import Path

import narwhals as nw
import pandas as pd
import pytest

from purchase.engines.registry import engine
from purchase.files import read_frame, whole, write_json
from purchase.tables import TableError

ROOT = Path(__file__).parents[1]


def test_a_file_that_is_not_finished_is_never_at_its_path(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("before", encoding="utf-8")

    def write_half():
        with whole(path) as part:
            part.write_text("half", encoding="utf-8")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_half()
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_the_folder_that_was_there(tmp_path):
    for name in ("old", "new"):
        with whole(tmp_path / "out") as part:
            part.mkdir()
            (part / name).touch()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["new"]


def test_what_a_killed_run_left_beside_a_path_is_replaced(tmp_path):
    (tmp_path / "out.part").mkdir()
    with whole(tmp_path / "out") as part:
        part.write_text("whole", encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path):
    # /dev/full is a disk on which every write fails with "No space left on device".
    script = (
        "import pathlib\n"
        "from purchase.files import run, whole\n"
        "def main():\n"
        f"    with whole({str(tmp_path / 'out')!r}) as part:\n"
        "        part.write_text('half')\n"
        "        pathlib.Path('/dev/full').write_text('more')\n"
        "run(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_table_has_the_same_bytes_whatever_the_order_of_its_rows_and_the_threads(tmp_path):
    rows = pd.DataFrame({"id": range(50_000), "text": [str(i % 97) for i in range(50_000)]})
    written = []
    for n_threads, seed in ((1, 0), (2, 1)):
        rows.sample(frac=1, random_state=seed).to_parquet(tmp_path / "in.parquet", index=False)
        with engine(n_threads=n_threads, memory_gb=1) as running:
            frame = running.scan(tmp_path / "in.parquet").with_columns(twice=nw.col("id") * 2)
            running.write(frame, tmp_path / "out.parquet", sort_by=["id"])
        written.append((tmp_path / "out.parquet").read_bytes())
    assert written[0] == written[1]


def test_a_table_that_is_not_there_says_how_to_get_it(tmp_path):
    with pytest.raises(TableError, match="dvc repro"):
        read_frame(tmp_path / "gone.parquet")


def test_json_refuses_a_number_that_is_none(tmp_path):
    with pytest.raises(ValueError, match="nan"):
        write_json({"score": float("nan")}, tmp_path / "out.json")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", sorted(path.stem for path in (ROOT / "stages").glob("*.py")))
def test_every_stage_settles_the_processors_instructions_before_numpy_loads(stage):
    # NumPy reads the variable when it loads, so a module of ours that imports it earlier would undo the setting.
    script = (
        "import os, sys\n"
        "def look(event, arguments):\n"
        "    if event == 'import' and arguments[0] == 'numpy':\n"
        "        print(os.environ.get('NPY_DISABLE_CPU_FEATURES'), os.environ.get('OPENBLAS_CORETYPE'), flush=True)\n"
        "        os._exit(0)\n"
        "sys.addaudithook(look)\n"
        f"import stages.{stage}\n"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NPY_", "OPENBLAS_"))}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=clean, capture_output=True, text=True, check=True
    )
    assert done.stdout == "X86_V4 AVX512_ICL AVX512_SPR Haswell\n"
