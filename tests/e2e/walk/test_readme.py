"""What can be told of the README without running it."""

import os
import re
from pathlib import Path

import pytest

from tests.e2e.walk import readme
from viberun.client import install_method

WORKSPACE = Path(os.environ["VIBERUN_BAZELW"]).resolve().parent
TEXT = (WORKSPACE / "README.md").read_text()


@pytest.mark.parametrize("block", readme.blocks(TEXT), ids=lambda block: block.heading)
def test_every_block_says_who_tries_it(block: readme.Block) -> None:
    tried_by = re.fullmatch(r"tried by (\S+?)(;.*)?", block.mark)
    if tried_by:
        assert (WORKSPACE / tried_by[1]).exists()
    else:
        assert block.mark == "tried" or block.mark.startswith("not tried: ")


def test_there_is_no_block_of_another_kind() -> None:
    assert TEXT.count("```") == 2 * len(readme.blocks(TEXT))


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert links
    assert [link for link in links if not (WORKSPACE / link).exists()] == []
    headings = {
        re.sub(r"[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", TEXT, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings


def test_the_first_screen_has_the_commands_of_users_and_of_maintainers() -> None:
    first = TEXT[: TEXT.index("\n## ")]
    assert len(first.splitlines()) <= 30
    for command in (
        "npx --prefer-online -y viberun@dev",
        "uvx viberun-dev@latest",
        "./bazelw run //release:dev",
        "./test",
    ):
        assert command in first


def test_the_commands_that_update_are_those_that_the_client_names() -> None:
    for method in ("npx", "npm", "uvx", "uv", "uv-pip", "pipx", "pip", "script"):
        assert f"`{install_method.refresh_command(method, 'dev')}`" in TEXT, method


def test_every_variable_that_it_names_is_read_somewhere() -> None:
    sources = [
        *(WORKSPACE / "viberun").rglob("*.py"),
        WORKSPACE / "install.sh",
        Path(__file__).with_name("test_walk.py"),
    ]
    code = "".join(source.read_text() for source in sources)
    assert {name for name in re.findall(r"VIBERUN_[A-Z_]+", TEXT) if name not in code} == set()
