from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.viberun.strategies import clean_dev_versions, dev_versions, prod_versions, versions
from viberun.client.setup.decide import Decision, Verdict, decide
from viberun.version import Channel, Order, Version

ASK, KEEP, FINE = Verdict.ASK, Verdict.KEEP, Verdict.UP_TO_DATE


def dev(second: int, commit: str = "a", dirty: bool = False) -> Version:
    return Version.dev(1769344245 + second, commit * 40, dirty)


OLD, NOW, NEW = dev(0), dev(60), dev(120)
P1, P2, P3 = Version.prod("1.0.0"), Version.prod("1.1.0"), Version.prod("2.0.0")


# One line for each cell of the design's table: client, server, then verdict, the default of the question, client behind.
@pytest.mark.parametrize(
    ("client", "server", "verdict", "default", "behind"),
    [
        pytest.param(NOW, OLD, ASK, True, False, id="dev, older dev"),
        pytest.param(NOW, NOW, FINE, False, False, id="dev, same"),
        pytest.param(NOW, NEW, KEEP, False, True, id="dev, newer dev"),
        pytest.param(NOW, None, ASK, True, False, id="dev, unknown or unreadable"),
        pytest.param(NOW, P1, ASK, True, False, id="dev, prod"),
        pytest.param(NOW, dev(60, "b"), ASK, True, False, id="dev, same time and another commit"),
        pytest.param(NOW, dev(60, dirty=True), ASK, True, False, id="dev, same commit and dirty"),
        pytest.param(dev(60, dirty=True), OLD, ASK, True, False, id="dirty, older dev"),
        pytest.param(dev(60, dirty=True), NEW, KEEP, False, True, id="dirty, newer dev"),
        pytest.param(dev(60, dirty=True), P3, ASK, True, False, id="dirty, prod"),
        pytest.param(P2, P1, ASK, True, False, id="prod, older prod"),
        pytest.param(P2, P2, FINE, False, False, id="prod, same"),
        pytest.param(P2, P3, KEEP, False, True, id="prod, newer prod"),
        pytest.param(P2, None, ASK, False, False, id="prod, unknown or unreadable"),
        pytest.param(P2, NOW, ASK, False, False, id="prod, dev"),
        pytest.param(P2, dev(60, dirty=True), ASK, False, False, id="prod, dirty"),
    ],
)
def test_each_cell_of_the_table(
    client: Version, server: Version | None, verdict: Verdict, default: bool, behind: bool
) -> None:
    assert decide(client.channel, client, server, client) == Decision(verdict, default, behind, server, client)


def test_the_question_names_what_is_there_and_what_would_be_installed() -> None:
    assert decide("dev", NOW, OLD, NEW).question == f"Server is {OLD}. Update to {NEW}?"
    assert decide("dev", NOW, None, NOW).question == f"Server is of an unknown version. Update to {NOW}?"


@pytest.mark.parametrize(
    ("server", "verdict", "default", "behind"),
    [
        pytest.param(OLD, ASK, True, False, id="older than both"),
        pytest.param(NOW, FINE, False, False, id="the client's own, which is what its table says"),
        pytest.param(dev(90), KEEP, False, True, id="between"),
        pytest.param(NEW, FINE, False, True, id="the target already"),
        pytest.param(dev(180), KEEP, False, True, id="newer than both"),
        pytest.param(dev(60, "b"), ASK, True, False, id="another commit at the client's time"),
    ],
)
def test_a_client_whose_build_the_channel_has_no_more(
    server: Version, verdict: Verdict, default: bool, behind: bool
) -> None:
    assert decide("dev", NOW, server, NEW) == Decision(verdict, default, behind, server, NEW)


@pytest.mark.parametrize(
    ("server", "verdict"),
    [(NOW, KEEP), (NEW, FINE), (OLD, FINE), (dev(180), KEEP)],
    ids=["older", "own", "it", "newer"],
)
def test_a_channel_that_stands_further_back_is_not_followed(server: Version, verdict: Verdict) -> None:
    decision = decide("dev", NEW, server, OLD)
    assert (decision.verdict, decision.default) == (verdict, False)


@pytest.mark.parametrize(
    ("channel", "client", "server", "target", "default"),
    [
        ("dev", NOW, NEW, OLD, True),
        ("dev", NOW, NOW, OLD, True),
        ("dev", NOW, OLD, NEW, True),
        ("dev", NOW, OLD, P1, True),
        ("prod", P2, P3, P1, False),
        ("prod", P2, P2, P3, True),
        ("prod", P2, OLD, P1, False),
    ],
)
def test_a_version_that_the_user_named_is_asked_for(
    channel: Channel, client: Version, server: Version, target: Version, default: bool
) -> None:
    decision = decide(channel, client, server, target, pinned=True)
    assert (decision.verdict, decision.default) == (ASK, default)
    assert decide(channel, client, target, target, pinned=True).verdict is FINE


@pytest.mark.parametrize(
    ("channel", "client", "server", "target", "verdict", "default"),
    [
        ("prod", NOW, P1, P2, ASK, True),
        ("prod", NOW, P2, P2, FINE, False),
        ("prod", NOW, P3, P2, KEEP, False),
        ("prod", NOW, NOW, P2, ASK, False),
        ("prod", NOW, None, P2, ASK, False),
        ("dev", P1, OLD, NOW, ASK, True),
        ("dev", P1, NOW, NOW, FINE, False),
        ("dev", P1, NEW, NOW, KEEP, False),
        ("dev", P1, P1, NOW, ASK, True),
    ],
)
def test_a_client_that_acts_for_the_other_channel_goes_by_the_target(
    channel: Channel, client: Version, server: Version | None, target: Version, verdict: Verdict, default: bool
) -> None:
    decision = decide(channel, client, server, target)
    assert (decision.verdict, decision.default, decision.client_behind) == (verdict, default, False)


channels = st.sampled_from(["dev", "prod"])
known = versions | st.sampled_from([OLD, NOW, NEW, dev(60, "b"), dev(60, dirty=True), P1, P2, P3])


@given(channels, known, known | st.none(), known, st.booleans())
def test_whatever_the_mixture_the_rules_hold(
    channel: Channel, client: Version, server: Version | None, target: Version, pinned: bool
) -> None:
    decision = decide(channel, client, server, target, pinned=pinned)
    assert (decision.server, decision.target) == (server, target)
    if decision.default:
        assert decision.verdict is ASK
    if decision.client_behind:
        assert server is not None
        assert server.compare(client) is Order.NEWER
    if server is None or (server.channel != channel and server.compare(target) is not Order.SAME):
        assert (decision.verdict, decision.default) == (ASK, channel == "dev")
    elif server.compare(target) is Order.SAME:
        assert decision.verdict is FINE
    if decision.verdict is ASK and server is not None and channel == server.channel == target.channel and not pinned:
        assert server.compare(target) in (Order.OLDER, Order.UNKNOWN)


@given(clean_dev_versions, dev_versions)
def test_dev_servers_are_only_ever_moved_forwards_by_default(client: Version, server: Version) -> None:
    decision = decide("dev", client, server, client)
    assert (decision.verdict is ASK) == (server.compare(client) in (Order.OLDER, Order.UNKNOWN))


@given(prod_versions, dev_versions)
def test_prod_never_takes_a_dev_server_by_default(client: Version, server: Version) -> None:
    assert not decide("prod", client, server, client).default


@given(clean_dev_versions)
def test_a_server_that_lost_its_sha_is_the_same_build(version: Version) -> None:
    assert decide("dev", version, replace(version, sha=None), version).verdict is FINE
