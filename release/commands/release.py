"""`bazel run //release:dev` and `//release:prod`: the command line, and nothing of what a release is."""

import sys
from collections.abc import Sequence
from pathlib import Path

from release.bundle import model as bundle
from release.bundle.model import Bundle
from release.commands import keep
from release.commands.process import Process
from release.commands.selection import Options, local_folder, select_destinations
from release.commands.summary import Cost, cost_text, plan_text, release_text
from release.destinations.destination import Destination
from release.destinations.registry import local, remote
from release.driver import steps as driver
from release.driver.progress import Progress, Style
from release.signing.signer import Trust
from release.transport.secrets import redactor
from viberun import program
from viberun.arguments import Parser
from viberun.version import Channel


def release(arguments: Sequence[str], process: Process) -> int:
    """Releases the bundle that the first argument names, to the channel of its build; two more name what Trust has.

    Bazel gives these, paths below the runfiles, the caller the rest. Returns the exit status; raises ViberunError.
    """
    bundle_json, trusted_root, signing_config, *rest = arguments
    made = bundle.read(process.runfile(bundle_json), process.runfile(""))
    trust = Trust(process.runfile(trusted_root), process.runfile(signing_config))
    return release_bundle(made, trust, parse(made.manifest.build.channel, rest), process)


def release_bundle(made: Bundle, trust: Trust, options: Options, process: Process) -> int:
    """Releases what was built, here or elsewhere, and prints what came of it. Returns the exit status; raises ViberunError."""
    destinations = destinations_of(made.manifest.build.channel, trust, options, process)
    progress = Progress(process.err, Style.of(process.err, process.environ, options.quiet), process.clock)
    redact = redactor(process.environ)
    report = driver.release(made, destinations, progress, dry_run=options.dry_run, redact=redact)
    if options.dry_run:
        contents = (sum(row.size for row in at.receipt(made).rows) for at, _ in report.plans)
        texts = [
            plan_text(made, at.name, plan, content) for (at, plan), content in zip(report.plans, contents, strict=True)
        ]
    else:
        receipts = [at.receipt(made) for at in destinations]
        texts = [release_text(made, receipt, changed=report.changed) for receipt in receipts]
        costs = [
            Cost(at.name, traffic, sum(row.size for row in receipt.rows), progress.spent[at.name])
            for at, receipt in zip(destinations, receipts, strict=True)
            if (traffic := at.traffic()).requests
        ]
        texts += [cost_text(costs)] if costs else []
    texts += ["\n".join([*progress.warnings, ""])] if progress.warnings else []
    process.out.write(redact("\n".join(texts)))
    return 0


def parse(channel: Channel, arguments: Sequence[str]) -> Options:
    """Reads the caller's arguments. Raises UsageError; exits after `--help`."""
    command = f"bazel run //release:{channel}"
    parser = Parser(
        prog=f"{command} --",
        description=f"Builds everything, then releases it to the {channel} channel.",
        examples=[
            (command, f"make dist/{channel}, a channel to install from"),
            (f"{command} -- --to remote", "release to GitHub, ghcr.io, PyPI and npm"),
            (f"{command} -- --dry-run", "print what it would do"),
            (f"{command} -- --out DIR", "make the channel in DIR"),
        ],
    )
    return _options(parser, arguments, dev=channel == "dev", out=f"dist/{channel}")


def parse_folder(arguments: Sequence[str]) -> tuple[Path, Options]:
    """Reads the arguments of who has a release folder; returns it too. Raises UsageError; exits after `--help`."""
    command = "bazel run //release:publish -- --from DIR"
    parser = Parser(
        prog="bazel run //release:publish --",
        description="Checks every byte of a folder that //release:dev or //release:prod made, then releases just that.",
        examples=[
            (f"{command} --to remote", "release it to GitHub, ghcr.io, PyPI and npm"),
            (f"{command} --to remote --dry-run", "print what it would do"),
        ],
    )
    parser.options.add_argument("--from", dest="source", type=Path, metavar="DIR", required=True, help="the folder")
    options = _options(parser, arguments, dev=True, out="dist/dev or dist/prod")
    return parser.parse_args(arguments).source, options


def _options(parser: Parser, arguments: Sequence[str], *, dev: bool, out: str) -> Options:
    add = parser.options.add_argument
    add("--to", choices=["local", "remote"], help="where to; remote by itself only on a push in CI")
    add("--out", type=Path, metavar="DIR", help=f"the local channel, else {out}")
    if dev:
        keep.add_option(parser)
        add("--force", action="store_true", help="after a rewritten history: claim the channel whatever it stands at")
    else:
        parser.set_defaults(keep=None, force=False)
    add("--dry-run", action="store_true", help="print the plan and change nothing")
    add("--quiet", action="store_true", help="no progress, only the result")
    values = parser.parse_args(arguments)
    return Options(values.to, values.out, values.keep, values.force, values.dry_run, values.quiet)


def destinations_of(channel: Channel, trust: Trust, options: Options, process: Process) -> Sequence[Destination]:
    """Makes the destinations that the options come to. Raises UsageError."""
    if select_destinations(process.environ, options, channel) == "local":
        return local(local_folder(process.environ, options, channel), process.platform)
    return remote(process.environ, trust, keep=options.keep or keep.keep_of(process.environ), force=options.force)


def main(arguments: Sequence[str]) -> int:
    return release(arguments, Process.this())


if __name__ == "__main__":
    sys.exit(program.run("release", main))
