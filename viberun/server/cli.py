"""The command line of `viberun-server`: reads the arguments, runs the command that they name."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from viberun import channel
from viberun.app_name import check_name
from viberun.arguments import Parser
from viberun.errors import UsageError
from viberun.server import app_commands, commands, handshake
from viberun.server.errors import EXIT_STATUS
from viberun.server.images.reference import DIGEST
from viberun.server.state import DEFAULT, STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[Parser]  # what add_subparsers returns has no public name

_VARIABLES = {
    channel.IMAGE: "the image that apps are made from",
    channel.PROXY_IMAGE: "the proxy's image",
    channel.CHANNEL: "dev or prod: which images these are where they are not named",
    STATE: f"the folder of what is kept of apps, instead of {DEFAULT}",
    "DOCKER_HOST": "where Docker is, instead of this host's socket",
}

# What any client may ask, however old: it is how the two find out what to update.
_ALWAYS = ("version", "self-check")


def run(arguments: Sequence[str]) -> int:
    """Returns the exit status; raises UsageError where the arguments are wrong."""
    parser = _parser()
    options = parser.parse_args(arguments)
    run = getattr(options, "run", None)
    if run is None:
        options.of.print_help()
        return 0
    if options.command not in _ALWAYS:
        handshake.require_compatible_client(os.environ)
    status: int = run(options, os.environ)
    return status


def _parser() -> Parser:
    parser = Parser(
        prog="viberun-server",
        description="The server side of viberun, which the client calls over SSH.",
        examples=[
            ("viberun-server --version", "print the version alone"),
            ("viberun-server version --json", "print version, protocol and commit as JSON"),
            ("viberun-server apps list", "the apps of this host"),
        ],
    )
    parser.set_defaults(of=parser)
    parser.add_version()
    parser.epilog = f"{parser.epilog}\n\n{_environment()}\n\n{_exit_status()}"
    groups = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    _add_version(groups)
    _add_self_check(groups)
    _add_images(groups)
    _add_update_check(groups)
    app_commands.add(groups)
    return parser


def _environment() -> str:
    width = max(map(len, _VARIABLES))
    return "\n".join(["environment:", *(f"  {name:{width}}  {meaning}" for name, meaning in _VARIABLES.items())])


def _exit_status() -> str:
    lines = [f"  {code}  {meaning}" for code, meaning in EXIT_STATUS]
    return "\n".join(["exit status:", *lines])


def _add_version(groups: Subparsers) -> None:
    version = groups.add_parser(
        "version",
        help="show version, protocol and commit",
        description="Show the version, the protocol it speaks and the commit it was built from.",
        examples=[("viberun-server version --json", "the same for a program, on one line")],
    )
    version.add_json()
    version.set_defaults(run=commands.version)


def _add_self_check(groups: Subparsers) -> None:
    check = groups.add_parser(
        "self-check",
        help="check that this program is sound",
        description="Check that this program is whole and its state folder can be used, and look for Docker.\n"
        "Succeeds where the program is sound, whether Docker is there or not.",
        examples=[("viberun-server self-check --json", "what was found, on one line")],
    )
    check.add_json()
    check.set_defaults(run=commands.self_check)


def _add_images(groups: Subparsers) -> None:
    images = groups.add_parser(
        "images",
        help="pull the images, show which are here",
        description="The images that apps are made from, as VIBERUN_IMAGE and VIBERUN_PROXY_IMAGE name them.",
        examples=[("viberun-server images status", "which are here")],
    )
    images.set_defaults(of=images)
    below = images.add_subparsers(title="commands", metavar="COMMAND")
    pull = below.add_parser(
        "pull",
        help="pull the images",
        description="Pull the images, by digest where one is given, and give them their names.",
        examples=[
            ("viberun-server images pull", "what the registry has under the names"),
            ("viberun-server images pull --digest viberun=sha256:...", "one build's image"),
        ],
    )
    pull.options.add_argument(
        "--digest",
        action="append",
        default=[],
        type=_digest,
        metavar="IMAGE=sha256:...",
        help=f"the digest to pull an image by ({', '.join(channel.IMAGES)})",
    )
    pull.add_json("print JSON objects, one a line, as it goes on")
    pull.set_defaults(run=commands.images_pull)
    status = below.add_parser(
        "status",
        help="show which are here",
        description="Show the images that are on this host, without asking a registry.",
        examples=[("viberun-server images status --json", "the same for a program, on one line")],
    )
    status.add_json()
    status.set_defaults(run=commands.images_status)


def _add_update_check(groups: Subparsers) -> None:
    check = groups.add_parser(
        "update-check",
        help="ask the registry whether the image and apps are behind",
        description="Compare this host's image and each app's with what the registry has for VIBERUN_IMAGE now.\n"
        "Pulls nothing.",
        examples=[
            ("viberun-server update-check", "the image and all apps"),
            ("viberun-server update-check demo --json", "one, for a program"),
        ],
    )
    check.add_argument("app", nargs="?", type=check_name, metavar="APP", help="only this app")
    check.add_json()
    check.set_defaults(run=commands.update_check)


def _digest(text: str) -> tuple[str, str]:
    name, _, digest = text.partition("=")
    if name not in channel.IMAGES or DIGEST.fullmatch(digest) is None:
        raise UsageError(
            f"--digest {text[:100]!r} is not of the form IMAGE=sha256:...",
            remedy=f"name one of {', '.join(channel.IMAGES)} and 64 hex digits",
        )
    return name, digest
