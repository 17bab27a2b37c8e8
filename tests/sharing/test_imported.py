"""Raw data from elsewhere stays what it was when it was pinned, whatever becomes of its origin."""

import contextlib
import hashlib

import pytest

from tests.pipeline.clone import Clone
from tests.recipes import recipe, run_recipe
from tests.sharing.servers import web_server

PINNED = "data/raw/mine/orders.csv"
IMPORT, PULL, UPDATE, KEEP, GO_BACK = recipe("Pin raw data from elsewhere")
OLD, NEW = b"order,customer\n1,a\n", b"order,customer\n1,a\n2,b\n"


@pytest.fixture
def origin(tmp_path):
    """The file at the origin, and a function that takes its server away."""
    file = tmp_path / "origin/exports/orders.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(OLD)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(web_server(tmp_path / "origin"))
        yield file, url, stack.close


def test_pinned_raw_data_outlives_a_change_and_the_loss_of_its_origin(origin, reproduced, tmp_path):
    file, url, close = origin
    owner, early, late = (Clone.at(tmp_path / name) for name in ("owner", "early", "late"))
    reproduced.git("clone", "-q", reproduced.folder, owner.folder)
    run_recipe(owner, recipe("A shared folder")[0], {"/mnt/team/purchase": tmp_path / "storage"})
    run_recipe(owner, IMPORT, {"https://shop.example.com": url})
    assert owner.git("status", "--porcelain") == ""

    file.write_bytes(NEW)
    owner.git("clone", "-q", owner.folder, early.folder)
    run_recipe(early, PULL)
    assert (early.folder / PINNED).read_bytes() == OLD

    assert hashlib.md5(NEW).hexdigest() in run_recipe(owner, UPDATE).stdout
    run_recipe(owner, GO_BACK)
    assert (owner.folder / PINNED).read_bytes() == OLD
    run_recipe(owner, UPDATE)
    run_recipe(owner, KEEP)
    close()
    owner.git("clone", "-q", owner.folder, late.folder)
    late.git("checkout", "-q", "HEAD~1")
    run_recipe(late, PULL)
    assert (late.folder / PINNED).read_bytes() == OLD
