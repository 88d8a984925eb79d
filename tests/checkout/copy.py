"""A copy of the tree, from what `sources_without` gave a test."""

import os
from pathlib import Path

from tests.checkout.git import git
from tests.checks.sources import lay_out


def copy_sources(folder: Path) -> None:
    """Writes the sources to the new `folder`, a git repository of one commit; those left out are empty files there."""
    lay_out(Path(os.environ["VIBERUN_SOURCES"]).parent, folder)
    for name in Path(os.environ["VIBERUN_LEFT_OUT"]).read_text().splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=as it is")
