"""`bazel run //release:publish -- --from DIR`: releases a folder that `//release:dev` or `//release:prod` made, as it is."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from release.bundle import folder
from release.bundle.folder import FolderError
from release.commands.process import Process
from release.commands.release import parse_folder, release_bundle
from release.signing.signer import Trust
from viberun import program
from viberun.build import Build


def publish(arguments: Sequence[str], process: Process) -> int:
    """Releases the build in the folder; the first argument names version.json of the checkout, two more what Trust has, all
    paths below the runfiles.

    Returns the exit status; raises ViberunError.
    """
    version_json, trusted_root, signing_config, *rest = arguments
    checkout = Build.from_json(process.runfile(version_json).read_bytes())
    source, options = parse_folder(rest)
    path = Path(process.environ.get("BUILD_WORKING_DIRECTORY", "")) / source
    made = folder.read(path)
    if problems := tuple(mismatches(made.manifest.build, checkout, process.environ)):
        raise FolderError(
            f"{path} is not of this checkout", problems, remedy="make it again, or check out what it is of"
        )
    trust = Trust(process.runfile(trusted_root), process.runfile(signing_config))
    return release_bundle(made, trust, options, process)


def mismatches(build: Build, checkout: Build, environ: Mapping[str, str]) -> Iterator[str]:
    """Tells in which facts a build is not that of the checkout, or not what this job of Actions was started for."""
    for name, is_there, wanted in (
        ("commit", build.commit, checkout.commit),
        ("repository", build.repository, checkout.repository),
        ("repository's number", build.repository_id, checkout.repository_id),
        ("GitHub", build.github, checkout.github),
        ("registry", build.registry, checkout.registry),
        ("version", str(build.version), str(checkout.version) if build.channel == "dev" else str(build.version)),
    ):
        if is_there != wanted:
            yield f"its {name} is {is_there}, not {wanted}"
    ref = "refs/heads/main" if build.channel == "dev" else f"refs/tags/{build.version.git}"
    if environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_REF") != ref:
        yield f"it is for {ref}, and this run for {environ.get('GITHUB_REF')}"


def main(arguments: Sequence[str]) -> int:
    return publish(arguments, Process.this())


if __name__ == "__main__":
    sys.exit(program.run("publish", main))
