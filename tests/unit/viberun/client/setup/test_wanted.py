"""Whether a build gets installed that looks held back: a question, to which --yes is an answer."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.viberun.client.hosts import build_at
from tests.unit.viberun.client.vouched import CLIENT, Pages, at, pages
from viberun.client.download.fetch import Fetcher
from viberun.client.download.resolver import newest
from viberun.client.host.handshake import Server
from viberun.client.identity import Identity
from viberun.client.prompts import Prompts
from viberun.client.screen import Screen
from viberun.client.setup.setup import Setup
from viberun.client.setup.target import Target
from viberun.client.store import Store
from viberun.errors import ViberunError

OLD = Server(build_at(-30).version, 1)


@dataclass
class Asked:
    """What came of a held back build: `installs`, and what was shown."""

    installs: bool
    out: str
    err: str


def wanted(
    folder: Path, server: Server | None, always: bool | None = None, held_back: str | None = "main went on"
) -> Asked:
    """Asks where there is no terminal; `always` is as --yes and --no-update say it."""
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(out, err, {})
    prompts = Prompts(screen, io.StringIO(), always)
    job = Setup(Identity.of(CLIENT, {}), {}, Fetcher(), Store(folder), screen, prompts)
    found = Target(newest(at(), Pages(pages=pages())), False, None, held_back)
    return Asked(job.wanted(found, server), out.getvalue(), err.getvalue())


@pytest.mark.parametrize("server", [OLD, None], ids=["update", "setup"])
def test_yes_is_consent_to_a_build_that_may_be_held_back(tmp_path: Path, server: Server | None) -> None:
    asked = wanted(tmp_path, server, True)
    assert (asked.installs, asked.err) == (True, "viberun: warning: main went on\n")


def test_by_default_a_server_stays_where_the_channel_may_be_held_back(tmp_path: Path) -> None:
    asked = wanted(tmp_path, OLD)
    assert not asked.installs
    assert f"Update to {CLIENT.version}? No (the default" in asked.out
    assert wanted(tmp_path, OLD, held_back=None).installs


@pytest.mark.parametrize("always", [None, False])
def test_by_default_nothing_is_set_up_where_the_channel_may_be_held_back(tmp_path: Path, always: bool | None) -> None:
    with pytest.raises(ViberunError, match=r"nothing was installed; see why .* or say --yes"):
        wanted(tmp_path, None, always)
    assert wanted(tmp_path, None, always, held_back=None).installs
