from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viberun.client.host.remote import EngineError, NoServerError, Remote, RemoteError, ServerError, bootstrap
from viberun.client.host.ssh import Answer, Connection


class Scripted:
    """A connection that answers what a test says, and notes what it was asked."""

    host = "box"

    def __init__(self, answer: Answer) -> None:
        self.answer, self.asked = answer, list[Sequence[str]]()

    def call(self, argv: Sequence[str], **options: object) -> Answer:
        self.asked.append(argv)
        on_line = options.get("on_line")
        if callable(on_line):
            for line in self.answer.out.splitlines():
                on_line(line)
        return self.answer


def remote(
    status: int = 0, out: str = "", err: str = "", root: str = "sudo", **environ: str
) -> tuple[Remote, Scripted]:
    connection = Scripted(Answer(status, out, err))
    return Remote(cast(Connection, connection), root, environ), connection


def test_the_server_is_called_as_root_with_the_environment_sorted() -> None:
    called, connection = remote(VIBERUN_IMAGE="ghcr.io/o/r/viberun:dev", VIBERUN_CHANNEL="dev")
    called.call(["apps", "list"])
    start = ["sudo", "-n", "env", "VIBERUN_CHANNEL=dev", "VIBERUN_IMAGE=ghcr.io/o/r/viberun:dev"]
    assert connection.asked == [[*start, "/usr/local/bin/viberun-server", "apps", "list"]]
    called, connection = remote(root="direct")
    called.call(["apps"])
    assert connection.asked == [["env", "/usr/local/bin/viberun-server", "apps"]]


@pytest.mark.parametrize("value", ["", "a b", "-a", "a\n", "$(a)", "a;b", "a'b", "é", "x" * 3000, "=a", "a\0"])
def test_a_value_that_is_none_is_never_sent(value: str) -> None:
    called, connection = remote(VIBERUN_IMAGE=value)
    with pytest.raises(RemoteError, match=r"is nothing to hand to a host; check the VIBERUN_… variables"):
        called.call(["apps"])
    with pytest.raises(RemoteError):
        remote()[0].step("install", [value], lambda word, rest: None)
    assert connection.asked == []


@given(st.text(max_size=20), st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ_=-$ ", max_size=20))
def test_whatever_is_sent_is_one_word_for_a_shell(value: str, name: str) -> None:
    connection = Scripted(Answer(0, "", ""))
    called = Remote(cast(Connection, connection), "sudo", {f"VIBERUN_{name}": value})
    try:
        called.call(["x"])
    except RemoteError:
        return
    (argv,) = connection.asked
    words = subprocess.list2cmdline(argv)
    assert words == " ".join(argv)


@pytest.mark.parametrize(
    ("status", "err", "error", "line"),
    [
        (
            127,
            "env: '/usr/local/bin/viberun-server': No such file or directory\n",
            NoServerError,
            "run 'viberun setup box'",
        ),
        (126, "sh: /usr/local/bin/viberun-server: not found", NoServerError, "there is no viberun-server on box"),
        (1, "sudo: a password is required\n", RemoteError, "sudo on box asks for a password"),
        (
            4,
            "viberun-server: there is no app 'x'; see 'viberun-server apps list'\n",
            ServerError,
            "box: .*see 'viberun apps'",
        ),
        (
            1,
            "warning\nviberun-server: it is stopped; start it with 'viberun-server apps start x'",
            ServerError,
            "'viberun vibe x'",
        ),
        (9, "", ServerError, "viberun-server ended with 9"),
    ],
)
def test_what_went_wrong_is_one_line(status: int, err: str, error: type[Exception], line: str) -> None:
    with pytest.raises(error, match=line) as caught:
        remote(status, err=err)[0].call(["apps", "list"])
    assert "\n" not in str(caught.value)
    if error is ServerError:
        assert cast(ServerError, caught.value).exit_code == status


def test_docker_that_cannot_be_reached_has_a_status_of_its_own() -> None:
    assert EngineError("x").exit_code == 3


@pytest.mark.parametrize("out", ["", "garbage", "[]", "{", '{"a": 1', "5"])
def test_an_answer_that_is_none_says_what_to_do(out: str) -> None:
    with pytest.raises(RemoteError, match=r"does not answer as one does; run 'viberun setup box'"):
        remote(out=out)[0].ask(["apps", "list"])


def test_an_answer_is_found_behind_what_a_shell_prints() -> None:
    assert remote(out='Welcome!\n{"a": 1}')[0].ask(["x"]) == {"a": 1}


def test_a_step_hears_what_the_bootstrap_says_and_nothing_else() -> None:
    heard: list[tuple[str, str]] = []
    out = "motd\nviberun doing this and that\nviberunner x\nviberun done"
    remote(out=out)[0].step("docker", [], lambda word, rest: heard.append((word, rest)))
    assert heard == [("doing", "this and that"), ("done", "")]


@pytest.mark.parametrize(
    ("status", "out", "code"),
    [
        (1, "viberun failed disk /usr/local/bin", "disk"),
        (0, "viberun doing x", "ended"),
        (2, "viberun done x", "ended"),
        (0, "", "ended"),
    ],
)
def test_a_step_that_failed_or_ended_early_is_told_by_its_code(status: int, out: str, code: str) -> None:
    with pytest.raises(RemoteError) as caught:
        remote(status, out)[0].step("install", [], lambda word, rest: None)
    assert caught.value.code == code


def test_the_bootstrap_is_functions_alone_until_its_last_line() -> None:
    lines = bootstrap().decode().splitlines()
    assert lines[-1] == 'main "$@" </dev/null'
    # At the outermost level nothing but settings, functions and comments.
    inside = False
    for line in lines[:-1]:
        if inside:
            inside = line != "}"
        elif line.endswith("{") or "() { #" in line:
            inside = True
        else:
            assert not line or line.startswith("#") or line in ("set -eu", "umask 077") or line.partition("=")[1], line


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_bootstrap_that_is_cut_before_its_last_line_runs_nothing(cut: int) -> None:
    whole = bootstrap()
    assert whole.endswith(b'main "$@" </dev/null\n')
    ended = subprocess.run(
        ["/bin/sh", "-s", "--", "look"],
        input=whole[: -22 - cut * 100],
        capture_output=True,
        env={"PATH": "/nonexistent"},
        check=False,
    )
    assert b"viberun" not in ended.stdout
