from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from tests.unit.viberun.client.vouched import CLIENT, MIRROR, NUMBER, PROD, Pages, at, pages
from viberun.build import Build
from viberun.client.download.freshness import held_back
from viberun.client.download.resolver import newest

MADE = datetime(2026, 1, 25, 12, 30, 45, tzinfo=timezone.utc)
HOME = "https://github.com/owner/name/releases/download/dev"
HEAD = f"https://api.github.com/repositories/{NUMBER}/commits?sha=main&per_page=1"


def head(days: float) -> bytes:
    """What GitHub says of main's newest commit, which is so many days after the channel's."""
    date = f"{MADE + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    return json.dumps([{"commit": {"committer": {"date": date}}}]).encode()


def look(
    days: float, asked: dict[str, bytes], client: Build = CLIENT, base: str = HOME, build: Build = CLIENT
) -> str | None:
    """What is said of a channel so many days after its newest build's commit, by who has `asked` to ask."""
    found = newest(at(client, base=base), Pages(pages=pages(build, base=base)))
    now = MADE + timedelta(days=days)
    trust = replace(found.place.trust, now=lambda: now)
    return held_back(replace(found, place=replace(found.place, trust=trust)), Pages(pages=asked))


def test_a_channel_that_stays_while_main_goes_on_is_told() -> None:
    said = "main has a commit of 2026-01-28, and the channel none since 2026-01-25: it may be held back"
    assert look(14, {HEAD: head(2.5)}) == said
    by_name = HEAD.replace(f"repositories/{NUMBER}", "repos/owner/name")
    assert look(14, {by_name: head(2.5)}, replace(CLIENT, repository_id=None)) == said


@pytest.mark.parametrize(
    ("days", "asked"),
    [
        (13.9, {HEAD: head(13)}),
        (400, {HEAD: head(0)}),
        (400, {HEAD: head(2)}),
        (400, {HEAD: head(-5)}),
        (400, {}),
    ],
    ids=["young", "quiet", "just now", "main went back", "no answer"],
)
def test_a_channel_that_is_where_main_is_or_may_be_is_not(days: float, asked: dict[str, bytes]) -> None:
    assert look(days, asked) is None


@pytest.mark.parametrize(
    "said", [b"", b"[]", b"{}", b"7", b"[1]", b'[{"commit": {"committer": {"date": "x"}}}]', b"[{}, {}]"]
)
def test_an_answer_that_says_nothing_is_none(said: bytes) -> None:
    assert look(400, {HEAD: said}) is None


def test_only_the_repository_s_own_place_and_dev_are_held_to_main() -> None:
    asked = {HEAD: head(30)}
    assert look(400, asked) is not None
    assert look(400, asked, base=MIRROR) is None
    assert look(400, asked, build=PROD) is None


def test_another_github_is_asked_at_its_own_address() -> None:
    """Its builds have no signature that a client takes; the address is all there is to try."""
    found = newest(at(base=HOME), Pages(pages=pages(base=HOME)))
    elsewhere = "https://ghe.example.org"
    trust = found.place.trust
    assert trust.repository is not None
    trust = replace(
        trust, repository=replace(trust.repository, server=elsewhere), now=lambda: MADE + timedelta(days=99)
    )
    there = replace(found, place=replace(found.place, base=HOME.replace("https://github.com", elsewhere), trust=trust))
    asked = {HEAD.replace("https://api.github.com", f"{elsewhere}/api/v3"): head(30)}
    assert held_back(there, Pages(pages=asked)) is not None
