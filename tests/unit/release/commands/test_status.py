"""What is printed of a channel's status."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from release.commands import status as command
from release.commands.process import Process
from release.destinations.destination import Ahead, Commits, UnderWay
from release.driver.status import ChannelStatus, Place
from release.signing.signer import Trust
from tests.release import fabricated
from viberun.errors import UsageError
from viberun.sigstore.release_workflow import Repository, Signer
from viberun.version import Version

NOW = datetime(2026, 1, 27, 12, tzinfo=UTC)
NEXT = Version.parse("0.0.0-dev.20260127110000-abc1234")


def printed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, ahead: Ahead, *arguments: str, signed: Signer | None = None
) -> tuple[int, str]:
    manifest = fabricated.make(folder / "viberun", images=False).manifest
    status = ChannelStatus(manifest, (Place("npm", manifest.build.version.npm, signed=signed),), ahead)
    monkeypatch.setattr(command, "_ask", lambda *_: status)
    out = io.StringIO()
    process = Process({"RUNFILES_DIR": str(folder / "viberun")}, "linux-amd64", lambda: 0.0, out, io.StringIO())
    return command.print_status(
        ["viberun/version.json", "root", "config", *arguments], process, NOW.timestamp
    ), out.getvalue()


@pytest.mark.parametrize(
    ("hours", "claimed", "shown", "exit_status"),
    [(1, False, True, 0), (1, True, True, 0), (4, True, True, 5), (4, False, False, 6)],
)
def test_a_release_that_ended_without_a_claim_is_not_under_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int, claimed: bool, shown: bool, exit_status: int
) -> None:
    since = NOW - timedelta(hours=hours)
    ahead = Ahead(Commits(2, since), UnderWay(NEXT, since, claimed))
    ended, text = printed(tmp_path, monkeypatch, ahead)
    assert ended == exit_status
    assert (f"{NEXT} has been under way for {hours} hour" in text) is shown
    assert f"main has been 2 commits ahead for {hours} hour" in text
    facts = json.loads(printed(tmp_path / "again", monkeypatch, ahead, "--json")[1])
    wanted = {"version": str(NEXT), "since": f"{since:%Y-%m-%dT%H:%M:%SZ}", "signed": True} if shown else None
    assert facts["releasing"] == wanted
    assert facts["behind"]["commits"] == 2


@pytest.mark.parametrize("hours", [1, 30])
def test_what_waits_for_its_signature_is_told_for_as_long_as_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    since = NOW - timedelta(hours=hours)
    waits = Ahead(Commits(2, since), UnderWay(NEXT, since, claimed=False, signed=False))
    said = f"{NEXT} waits for its signature, which its run in Actions makes"
    assert said in printed(tmp_path, monkeypatch, waits)[1].splitlines()
    signed = Ahead(Commits(2, since), UnderWay(NEXT, since, claimed=False))
    assert said not in printed(tmp_path / "again", monkeypatch, signed)[1]


def test_who_vouches_for_the_channels_build_is_told_and_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = "https://github.com/Some-Owner/viberun/actions/runs/4711/attempts/1"
    signer = Signer("Some-Owner/viberun", "1", run, NOW - timedelta(hours=7), 1)
    assert f"signed 7 hours ago by {run}" in printed(tmp_path, monkeypatch, Ahead(), signed=signer)[1].splitlines()
    facts = json.loads(printed(tmp_path / "again", monkeypatch, Ahead(), "--json", signed=signer)[1])
    assert facts["signed"] == {"run": run, "at": "2026-01-27T05:00:00Z"}
    assert "signed" not in facts["places"][0]


@pytest.mark.parametrize("text", ["", "soon", "3", "-1h", "1.5h", "3h ", "9999999d"])
def test_a_time_that_is_none_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(UsageError, match="is no time; give a number and one of s, m, h, d"):
        printed(tmp_path, monkeypatch, Ahead(), f"--max-age={text}")


@pytest.mark.parametrize(
    ("environ", "name", "number"),
    [
        ({}, "Some-Owner/viberun", "7"),
        ({"GITHUB_REPOSITORY": "an/other"}, "an/other", None),
        ({"GITHUB_REPOSITORY": "an/other", "GITHUB_REPOSITORY_ID": "8"}, "an/other", "8"),
    ],
)
def test_whose_signature_counts_is_stamped_or_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], name: str, number: str | None
) -> None:
    asked = list[Repository | None]()

    def remote(*_: object, trusted: Repository | None = None, **options: object) -> None:
        asked.append(trusted)
        raise UsageError("asked")

    build = replace(fabricated.DEV, repository_id="7")
    monkeypatch.setattr(command, "remote", remote)
    with pytest.raises(UsageError, match="asked"):
        command._ask(environ, Trust(tmp_path, tmp_path), build, "dev")
    assert asked == [Repository(name, number)]
