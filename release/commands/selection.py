"""Where a release goes, from the command line and the surroundings. Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release.destinations.github.retention import Keep
from viberun.errors import UsageError
from viberun.version import Channel


@dataclass(frozen=True)
class Options:
    """The command line. `to` is `local` or `remote`, or None where it leaves that open."""

    to: str | None = None
    out: Path | None = None
    keep: Keep | None = None
    force: bool = False
    dry_run: bool = False
    quiet: bool = False


def select_destinations(environ: Mapping[str, str], options: Options, channel: Channel) -> str:
    """Returns `local` or `remote`.

    `--to local` and `--out` always win; `--out` beside `--to remote` is a contradiction. Of itself a release goes out
    only from GitHub Actions, on the push that the channel is made of: main for dev, a tag that may be a version for prod.
    Raises UsageError, for what means nothing to the local channel too.
    """
    selected = _selected(environ, options, channel)
    if selected == "local" and (options.keep is not None or options.force):
        raise UsageError(
            "--keep and --force are for GitHub, where a local release does not go",
            remedy="leave them out, or give --to remote",
        )
    return selected


def _selected(environ: Mapping[str, str], options: Options, channel: Channel) -> str:
    if options.out is not None and options.to == "remote":
        raise UsageError(
            "--out is a folder of the local channel, which --to remote is not", remedy="give one of the two"
        )
    if options.out is not None:
        return "local"
    if options.to is not None:
        return options.to
    pushed = environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_EVENT_NAME") == "push"
    ref = environ.get("GITHUB_REF", "")
    ours = ref == "refs/heads/main" if channel == "dev" else ref.startswith("refs/tags/v")
    return "remote" if pushed and ours else "local"


def local_folder(environ: Mapping[str, str], options: Options, channel: Channel) -> Path:
    """Returns the folder of the local channel: `--out` as its caller means it, else `dist/<channel>`.

    Bazel tells both folders, as a program that it runs starts elsewhere. Raises UsageError.
    """
    if options.out is not None:
        return Path(environ.get("BUILD_WORKING_DIRECTORY", "")) / options.out
    workspace = environ.get("BUILD_WORKSPACE_DIRECTORY")
    if not workspace:
        raise UsageError(
            "there is no BUILD_WORKSPACE_DIRECTORY to put dist/ into",
            remedy=f"start this with 'bazel run //release:{channel}', or give --out",
        )
    return Path(workspace) / "dist" / channel
