import io

import pytest

from release.driver.progress import Progress, Style, size_text


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (104_857_600, "104.9 MB"),
        (3_000_000_000, "3.0 GB"),
    ],
)
def test_sizes_are_decimal(size: int, text: str) -> None:
    assert size_text(size) == text


def test_a_log_gets_a_line_for_what_came_of_a_step() -> None:
    out = io.StringIO()
    progress = Progress(out, Style(), Clock())
    progress.begin("stage", "local").end("3 files")
    progress.begin("claim", "local").end()
    assert out.getvalue() == "stage     local  3 files\n"


def test_a_log_gets_a_line_every_ten_seconds() -> None:
    out, clock = io.StringIO(), Clock()
    meter = Progress(out, Style(), clock).begin("stage", "ghcr")
    meter.expect(4_000_000)
    for _ in range(30):
        clock.now += 1
        meter.moved(100_000)
    assert out.getvalue().splitlines() == [
        "stage     ghcr  1.0 MB of 4.0 MB  100.0 kB/s",
        "stage     ghcr  2.0 MB of 4.0 MB  100.0 kB/s",
        "stage     ghcr  3.0 MB of 4.0 MB  100.0 kB/s",
    ]


def test_a_terminal_gets_one_line_with_every_destination_that_never_wraps() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress(out, Style(width=60), clock)
    first, second = progress.begin("stage", "ghcr"), progress.begin("stage", "github")
    for meter in (first, second):
        clock.now += 1
        meter.expect(2_000_000)
        meter.moved(1_000_000)
    first.end("done")
    second.end()
    written = out.getvalue()
    assert "stage     ghcr  1.0 MB of 2.0 MB" in written
    assert "; stage     github" in written
    assert written.count("\n") == 1
    assert all(len(part.removeprefix("\x1b[K")) < 60 for part in written.split("\r"))
    assert written.endswith("\r\x1b[K")


def test_a_terminal_is_not_written_to_faster_than_one_can_read() -> None:
    out, clock = io.StringIO(), Clock()
    meter = Progress(out, Style(width=60), clock).begin("stage", "local")
    for _ in range(1000):
        clock.now += 0.001
        meter.moved(1)
    assert 9 <= out.getvalue().count("\r") <= 10


def test_a_note_is_shown_at_once() -> None:
    out = io.StringIO()
    Progress(out, Style(), Clock()).begin("stage", "local").note("waiting")
    assert out.getvalue() == "stage     local  waiting\n"


def test_quiet_says_nothing_at_all() -> None:
    out, clock = io.StringIO(), Clock()
    meter = Progress(out, Style(width=60, colour=True, quiet=True), clock).begin("stage", "local")
    clock.now += 100
    meter.moved(1)
    meter.note("waiting")
    meter.end("done")
    assert out.getvalue() == ""


def test_colour_is_only_where_it_was_asked_for() -> None:
    for colour in (True, False):
        out = io.StringIO()
        Progress(out, Style(width=60, colour=colour), Clock()).begin("stage", "local").end("done")
        assert ("\x1b[1m" in out.getvalue()) == colour


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "live", "colour"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
    ],
)
def test_a_terminal_is_treated_as_its_environment_asks(environ: dict[str, str], live: bool, colour: bool) -> None:
    style = Style.of(Terminal(), environ, False)
    assert (style.width is not None, style.colour) == (live, colour)


def test_what_is_no_terminal_gets_plain_lines() -> None:
    assert Style.of(io.StringIO(), {"TERM": "xterm"}, True) == Style(quiet=True)


def test_usage_is_noted_and_from_80_percent_on_a_warning_that_is_kept() -> None:
    out = io.StringIO()
    progress = Progress(out, Style(), Clock())
    meter = progress.begin("preflight", "pypi")
    meter.note_usage(79, 100, "it uses 79", "delete some")
    assert (out.getvalue(), progress.warnings) == ("preflight pypi  it uses 79\n", [])
    meter.note_usage(80, 100, "it uses 80", "delete some")
    assert out.getvalue().splitlines()[1:] == ["preflight pypi  warning: it uses 80; delete some"]
    assert progress.warnings == ["warning: pypi: it uses 80; delete some"]
