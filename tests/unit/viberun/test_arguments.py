from __future__ import annotations

import argparse

import pytest

from viberun.arguments import Parser, whole_number


def parser() -> Parser:
    return Parser(prog="viberun", description="Tests.", examples=[("viberun a", "does it")])


def test_what_argparse_hands_to_the_parser_of_a_command_is_its_own_affair() -> None:
    # As Python 3.14 does with `color`, which no older one knows.
    command = (
        parser()
        .add_subparsers()
        .add_parser("a", description="Does it.", examples=[("viberun a", "does it")], conflict_handler="resolve")
    )
    assert command.conflict_handler == "resolve"
    assert command.prog == "viberun a"


def test_a_whole_number_has_its_limits() -> None:
    port = whole_number(1, 65535)
    assert [port("1"), port("65535"), port("0080")] == [1, 65535, 80]
    for text in ("", "0", "65536", "-1", "1.5", "1e3", "\u0661", "9" * 5000):
        with pytest.raises(argparse.ArgumentTypeError, match=r"is no whole number from 1 to 65535$"):
            port(text)
