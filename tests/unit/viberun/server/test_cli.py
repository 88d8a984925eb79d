from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.unit import golden
from tests.unit.viberun.installed import COMMIT, START, install, run
from viberun.protocol import OLDEST, PROTOCOL


@pytest.fixture
def server(tmp_path: Path) -> Path:
    return install(tmp_path, START.format(program="server"))


def test_version_as_json_is_one_line_for_the_client(server: Path) -> None:
    ended = run(server, "version", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.endswith("}\n")
    assert ended.stdout.count("\n") == 1
    assert json.loads(ended.stdout) == {
        "version": "0.0.0-dev.20260125123045+abc1234",
        "protocol": PROTOCOL,
        "oldest_protocol": OLDEST,
        "commit": COMMIT,
    }


def test_version_for_a_person_says_the_same(server: Path) -> None:
    ended = run(server, "version")
    assert (ended.returncode, ended.stderr) == (0, "")
    golden.check("tests/unit/viberun/server/golden/version.txt", ended.stdout)


def test_the_protocols_are_whole_numbers() -> None:
    assert type(PROTOCOL) is type(OLDEST) is int
    assert PROTOCOL >= OLDEST >= 1


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_of_version_has_examples(server: Path, option: str) -> None:
    ended = run(server, "version", option)
    assert (ended.returncode, ended.stderr) == (0, "")
    golden.check("tests/unit/viberun/server/golden/version-help.txt", ended.stdout)


@pytest.mark.parametrize(
    ("arguments", "message", "help_of"),
    [
        (["nonsense"], "argument COMMAND: invalid choice: 'nonsense' (choose from …)", "viberun-server"),
        (["version", "--yaml"], "unrecognized arguments: --yaml", "viberun-server"),
        (["version", "--js"], "unrecognized arguments: --js", "viberun-server"),
        (
            ["version", "--json=1"],
            "argument --json: ignored explicit argument '1'",
            "viberun-server version",
        ),
        (["version", "a\nb"], "unrecognized arguments: a b", "viberun-server"),
    ],
)
def test_wrong_arguments_are_one_line_with_the_remedy(
    server: Path, arguments: list[str], message: str, help_of: str
) -> None:
    ended = run(server, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    said = re.sub(r"choose from [^)]+", "choose from …", ended.stderr)
    assert said == f"viberun-server: {message}; see '{help_of} --help'\n"


def test_a_version_json_that_does_not_agree_is_all_reported(server: Path) -> None:
    path = server / "viberun" / "version.json"
    path.write_text(path.read_text().replace('"channel": "dev"', '"channel": 1').replace(COMMIT, "x"))
    ended = run(server, "version", "--json")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        "viberun-server: version.json: 2 problems; install viberun again",
        "  channel must be a text, not a number",
        "  commit must be 40 lower-case hex digits, not 'x'",
    ]
