"""`bazel run //release:status`: whether a channel is as it should be, and its four places side by side."""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

from release.commands.process import Process
from release.destinations.destination import Ahead, UnderWay
from release.destinations.github.destination import GitHubRelease
from release.destinations.github.published import published
from release.destinations.github.settings import Settings
from release.destinations.registry import remote
from release.driver.status import ChannelStatus, State, channel_status
from release.signing.signer import Trust
from release.transport.http import Http
from release.transport.patience import Patience
from release.transport.secrets import secrets_of
from viberun import program
from viberun.arguments import Parser
from viberun.build import Build
from viberun.errors import UsageError
from viberun.sigstore.release_workflow import Repository
from viberun.version import Channel

SCHEMA = 1
"""Of the JSON. A field that is new leaves it, one that goes or means something else raises it."""

EXIT_STATUSES = {State.UNKNOWN: 1, State.BEHIND: 6}
"""Where the channel is not as it should be; every other state ends with OUT_OF_STEP then."""

OUT_OF_STEP = 5

_TRIES = 3


def print_status(arguments: Sequence[str], process: Process, now: Callable[[], float]) -> int:
    """Prints how the channel is; the first argument names version.json, two more what Trust has, all paths below the runfiles.

    `now` are the seconds since 1970. Returns the exit status; raises ViberunError.
    """
    version_json, trusted_root, signing_config, *rest = arguments
    command = "bazel run //release:status"
    parser = Parser(
        prog=f"{command} --",
        description=(
            "Shows what GitHub, ghcr.io, PyPI and npm have, and what of main is still to come. Ends with 0 when they are in"
            " step with main or a release is under way, with 5 when they are out of step, with 6 when the channel is behind"
            " main, with 1 when that can't be told."
        ),
        examples=[
            (command, "the dev channel"),
            (f"{command} -- --max-age 3h", "commits may wait for three hours, and a release take as long"),
            (f"{command} -- --channel prod --json", "the newest prod release, as JSON"),
        ],
    )
    parser.options.add_argument("--channel", choices=["dev", "prod"], default="dev", help="which channel (dev)")
    parser.options.add_argument("--json", action="store_true", help="for programs")
    age = "how long a commit of main may wait for its release, as 90m or 3h (not at all; 3h once it is under way)"
    parser.options.add_argument("--max-age", metavar="TIME", help=age)
    options = parser.parse_args(rest)
    max_age = None if options.max_age is None else _duration(options.max_age)
    build = Build.from_json(process.runfile(version_json).read_bytes())
    if process.err.isatty():
        process.err.write("asking GitHub, ghcr.io, PyPI and npm\n")
    trust = Trust(process.runfile(trusted_root), process.runfile(signing_config))
    status = _ask(process.environ, trust, build, options.channel)
    moment = datetime.fromtimestamp(now(), UTC)
    state, healthy = status.state(moment, max_age)
    lines = [*_head(status, state, moment), "", *_table(status, moment), ""]
    process.out.write(_json(status, state, healthy=healthy) if options.json else "\n".join(lines))
    return 0 if healthy else EXIT_STATUSES.get(state, OUT_OF_STEP)


def _duration(text: str) -> timedelta:
    """Reads a time as 90m; raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not match:
        raise UsageError(f"--max-age {text} is no time", remedy="give a number and one of s, m, h, d: 90m, 3h")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def _ask(environ: Mapping[str, str], trust: Trust, build: Build, channel: Channel) -> ChannelStatus:
    """Asks GitHub first, whose `channel.json` says where the others should stand. Raises UsageError."""
    # Who only looks is told early.
    patience, settings = replace(Patience.of(environ), tries=_TRIES), Settings.of(environ, build.repository)
    if settings.repository is None:
        raise UsageError("nothing names the repository", remedy="set GITHUB_REPOSITORY to owner/name")
    *others, github = remote(environ, trust, patience, trusted=_trusted(environ, settings, build))
    http = Http(patience, secrets_of(environ))
    assert isinstance(github, GitHubRelease)
    return channel_status([github, *others], lambda: published(http, settings, channel), github.ahead)


def _trusted(environ: Mapping[str, str], settings: Settings, build: Build) -> Repository:
    """Returns whose signature counts: what the channel's manifest says of itself anybody could have written."""
    stamped = build.repository_id if settings.repository == build.repository else None
    number = environ.get("GITHUB_REPOSITORY_ID") if environ.get("GITHUB_REPOSITORY") else None
    return Repository(settings.repository or "", number or stamped, settings.web)


def _json(status: ChannelStatus, state: State, *, healthy: bool) -> str:
    manifest, coming, commits = status.manifest, _under_way(status, state), (status.ahead or Ahead()).commits
    facts = {
        "schema": SCHEMA,
        "state": state,
        "healthy": healthy,
        "in_step": status.in_step,
        "version": str(manifest.build.version) if manifest else None,
        "commit": manifest.build.commit if manifest else None,
        "committed": manifest.build.committed if manifest else None,
        "behind": {"commits": commits.count, "since": _iso(commits.since)} if commits else None,
        "releasing": _releasing(coming) if coming else None,
        "signed": {"run": status.signed.run, "at": _iso(status.signed.time)} if status.signed else None,
        "places": [
            {name: value for name, value in asdict(place).items() if name != "signed"} for place in status.places
        ],
    }
    return json.dumps(facts, indent=2) + "\n"


def _releasing(coming: UnderWay) -> dict[str, object]:
    return {"version": str(coming.version), "since": _iso(coming.since), "signed": coming.signed}


def _head(status: ChannelStatus, state: State, now: datetime) -> Iterator[str]:
    """Tells the state, and what it is made of, a line for each."""
    build, ahead = status.manifest.build if status.manifest else None, status.ahead or Ahead()
    stands = (
        f"{build.channel} {build.version}, commit {build.commit[:12]} of {_age(build.committed, now)} ago"
        if build
        else ""
    )
    yield ": ".join(filter(None, (state, stands)))
    if signed := status.signed:
        yield f"signed {_age(_iso(signed.time), now)} ago by {signed.run}"
    if coming := _under_way(status, state):
        yield f"{coming.version} has been under way for {_age(_iso(coming.since), now)}"
    if (coming := ahead.under_way) and not coming.signed:
        yield f"{coming.version} waits for its signature, which its run in Actions makes"
    if commits := ahead.commits:
        count = f"{commits.count} commit{'s' if commits.count > 1 else ''}"
        yield f"main has been {count} ahead for {_age(_iso(commits.since), now)}"
    if ahead.lost and build:
        yield f"main does not have {build.commit[:12]}: it was rewritten, and what comes next takes --force"
    if status.reason:
        yield f"what main has is not known: {status.reason}"


def _under_way(status: ChannelStatus, state: State) -> UnderWay | None:
    """Returns the release that is; of one that ended without a claim nothing but files has come."""
    coming = status.ahead.under_way if status.ahead else None
    return coming if coming and (coming.claimed or state is State.RELEASING) else None


def _table(status: ChannelStatus, now: datetime) -> Iterator[str]:
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


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _age(since: str, now: datetime) -> str:
    seconds = (now - datetime.fromisoformat(since)).total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "a moment"


def main(arguments: Sequence[str]) -> int:
    return print_status(arguments, Process.this(), time.time)


if __name__ == "__main__":
    sys.exit(program.run("status", main))
