"""A stranger's walk: a clean Debian 13, nothing but the README, each way of installing, and then its whole day."""

import os
import re
from pathlib import Path

import pytest

from tests.e2e.host.network import LAPTOP
from tests.e2e.host.world import World
from tests.e2e.refresh.releases import Release
from tests.e2e.walk import picture
from tests.e2e.walk.conftest import NPM_PORT, PYPI_PORT
from tests.e2e.walk.picture import Typed
from tests.e2e.walk.readme import Block
from tests.e2e.walk.stranger import Stranger

# The host's key, Docker's version, Debian's, sizes.
_MOVES = re.compile(r"(?<![-.\d])\d+(\.\d+)+(?:\+\S+)?| \d+ MB|(?<=debian )\d+|SHA256:\S+")

Pages = dict[str, list[Block]]


def commands(pages: Pages, heading: str, *words: str) -> list[str]:
    """The commands of the blocks below a heading of which the first begins with one of `words`, if there are any."""
    found = [block for block in pages[heading] if not words or block.commands[0].startswith(words)]
    assert found
    return [command for block in found for command in block.commands]


@pytest.mark.usefixtures("tools", "npm")
def test_by_npm(stranger: Stranger, pages: Pages, older: Release) -> None:
    stranger.variables = {
        "npm_config_registry": f"http://{LAPTOP}:{NPM_PORT}/",
        "npm_config_prefix": str(f"/home/{stranger.person.name}/.local"),
    }
    stranger.types("mkdir -p ~/.local/bin")
    (command,) = [each for each in commands(pages, "viberun") if each.startswith("npx")]
    assert "usage: viberun" in stranger.types(command)
    run, install, version = commands(pages, "Install", "npx")
    assert older.version in stranger.types(run)
    stranger.types(install)
    assert stranger.types(version).strip() == older.version


@pytest.mark.usefixtures("tools", "pypi")
def test_by_uv(stranger: Stranger, pages: Pages, older: Release) -> None:
    stranger.variables = {"UV_DEFAULT_INDEX": f"http://{LAPTOP}:{PYPI_PORT}/simple/", "UV_PYTHON_DOWNLOADS": "never"}
    (command,) = [each for each in commands(pages, "viberun") if each.startswith("uvx")]
    assert "usage: viberun" in stranger.types(command)
    run, install, version = commands(pages, "Install", "uvx")
    assert older.version in stranger.types(run)
    stranger.types(install)
    assert stranger.types(version).strip() == older.version


def test_by_the_script_and_through_the_day(the_world: World, stranger: Stranger, pages: Pages) -> None:
    older, newer = the_world.releases["older"], the_world.releases["newer"]
    (install,) = commands(pages, "Install", "curl")
    assert "is not on your PATH" in stranger.types(install)
    # Debian's ~/.profile has the folder on PATH from the next login on.
    assert stranger.types("viberun --version").strip() == older.version
    with the_world.network.host("host"):
        (setup,) = commands(pages, "Set up a host")
        assert "is ready." in stranger.types(setup)
        vibe, apps, page, logs, remove = commands(pages, "Day by day")
        stranger.vibes(vibe, "echo kept >file")
        assert "demo" in stranger.types(apps)
        assert "http://" in stranger.types(page)
        stranger.types(logs)
        the_world.promote("newer")
        report, update, update_app = commands(pages, "Update")
        behind = stranger.types(report)
        assert f"client   {older.version} behind" in behind
        assert "viberun upgrade" in behind
        stranger.types("viberun upgrade")
        assert stranger.types("viberun --version").strip() == newer.version
        assert f"Update to {newer.version}?" in stranger.types(update)
        stranger.types(update_app)
        assert "kept" in stranger.vibes(vibe, "cat file")
        assert "behind" not in stranger.types(report)
        stranger.types(remove, answer="y")
        assert "demo" not in stranger.types(apps)
    pictured = [typed for typed in stranger.session if typed.command in (install, setup, report, "viberun upgrade")]
    name = stranger.person.name
    check_picture(picture.render([Typed(each.command, each.written.replace(name, "me")) for each in pictured[:4]]))


def check_picture(svg: str) -> None:
    """The picture in the README is of what was just seen, but for versions of what is not ours."""
    kept = Path(os.environ["VIBERUN_PICTURE"])
    if os.environ.get("VIBERUN_RENEW_PICTURE"):
        kept.resolve().write_text(svg)
    assert [_MOVES.sub("…", line) for line in picture.words(kept.read_text())] == [
        _MOVES.sub("…", line) for line in picture.words(svg)
    ]
