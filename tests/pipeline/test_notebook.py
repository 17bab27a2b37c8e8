import nbformat
import pandas as pd
from nbclient import NotebookClient

from tests.conftest import ROOT

NOTEBOOK = ROOT / "notebooks/insights.ipynb"


def test_the_notebook_walks_through_every_stage_of_a_run_without_an_error(reproduced, tmp_path):
    clone = reproduced.copy(tmp_path / "clone")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": clone.folder / "notebooks"}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in shown if output.output_type == "error"]
    pictures = [output for output in shown if "image/png" in output.get("data", {})]
    assert len(pictures) > 8
    tables = [output["data"]["text/html"] for output in shown if "text/html" in output.get("data", {})]
    champion = pd.read_csv(clone.folder / "metrics/leaderboard.csv")["model"][0]
    assert any(champion in table for table in tables)


def test_no_output_of_the_notebook_is_in_git():
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
