"""The command line as a whole: what it imports, what it refuses, how its help reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit import golden
from tests.unit.viberun.installed import START, install, run

# Prints what is slow to import of what the command has imported.
LISTING = """\
import sys
from viberun.server.__main__ import main
status = main()
slow = {"docker", "requests", "urllib3", "http.client", "socket", "viberun.server.engine.engine"}
print("slow:", *sorted(slow & set(sys.modules)), file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize(
    "arguments",
    [["version", "--json"], ["--help"], ["apps", "--help"], ["apps", "create", "--help"], ["apps"], ["images"]],
)
def test_docker_s_sdk_is_imported_only_where_docker_is_asked(tmp_path: Path, arguments: list[str]) -> None:
    ended = run(install(tmp_path, LISTING), *arguments)
    assert (ended.returncode, ended.stderr) == (0, "slow:\n")


@pytest.mark.parametrize("command", ["", "create", "update", "rm"])
def test_help_of_apps_has_examples(tmp_path: Path, command: str) -> None:
    words = ["apps", *command.split()]
    ended = run(install(tmp_path, START.format(program="server")), *words, "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    golden.check(f"tests/unit/viberun/server/golden/{'-'.join(words)}-help.txt", ended.stdout)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["apps", "create", "A"], "'A' is no name for an app; use small letters"),
        (["apps", "create"], "the following arguments are required: APP; see 'viberun-server apps create --help'"),
        (["apps", "logs", "a", "--tail", "-1"], "argument --tail: '-1' is no whole number from 0 to 999999999"),
        (["apps", "logs", "a", "--tail=x"], "argument --tail: 'x' is no whole number from 0"),
        (["images", "pull", "--digest=viberun"], "--digest 'viberun' is not of the form IMAGE=sha256:..."),
        (["images", "pull", "--digest=other=sha256:" + "0" * 64], "name one of viberun, viberun-proxy"),
        (["update-check", "../x"], "'../x' is no name for an app"),
    ],
)
def test_wrong_arguments_are_one_line(tmp_path: Path, arguments: list[str], said: str) -> None:
    ended = run(install(tmp_path, START.format(program="server")), *arguments)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert said in ended.stderr


def test_a_client_too_far_away_is_told_so_but_may_ask_for_the_version(tmp_path: Path) -> None:
    program = install(tmp_path, START.format(program="server"))
    environ = {"COLUMNS": "80", "VIBERUN_PROTOCOL": "99"}
    ended = run(program, "apps", "list", env=environ)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("viberun-server: the client speaks protocol 99 and this server ")
    assert run(program, "version", "--json", env=environ).returncode == 0
