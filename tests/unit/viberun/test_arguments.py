from __future__ import annotations

from viberun.arguments import Parser


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
