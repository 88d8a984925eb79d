"""`bazel run //release:status`: the four places of a channel side by side, and whether they are in step."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from release.commands.process import Process
from release.destinations.github.published import published
from release.destinations.github.settings import Settings
from release.destinations.registry import remote
from release.driver.status import ChannelStatus, channel_status
from release.transport.http import Http
from release.transport.patience import Patience
from release.transport.secrets import secrets_of
from viberun import program
from viberun.arguments import Parser
from viberun.build import Build
from viberun.errors import UsageError
from viberun.version import Channel

OUT_OF_STEP = 5
"""The exit status when the places don't agree."""

UNKNOWN = 1
"""The exit status when some did not answer, and the others agree."""

_TRIES = 3


def print_status(arguments: Sequence[str], process: Process, now: Callable[[], float]) -> int:
    """Prints how the channel stands; the first argument names version.json, a path below the runfiles.

    `now` are the seconds since 1970. Returns the exit status; raises ViberunError.
    """
    version_json, *rest = arguments
    command = "bazel run //release:status"
    parser = Parser(
        prog=f"{command} --",
        description=(
            f"Shows what GitHub, ghcr.io, PyPI and npm have. Ends with {OUT_OF_STEP} when they are not in step,"
            f" with {UNKNOWN} when that can't be told since one did not answer."
        ),
        examples=[
            (command, "the dev channel"),
            (f"{command} -- --channel prod --json", "the newest prod release, as JSON"),
        ],
    )
    parser.options.add_argument("--channel", choices=["dev", "prod"], default="dev", help="which channel (dev)")
    parser.options.add_argument("--json", action="store_true", help="for programs")
    options = parser.parse_args(rest)
    build = Build.from_json(Path(process.environ["RUNFILES_DIR"], version_json).read_bytes())
    if process.err.isatty():
        process.err.write("asking GitHub, ghcr.io, PyPI and npm\n")
    status = _ask(process.environ, build.repository, options.channel)
    process.out.write(_json(status) if options.json else "\n".join([*_table(status, now()), ""]))
    return {True: 0, False: OUT_OF_STEP, None: UNKNOWN}[status.in_step]


def _ask(environ: Mapping[str, str], repository: str | None, channel: Channel) -> ChannelStatus:
    """Asks GitHub first, whose `channel.json` says where the others should stand. Raises UsageError."""
    # Who only looks is told early.
    patience, settings = replace(Patience.of(environ), tries=_TRIES), Settings.of(environ, repository)
    if settings.repository is None:
        raise UsageError("nothing names the repository", remedy="set GITHUB_REPOSITORY to owner/name")
    *others, github = remote(environ, patience)
    http = Http(patience, secrets_of(environ))
    return channel_status([github, *others], lambda: published(http, settings, channel))


def _json(status: ChannelStatus) -> str:
    manifest = status.manifest
    facts = {
        "in_step": status.in_step,
        "version": str(manifest.build.version) if manifest else None,
        "commit": manifest.build.commit if manifest else None,
        "committed": manifest.build.committed if manifest else None,
        "places": [asdict(place) for place in status.places],
    }
    return json.dumps(facts, indent=2) + "\n"


def _table(status: ChannelStatus, now: float) -> Iterator[str]:
    if status.manifest is not None:
        build = status.manifest.build
        yield f"{build.channel} {build.version}, commit {build.commit[:12]} of {_age(build.committed, now)} ago"
        yield ""
    rows = [("", "version", "commit", "age", "digest", "")]
    for place in status.places:
        digest = (place.digest or "-").rpartition(":")[2].rpartition("-")[2][:12] or "-"
        age = _age(place.committed, now) if place.committed else "-"
        said = place.wrong or "in step"
        rows.append((place.name, place.version or "-", (place.commit or "-")[:12], age, digest, said))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for *cells, said in rows:
        padded = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"{padded}  {said}".rstrip()


def _age(committed: str, now: float) -> str:
    seconds = now - datetime.fromisoformat(committed).astimezone(UTC).timestamp()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a moment"


def main(arguments: Sequence[str]) -> int:
    return print_status(arguments, Process.this(), time.time)


if __name__ == "__main__":
    sys.exit(program.run("status", main))
