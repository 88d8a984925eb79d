from __future__ import annotations

import io

import pytest

from viberun.client.screen import Screen, amount


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def on_terminal(**environ: str) -> tuple[Screen, Terminal]:
    out = Terminal()
    return Screen(out, io.StringIO(), {"TERM": "xterm", **environ}, now=lambda: 0.0), out


def test_elsewhere_than_on_a_terminal_a_step_is_one_plain_line() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = Screen(out, err, {"TERM": "xterm"})
    with screen.step("pulling") as step:
        step.doing("pulling more")
        step.bytes(5, 10)
        screen.warn("careful")
        step.done("pulled")
    assert (out.getvalue(), err.getvalue()) == ("+ pulled\n", "viberun: careful\n")


def test_on_a_terminal_a_step_shows_how_far_it_is() -> None:
    screen, out = on_terminal(NO_COLOR="1")
    with screen.step("pulling") as step:
        step.doing("pulling viberun")
        screen.show(f"pulling viberun {amount(5_000_000, 10_000_000)}", now=True)
        step.done("pulled")
    assert out.getvalue().split("\r\033[K") == [
        "",
        "· pulling",
        "· pulling viberun",
        "· pulling viberun 5.0 of 10.0 MB (50 %)",
        "✓ pulled\n",
    ]


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", b"na?ve ?\n"), ("latin-1", b"na\xefve ?\n")])
def test_what_the_output_s_encoding_lacks_is_a_question_mark(encoding: str, shown: bytes) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Screen(out, io.StringIO(), {}).line("naïve ✓")
    assert out.buffer.seek(0) == 0
    assert out.buffer.read() == shown


def test_a_step_that_fails_is_marked() -> None:
    screen, out = on_terminal(NO_COLOR="1")
    with pytest.raises(ZeroDivisionError), screen.step("dividing"):
        raise ZeroDivisionError
    assert out.getvalue().endswith("\r\033[K✗ dividing\n")


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_are_left_out_where_they_are_not_wanted(environ: dict[str, str]) -> None:
    assert on_terminal(**environ)[0].styled("x", "bold") == "x"
    assert on_terminal()[0].styled("x", "bold", "red") == "\033[1;31mx\033[0m"
    assert on_terminal(NO_COLOR="")[0].styled("x", "bold") == "\033[1mx\033[0m"


def test_amounts_are_for_people() -> None:
    assert amount(1_500_000, 0) == "1.5 MB"
    assert amount(30, 20) == "0.0 of 0.0 MB (100 %)"
