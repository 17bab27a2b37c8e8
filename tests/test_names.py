import subprocess
import sys

from tests.conftest import ROOT
from tests.names import missing_names

BROKEN = """
import purchase.params
from purchase import files, nothing
from purchase.tables import DAY as day


def lazily(params):
    from purchase.params import FAMILY_OPTIONS
    from purchase.models import gone
    import no_such_package
    from flaml import AutoML

    return FAMILY_OPTIONS, gone, no_such_package, AutoML, files.METRICS, files.METRIX, params.METRIX
"""


def test_every_name_that_a_module_imports_or_takes_from_a_module_of_ours_is_there():
    # In a process of its own: it loads every package, TensorFlow included, once.
    done = subprocess.run([sys.executable, "-m", "tests.names"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *missing, n_modules = done.stdout.splitlines()
    assert missing == []
    assert int(n_modules.split()[0]) > 100


def test_names_that_are_gone_are_told_with_their_place_wherever_the_import_stands(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text(BROKEN, encoding="utf-8")
    assert missing_names(path) == [
        f"{path}, line 3: No module named 'purchase.nothing'",
        f"{path}, line 8: No module named 'purchase.params.FAMILY_OPTIONS'",
        f"{path}, line 9: No module named 'purchase.models.gone'",
        f"{path}, line 10: No module named 'no_such_package'",
        f"{path}, line 13: purchase.files has no METRIX",
    ]
