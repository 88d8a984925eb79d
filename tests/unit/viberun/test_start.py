"""What is true of both programs, laid out and started as the packers do it."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import pytest

from tests.unit import golden
from tests.unit.viberun.installed import BUILD, START, install, run

PROGRAMS = {"client": "viberun", "server": "viberun-server"}

# Prints what importing and running the program took beyond the bare interpreter.
LISTING = """\
import sys
before = set(sys.modules)
from viberun.{program}.__main__ import main
status = main()
print(*sorted(set(sys.modules) - before), sep="\\n", file=sys.stderr)
sys.exit(status)
"""

both = pytest.mark.parametrize("program", sorted(PROGRAMS))


@both
def test_version_prints_the_semver_alone(tmp_path: Path, program: str) -> None:
    ended = run(install(tmp_path, START.format(program=program)), "--version")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0.0.0-dev.20260125123045+abc1234\n", "")


@both
def test_version_imports_nothing_that_it_does_not_need(tmp_path: Path, program: str) -> None:
    ended = run(install(tmp_path, LISTING.format(program=program)), "--version")
    assert ended.stderr.splitlines() == sorted(
        [
            "__future__",
            "viberun",
            "viberun.embedded",
            "viberun.errors",
            f"viberun.{program}",
            f"viberun.{program}.__main__",
            "viberun.program",
        ]
    )


def test_a_command_that_asks_no_channel_imports_nothing_that_verifies_one(tmp_path: Path) -> None:
    ended = run(install(tmp_path, LISTING.format(program="client")), "apps", env={"HOME": str(tmp_path)})
    said, *modules = ended.stderr.splitlines()
    assert "viberun.client.commands" in [said, *modules]
    assert [each for each in modules if each.startswith(("viberun.sigstore", "viberun.provenance"))] == []


@both
def test_version_comes_out_of_a_zip_too(tmp_path: Path, program: str) -> None:
    folder = install(tmp_path / "program", START.format(program=program))
    archive = tmp_path / "program.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*")):
            packed.write(path, path.relative_to(folder))
    ended = run(archive, "--version")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{BUILD.version}\n", "")


@both
@pytest.mark.parametrize("arguments", [["--version", "--version"], ["--version", "--help"]])
def test_version_comes_first_among_other_options(tmp_path: Path, program: str, arguments: list[str]) -> None:
    ended = run(install(tmp_path, START.format(program=program)), *arguments)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"{BUILD.version}\n", "")


@both
@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_help_has_examples(tmp_path: Path, program: str, arguments: list[str]) -> None:
    ended = run(install(tmp_path, START.format(program=program), build=None), *arguments)
    assert (ended.returncode, ended.stderr) == (0, "")
    golden.check(f"tests/unit/viberun/golden/{program}-help.txt", ended.stdout)


@both
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--vers"], "unrecognized arguments: --vers"),
        (["--version=1"], "argument --version: ignored explicit argument '1'"),
    ],
)
def test_wrong_arguments_are_one_line_with_the_remedy(
    tmp_path: Path, program: str, arguments: list[str], message: str
) -> None:
    name = PROGRAMS[program]
    ended = run(install(tmp_path, START.format(program=program)), *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"{name}: {message}; see '{name} --help'\n"


@both
@pytest.mark.parametrize("arguments", [["--version"], ["--version", "--version"]])
def test_a_source_tree_says_that_it_was_not_built(tmp_path: Path, program: str, arguments: list[str]) -> None:
    ended = run(install(tmp_path, START.format(program=program), build=None), *arguments)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(
        rf"{PROGRAMS[program]}: this viberun was not built: \S+/viberun/version\.json is not there "
        r"to be read; install a release, or build one with 'bazel run //release:dev'\n",
        ended.stderr,
    )


@both
@pytest.mark.parametrize("content", [b"", b"\xff", b"{}"])
def test_a_damaged_version_json_is_one_clear_line(tmp_path: Path, program: str, content: bytes) -> None:
    folder = install(tmp_path, START.format(program=program))
    (folder / "viberun" / "version.json").write_bytes(content)
    ended = run(folder, "--version")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"{PROGRAMS[program]}: version.json in this viberun is damaged; install viberun again\n"


@both
def test_main_runs_in_process_on_given_arguments(
    program: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    main = __import__(f"viberun.{program}.__main__", fromlist=["main"]).main
    assert main(["--help"]) == 0
    golden.check(f"tests/unit/viberun/golden/{program}-help.txt", capsys.readouterr().out)
    assert main(["--nonsense"]) == 2


@both
def test_it_runs_as_a_module_too(tmp_path: Path, program: str) -> None:
    start = f"import runpy\nrunpy.run_module('viberun.{program}', run_name='__main__', alter_sys=True)\n"
    ended = run(install(tmp_path, start), "--version")
    assert (ended.returncode, ended.stdout) == (0, f"{BUILD.version}\n"), sys.version
