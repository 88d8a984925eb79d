import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.commands import release as command
from release.commands.process import Process
from release.commands.selection import Options
from release.destinations.destination import Destination
from release.destinations.github.retention import Keep
from release.destinations.registry import remote
from release.driver.outcome import Problems
from release.driver.progress import Meter
from release.signing.signer import Trust
from tests.release import fabricated
from tests.release.signing import written
from tests.sigstore.instance import Instance
from tests.unit import golden
from tests.unit.release.driver.recorder import Recorder
from viberun.errors import UsageError
from viberun.version import Channel


class Caller:
    """Somebody who types the command in a folder of the workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bundle: Bundle = fabricated.make(root / "runfiles")
        (root / "repo" / "sub").mkdir(parents=True)

    def types(self, *arguments: str, **environ: str) -> tuple[str, str]:
        """Standard output and standard error, with the caller's folder called ROOT."""
        out, err = io.StringIO(), io.StringIO()
        environ = {
            "RUNFILES_DIR": str(self.root / "runfiles"),
            "BUILD_WORKSPACE_DIRECTORY": str(self.root / "repo"),
            "BUILD_WORKING_DIRECTORY": str(self.root / "repo" / "sub"),
            **environ,
        }
        process = Process(environ, "linux-amd64", lambda: 0.0, out, err)
        assert command.release([fabricated.BUNDLE, "root", "config", *arguments], process) == 0
        return tuple(text.getvalue().replace(str(self.root), "ROOT") for text in (out, err))  # type: ignore[return-value]


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    return Caller(tmp_path)


def test_the_first_release_says_what_it_made_and_how_to_try_it(caller: Caller) -> None:
    out, err = caller.types()
    golden.check("tests/unit/release/golden/released.out", out)
    golden.check("tests/unit/release/golden/released.err", err)
    assert (caller.root / "repo/dist/dev/channel.json").is_file()


def test_the_second_says_that_nothing_has_changed(caller: Caller) -> None:
    caller.types()
    out, _ = caller.types()
    golden.check("tests/unit/release/golden/unchanged.out", out)


def test_a_dry_run_prints_the_plan_and_makes_nothing(caller: Caller) -> None:
    out, err = caller.types("--dry-run")
    golden.check("tests/unit/release/golden/plan.out", out)
    assert err == ""
    assert not (caller.root / "repo/dist").exists()


def test_a_dry_run_of_what_stands_says_so(caller: Caller) -> None:
    caller.types()
    out, _ = caller.types("--dry-run")
    golden.check("tests/unit/release/golden/plan-unchanged.out", out)


def test_out_is_relative_to_where_the_caller_is(caller: Caller) -> None:
    caller.types("--out", "../made")
    assert (caller.root / "repo/made/channel.json").is_file()
    assert not (caller.root / "repo/dist").exists()


def test_quiet_leaves_the_result_alone(caller: Caller) -> None:
    out, err = caller.types("--quiet")
    assert "Try it:" in out
    assert err == ""


@pytest.mark.parametrize("channel", ["dev", "prod"])
def test_help_names_every_option_and_the_command_to_type(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, channel: Channel
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        command.parse(channel, ["--help"])
    golden.check(f"tests/unit/release/golden/help-{channel}.out", capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["--keep", "3"], ["--force"]])
def test_what_is_for_dev_alone_is_no_option_of_prod(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="unrecognized arguments: --"):
        command.parse("prod", arguments)
    assert command.parse("prod", []) == Options()


@pytest.mark.parametrize("arguments", [["--to", "mars"], ["--out"], ["--dryrun"], ["--keep", "0"], ["stray"]])
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match="bazel run //release:dev -- --help"):
        command.parse("dev", arguments)


def test_to_takes_what_is_registered() -> None:
    for name in ("local", "remote"):
        assert command.parse("dev", ["--to", name]) == Options(to=name)


PUSH = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}


def test_a_push_to_main_in_actions_goes_to_the_remote_destinations(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(command, "remote", lambda *_, **options: [Recorder("moon", calls)])
    caller.types("--dry-run", **PUSH)
    assert calls == [
        "moon.preflight",
        "moon.stage?",
        "moon.sign?",
        "moon.claim?",
        "moon.publish?",
        "moon.promote?",
        "moon.close",
    ]


def test_the_remote_destinations_publish_in_the_order_that_leaves_the_commit_point_for_last(tmp_path: Path) -> None:
    assert [each.name for each in remote({}, written(Instance(), tmp_path))] == ["ghcr", "npm", "pypi", "github"]


def test_a_registered_destination_gets_the_release(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    seen: list[tuple[str, Keep, bool]] = []

    def make(environ: Mapping[str, str], trust: Trust, *, keep: Keep, force: bool) -> list[Destination]:
        seen.append((environ["SOME_TOKEN"], keep, force))
        return [Recorder("moon", calls)]

    monkeypatch.setattr(command, "remote", make)
    out, _ = caller.types("--to", "remote", "--dry-run", "--keep", "7", "--force", SOME_TOKEN="x")
    assert "would go to moon" in out
    assert calls == [
        "moon.preflight",
        "moon.stage?",
        "moon.sign?",
        "moon.claim?",
        "moon.publish?",
        "moon.promote?",
        "moon.close",
    ]
    caller.types("--to", "remote", "--dry-run", KEEP="30d", SOME_TOKEN="x")
    assert seen == [("x", Keep(7, 0), True), ("x", Keep(20, 30), False)]
    with pytest.raises(UsageError, match="KEEP: 'all' is none of the forms"):
        caller.types("--to", "remote", "--dry-run", KEEP="all")


@pytest.mark.parametrize("arguments", [(), ("--dry-run",), ("--quiet",)])
def test_warnings_stand_at_the_end_of_the_result(
    caller: Caller, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    class Nearly(Recorder):
        def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
            meter.note_usage(9, 10, "the moon is nearly full", "wait")
            return super().preflight(bundle, meter)

    monkeypatch.setattr(command, "remote", lambda *_, **options: [Nearly("moon", [])])
    out, _ = caller.types("--to", "remote", *arguments)
    assert out.endswith("\nwarning: moon: the moon is nearly full; wait\n")
