"""Declares the arguments of `viberun-server apps`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from viberun.app_name import check_name
from viberun.arguments import Parser, whole_number
from viberun.server import commands

Run = Callable[[argparse.Namespace, Mapping[str, str]], int]


def add(groups: argparse._SubParsersAction[Parser]) -> None:
    apps = groups.add_parser(
        "apps",
        help="list, make, start, stop, attach to, update and remove apps",
        description="The apps of this host: each a container with its home folder on a volume.",
        examples=[
            ("viberun-server apps create demo", "make an app and start it"),
            ("viberun-server apps attach demo", "work in it; detach with Ctrl-B D"),
        ],
    )
    apps.set_defaults(of=apps)
    below = apps.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Run, says: str, more: str = "", *, app: bool = True, machine: bool = True) -> Parser:
        parser = below.add_parser(
            name,
            help=says,
            description=f"{says[0].upper()}{says[1:]}.{more}",
            examples=[(f"viberun-server apps {name}{' demo' if app else ''}", says)],
        )
        if app:
            parser.add_argument("app", type=check_name, metavar="APP", help="the app's name")
        if machine:
            parser.add_json()
        parser.set_defaults(run=run)
        return parser

    command("list", commands.apps_list, "show the apps", app=False)
    create = command("create", commands.apps_create, "make an app from VIBERUN_IMAGE and start it")
    create.options.add_argument("--reuse", action="store_true", help="one that is there already is only started")
    command("start", commands.apps_start, "start an app")
    command("stop", commands.apps_stop, "stop an app until it is started again")
    command("attach", commands.apps_attach, "attach this terminal to the app's tmux session", machine=False)
    logs = command("logs", commands.apps_logs, "show what the app's processes printed", machine=False)
    logs.options.add_argument("--follow", action="store_true", help="go on until it is stopped")
    logs.options.add_argument("--tail", type=whole_number(), metavar="N", help="only the last N lines of each log")
    command(
        "update",
        commands.apps_update,
        "move an app to the image that is on this host now",
        "\nIts home stays. Where the new container is not healthy, the old one is put back.",
    )
    remove = command("rm", commands.apps_rm, "remove an app and its home folder")
    remove.options.add_argument("--keep-data", action="store_true", help="keep the home folder's volume")
