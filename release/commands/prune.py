"""`bazel run //release:prune`: lists what no kept build needs any more on GitHub and ghcr.io; with `--yes` deletes it."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from release.commands import keep
from release.commands.process import Process
from release.destinations.ghcr.destination import ContainerRegistry, place_of
from release.destinations.ghcr.image import INDEXES
from release.destinations.ghcr.unreached import unreached
from release.destinations.github.api import Api
from release.destinations.github.kept import Kept, kept
from release.destinations.github.model import PackageVersion
from release.destinations.github.settings import Settings
from release.driver.progress import size_text
from release.driver.steps import StepError
from release.transport.http import Http, HttpError, UnansweredError
from release.transport.patience import Patience
from release.transport.secrets import secrets_of
from viberun import program
from viberun.arguments import Parser
from viberun.build import Build
from viberun.errors import UsageError

_BY_HAND = """\
Only a person can delete at the other two:
  PyPI: an owner deletes releases on the project's page; versions that were there can never be uploaded again
  npm:  what is older than three days stays; 'npm deprecate' says of a range of versions that nobody should use it
"""

Leaving = Sequence[tuple[str, Sequence[PackageVersion]]]
"""What goes of each repository `owner/name/image`."""


def prune(arguments: Sequence[str], process: Process) -> int:
    """Prints the list, and what was deleted; the first argument names version.json, a path below the runfiles.

    Returns the exit status; raises ViberunError, before the first deletion unless it is a StepError.
    """
    version_json, *rest = arguments
    command = "bazel run //release:prune"
    parser = Parser(
        prog=f"{command} --",
        description=(
            "Lists what no kept build needs any more: assets of dev builds on GitHub, and what their images had on ghcr.io."
            " A build is kept if it is a prod release, one of the newest dev builds, or what the dev channel stands at."
            " What is a day old at most is left alone, a release may be about to name it."
        ),
        examples=[(command, "list it"), (f"{command} -- --keep 50 --yes", "delete it, but for 50 dev builds")],
    )
    keep.add_option(parser)
    parser.options.add_argument("--yes", action="store_true", help="delete it")
    options = parser.parse_args(rest)
    build = Build.from_json(process.runfile(version_json).read_bytes())
    settings = Settings.of(process.environ, build.repository)
    if settings.repository is None:
        raise UsageError("nothing names the repository", remedy="set GITHUB_REPOSITORY to owner/name")
    if settings.token is None:
        raise UsageError(
            "there is no token, and packages are listed to nobody without one",
            remedy="set GITHUB_TOKEN to one with read:packages, and delete:packages for --yes",
        )
    http = Http(Patience.of(process.environ), secrets_of(process.environ))
    api = Api(http, settings)
    stays = kept(api, options.keep or keep.keep_of(process.environ))
    registry = ContainerRegistry(http, process.environ)
    leaving = [
        (place_of(stays.standing, image)[1], _leaving(api, registry, stays, image)) for image in stays.standing.images
    ]
    process.out.writelines(_text(stays, leaving, yes=options.yes))
    if options.yes:
        _delete(api, stays, leaving)
    process.out.write(_BY_HAND)
    return 0


def _package(repository: str) -> str:
    """Returns the package's name, which its owner's is no part of."""
    return repository.partition("/")[2]


def _leaving(api: Api, registry: ContainerRegistry, stays: Kept, name: str) -> list[PackageVersion]:
    """Tells what no kept build's image of this name reaches."""
    (host, repository), leaves = place_of(stays.standing, name), set[str]()
    anybody = registry.anybody(host)

    def children(digest: str) -> Iterable[str]:
        manifest = None if digest in leaves else anybody.manifest(repository, digest)
        for child in json.loads(manifest.content).get("manifests", ()) if manifest else ():
            if child.get("mediaType") not in INDEXES:
                leaves.add(child["digest"])
            yield child["digest"]

    named = {manifest.images[name].digest for manifest in stays.manifests if name in manifest.images}
    return unreached(api.package_versions(_package(repository)), named, stays.standing.build.version, children)


def _text(stays: Kept, leaving: Leaving, *, yes: bool) -> Iterator[str]:
    verb = "deletes" if yes else "would delete"
    size = sum(asset.size for asset in stays.expired)
    yield f"{verb} {len(stays.expired)} assets of dev builds on GitHub, {size_text(size)}\n"
    yield from (f"  {asset.name}\n" for asset in stays.expired)
    for repository, versions in leaving:
        yield f"{verb} {len(versions)} manifests of {stays.standing.build.registry}/{repository}\n"
        yield from (f"  {version.digest} {' '.join(version.tags)}".rstrip() + "\n" for version in versions)
    if not yes and (stays.expired or any(versions for _, versions in leaving)):
        yield "give --yes to delete that\n"


def _delete(api: Api, stays: Kept, leaving: Leaving) -> None:
    """Deletes as much as it can. Raises StepError with what could not be."""
    problems = list[str]()

    def attempt(what: str, delete: Callable[[], object]) -> None:
        try:
            delete()
        except (HttpError, UnansweredError) as error:
            problems.append(f"{what}: {error}")

    for asset in stays.expired:
        attempt(asset.name, partial(api.delete_asset, asset.id))
    for repository, versions in leaving:
        for version in versions:
            delete = partial(api.delete_package_version, _package(repository), version.id)
            attempt(f"{repository}@{version.digest}", delete)
    if problems:
        raise StepError("not all could be deleted", problems, remedy="run the same command again")


def main(arguments: Sequence[str]) -> int:
    return prune(arguments, Process.this())


if __name__ == "__main__":
    sys.exit(program.run("prune", main))
