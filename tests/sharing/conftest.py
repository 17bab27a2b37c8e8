import contextlib

import pytest

from tests.pipeline.conftest import reproduced, warm  # noqa: F401 (fixtures)
from tests.recipes import recipe, run_recipe
from tests.sharing.remotes import REMOTES, Team


@pytest.fixture(scope="session", autouse=True)
def site_cache(tmp_path_factory):
    """Where DVC keeps what it knows of a clone's files outside of the clone: otherwise below /var/tmp, for good."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path_factory.mktemp("site_cache")))
        yield


@pytest.fixture(scope="session")
def teams(reproduced, tmp_path_factory):  # noqa: F811
    """A function from the kind of a remote to a team whose small simulated shop is pushed there, once."""
    made = {}

    def make(kind):
        base = tmp_path_factory.mktemp(kind)
        owner = reproduced.copy(base / "owner")
        remote = stack.enter_context(REMOTES[kind](base))
        remote.set_up(owner)
        remote.log_in(owner)
        run_recipe(owner, recipe("Push")[0].replace("git push\n", ""))
        return Team(owner, remote)

    with contextlib.ExitStack() as stack:
        yield lambda kind: made.get(kind) or made.setdefault(kind, make(kind))


@pytest.fixture
def team(request, teams):
    """The team of the mark ``on``. Nobody changes the owner's clone; who damages the remote mends it."""
    return teams(request.param)
