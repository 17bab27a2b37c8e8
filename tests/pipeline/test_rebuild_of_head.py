import re

from tests.pipeline.clone import Clone


def test_a_rebuild_from_nothing_confirms_a_true_lock_and_names_what_is_false_in_another(reproduced, tmp_path):
    reproduced.git("clone", "-q", str(reproduced.folder), str(tmp_path / "clone"))
    clone = Clone.at(tmp_path / "clone")
    done = clone.python("-m", "purchase.rebuild", "prepare")
    assert re.search(r"Rebuilt from nothing in .* min\. 4 of 4 outs have the committed hash\.", done.stdout)

    lock = clone.folder / "dvc.lock"
    true = clone.lock()["prepare"]["data/tables"]
    lock.write_text(lock.read_text(encoding="utf-8").replace(true, "0" * 32 + ".dir"), encoding="utf-8")
    clone.commit("A false lock")
    done = clone.python("-m", "purchase.rebuild", "prepare", check=False)
    assert done.returncode == 1
    assert "3 of 4 outs have the committed hash" in done.stdout
    assert "prepare: data/tables has another hash" in done.stderr
