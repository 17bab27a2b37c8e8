"""The remotes that can be run here, set up as docs/sharing.md says, and who shares by them."""

import contextlib
import getpass
from dataclasses import dataclass

import boto3
import pytest

from tests.pipeline.clone import Clone
from tests.recipes import recipe, run_recipe
from tests.sharing.servers import SSHD, s3_server, ssh_server
from tests.sharing.stores import BucketStore, FolderStore

# Params of the fixture ``team``. All that is tried on a remote runs on one worker and shares one push.
FOLDER = pytest.param("folder", marks=pytest.mark.xdist_group("folder"))
S3 = pytest.param("s3", marks=pytest.mark.xdist_group("s3"))
SSH = pytest.param(
    "ssh",
    marks=[
        pytest.mark.xdist_group("ssh"),
        pytest.mark.skipif(SSHD is None, reason="no sshd here: apt-get install openssh-server"),
    ],
)


def on(*params):
    """Mark a test to be run by a team on each of these remotes."""
    return pytest.mark.parametrize("team", params, indirect=True)


@dataclass(frozen=True)
class Remote:
    """A remote, as the page sets it up.

    Parameters
    ----------
    heading : str
        Its recipe on the page.
    shared, own : dict of str to str
        The page's examples in the block for all and in the block for one, and what they are here.
    store : FolderStore or BucketStore
        What lies there.
    """

    heading: str
    shared: dict
    own: dict
    store: object

    def set_up(self, clone):
        """What one does for the whole team."""
        run_recipe(clone, recipe(self.heading)[0], self.shared)

    def log_in(self, clone):
        """What everybody does in their own clone."""
        for block in recipe(self.heading)[1:]:
            run_recipe(clone, block, self.own)


@dataclass(frozen=True)
class Team:
    """Someone whose results are pushed, and what a teammate needs to get them."""

    owner: Clone
    remote: Remote

    def clone(self, folder):
        """Return a teammate's fresh clone, logged in, with nothing pulled."""
        self.owner.git("clone", "-q", self.owner.folder, folder)
        mate = Clone.at(folder, self.owner.shell)
        self.remote.log_in(mate)
        return mate


@contextlib.contextmanager
def folder_remote(base):
    place = base / "storage"
    yield Remote("A shared folder", {"/mnt/team/purchase": place}, {}, FolderStore(place))


@contextlib.contextmanager
def ssh_remote(base):
    place = base / "storage"
    with ssh_server(base) as port:
        shared = {"storage.example.com:22/srv/purchase": f"127.0.0.1:{port}{place}"}
        yield Remote("SSH", shared, {"alice": getpass.getuser(), "~/.ssh/id_ed25519": base / "key"}, FolderStore(place))


@contextlib.contextmanager
def s3_remote(base):
    own = {"YOUR_KEY_ID": "somebody", "YOUR_SECRET": "not-for-git"}
    keys = dict(zip(("aws_access_key_id", "aws_secret_access_key"), own.values(), strict=True))
    with s3_server(base) as url, contextlib.closing(boto3.client("s3", endpoint_url=url, **keys)) as client:
        client.create_bucket(Bucket="team-bucket")
        yield Remote("S3", {"https://s3.example.com": url}, own, BucketStore(client, "team-bucket", "purchase"))


REMOTES = {"folder": folder_remote, "ssh": ssh_remote, "s3": s3_remote}
