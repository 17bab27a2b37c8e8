"""The recipes of the pages in docs/, run as they stand there but for the example names in them."""

import re
import subprocess

from tests.pipeline.clone import ROOT

IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Tests"), ("EMAIL", "tests@shop.test"))
}


def recipe(heading, *, page="docs/sharing.md"):
    """Return the blocks of commands below a heading of a page, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    section = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise KeyError(f"{page} has no heading {heading!r}")
    return re.findall(r"^```sh\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)


def run_recipe(clone, block, replaced=(), *, check=True):
    """Run a block of commands in a clone, with {example on the page: what it is here}.

    Raises
    ------
    KeyError
        If an example is not in the block: page and test have drifted apart.
    RuntimeError
        With ``check``, if a command fails.
    """
    for example, actual in dict(replaced).items():
        if example not in block:
            raise KeyError(f"{example!r} is not in this recipe any more:\n{block}")
        block = block.replace(example, str(actual))
    environment = clone.command()[1] | IDENTITY
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=clone.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if check and done.returncode:
        raise RuntimeError(f"{block}ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done
