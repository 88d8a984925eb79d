from dataclasses import replace
from pathlib import Path

import pytest

from release.commands.selection import Options, local_folder, select_destinations
from release.destinations.github.retention import Keep
from viberun.errors import UsageError
from viberun.version import Channel

MAIN = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REF": "refs/heads/main",
}
TAG = {**MAIN, "GITHUB_REF": "refs/tags/v1.2.3"}
CHANNELS: tuple[Channel, ...] = ("dev", "prod")


@pytest.mark.parametrize(("channel", "environ"), [("dev", MAIN), ("prod", TAG)])
def test_the_push_that_makes_the_channel_goes_out_by_itself(channel: Channel, environ: dict[str, str]) -> None:
    assert select_destinations(environ, Options(), channel) == "remote"


@pytest.mark.parametrize(
    ("channel", "environ"),
    [
        ("dev", {}),
        ("dev", TAG),
        ("prod", MAIN),
        ("dev", {**MAIN, "GITHUB_REF": "refs/heads/main2"}),
        ("dev", {**MAIN, "GITHUB_REF": "refs/heads/feature/refs/heads/main"}),
        ("dev", {**MAIN, "GITHUB_REF": "refs/pull/7/merge"}),
        ("prod", {**TAG, "GITHUB_REF": "refs/tags/other"}),
        ("prod", {**TAG, "GITHUB_REF": "refs/heads/v1.2.3"}),
        ("dev", {**MAIN, "GITHUB_EVENT_NAME": "pull_request"}),
        ("dev", {**MAIN, "GITHUB_EVENT_NAME": "workflow_dispatch"}),
        ("dev", {**MAIN, "GITHUB_EVENT_NAME": "schedule"}),
        ("dev", {**MAIN, "GITHUB_ACTIONS": "false"}),
        ("dev", {k: v for k, v in MAIN.items() if k != "GITHUB_ACTIONS"}),
        ("dev", {"CI": "true"}),
    ],
)
def test_nothing_else_goes_out_by_itself(channel: Channel, environ: dict[str, str]) -> None:
    assert select_destinations(environ, Options(), channel) == "local"


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("environ", [{}, MAIN, TAG])
@pytest.mark.parametrize("options", [Options(to="local"), Options(out=Path("x")), Options(to="local", out=Path("x"))])
def test_local_and_out_always_win(channel: Channel, environ: dict[str, str], options: Options) -> None:
    assert select_destinations(environ, options, channel) == "local"


@pytest.mark.parametrize("environ", [{}, MAIN])
def test_a_folder_for_a_remote_release_is_refused_and_not_ignored(environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="--out is a folder of the local channel"):
        select_destinations(environ, Options(to="remote", out=Path("x")), "dev")


@pytest.mark.parametrize("options", [Options(keep=Keep(3)), Options(force=True)])
def test_what_means_nothing_to_the_local_channel_is_refused_and_not_ignored(options: Options) -> None:
    with pytest.raises(UsageError, match=r"--keep and --force are for GitHub.*; leave them out, or give --to remote"):
        select_destinations({}, options, "dev")
    assert select_destinations({}, replace(options, to="remote"), "dev") == "remote"
    assert select_destinations(MAIN, options, "dev") == "remote"


@pytest.mark.parametrize("environ", [{}, MAIN])
def test_remote_is_remote_when_asked_for(environ: dict[str, str]) -> None:
    assert select_destinations(environ, Options(to="remote"), "dev") == "remote"


def test_out_is_the_callers_path() -> None:
    environ = {"BUILD_WORKING_DIRECTORY": "/home/me/src", "BUILD_WORKSPACE_DIRECTORY": "/repo"}
    assert local_folder(environ, Options(out=Path("x")), "dev") == Path("/home/me/src/x")
    assert local_folder(environ, Options(out=Path("/x")), "dev") == Path("/x")


def test_out_without_bazel_is_relative_to_this_process() -> None:
    assert local_folder({}, Options(out=Path("x")), "dev") == Path("x")


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_channels_have_their_own_folders_in_the_workspace(channel: Channel) -> None:
    environ = {"BUILD_WORKING_DIRECTORY": "/repo/sub", "BUILD_WORKSPACE_DIRECTORY": "/repo"}
    assert local_folder(environ, Options(), channel) == Path("/repo/dist") / channel


def test_without_bazel_and_out_there_is_no_folder_to_guess() -> None:
    with pytest.raises(UsageError, match="bazel run //release:prod"):
        local_folder({}, Options(), "prod")
