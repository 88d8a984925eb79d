from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.viberun.installed import install, run
from viberun import program
from viberun.errors import UsageError, ViberunError


def main_of(body: str) -> str:
    """A program whose command is `body`, run by the outermost layer."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    start = "import sys, time\nfrom viberun import program\ndef command(arguments):\n"
    return f"{start}{lines}sys.exit(program.run('viberun', command))\n"


def test_the_command_gets_the_arguments_and_gives_the_status() -> None:
    seen: list[Sequence[str]] = []

    def command(arguments: Sequence[str]) -> int:
        seen.append(arguments)
        return 7

    assert program.run("viberun", command, ("a", "--version")) == 7
    assert seen == [["a", "--version"]]


def test_without_arguments_those_of_the_process_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["viberun", "a", "b"])
    assert program.run("viberun", len) == 2


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ViberunError("no host", remedy="run viberun setup"), 1, "viberun: no host; run viberun setup\n"),
        (UsageError("no such option"), 2, "viberun: no such option\n"),
    ],
)
def test_an_error_is_one_line_on_standard_error_and_its_exit_code(
    error: ViberunError, status: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(_: Sequence[str]) -> int:
        raise error

    assert program.run("viberun", command, []) == status
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize(("code", "status"), [(None, 0), (0, 0), (3, 3)])
def test_a_command_that_exits_ends_with_that_status(code: object, status: int) -> None:
    def command(_: Sequence[str]) -> int:
        raise SystemExit(code)

    assert program.run("viberun", command, []) == status


def test_a_defect_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        program.run("viberun", lambda arguments: 1 // len(arguments), [])
    with pytest.raises(FileNotFoundError):
        program.run("viberun", lambda arguments: len(Path(arguments[0]).read_text()), ["/no/such/file"])


def test_an_error_after_output_comes_after_the_output(tmp_path: Path) -> None:
    body = "from viberun.errors import ViberunError\nprint('first')\nraise ViberunError('then')"
    ended = run(install(tmp_path, main_of(body)), stderr=subprocess.STDOUT)
    assert (ended.returncode, ended.stdout) == (1, "first\nviberun: then\n")


def test_an_interrupt_ends_quietly_with_130(tmp_path: Path) -> None:
    folder = install(tmp_path, main_of("print('ready', flush=True)\ntime.sleep(60)"))
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_that_goes_away_ends_it_quietly_with_141(tmp_path: Path, lines: int) -> None:
    folder = install(tmp_path, main_of(f"for i in range({lines}): print(i)\nreturn 0"))
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = run(folder, stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (141, "")


@pytest.mark.parametrize("lines", [1, 100_000])
def test_output_that_cannot_be_written_is_one_line_and_a_failure(tmp_path: Path, lines: int) -> None:
    # Like a full disk, but to be had in any sandbox: no file may grow.
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
    folder = install(tmp_path / "program", main_of(f"{limit}\nfor i in range({lines}): print(i)\nreturn 0"))
    with (tmp_path / "output").open("w") as output:
        ended = run(folder, stdout=output)
    assert (ended.returncode, ended.stderr) == (1, "viberun: cannot write to standard output: File too large\n")


def test_closed_standard_output_is_no_defect(tmp_path: Path) -> None:
    folder = install(tmp_path, main_of("print('x')\nreturn 0"))
    script = '"$0" -I -S -B "$1" >&-'
    ended = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, str(folder)], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_an_empty_one_to_the_command(tmp_path: Path, closed: str) -> None:
    body = (
        "for stream in (sys.stdout, sys.stderr): stream.write('x'); stream.flush()\n"
        "return any(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)) or len(sys.stdin.read())"
    )
    folder = install(tmp_path, main_of(body))
    script = f'"$0" -I -S -B "$1" {closed}'
    ended = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    said = ("" if ">&-" in closed.split() else "x", "" if "2>&-" in closed.split() else "x")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, *said)


def test_with_standard_error_closed_an_error_does_not_get_into_the_output(tmp_path: Path) -> None:
    body = "from viberun.errors import ViberunError\nprint('first')\nraise ViberunError('then')"
    folder = install(tmp_path, main_of(body))
    script = '"$0" -I -S -B "$1" 2>&-'
    ended = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable, str(folder)], stdout=subprocess.PIPE, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "first\n")
