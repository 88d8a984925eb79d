"""What `//release:prune` deletes, from the registry itself, and that whatever stays can be had whole."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from release.bundle.model import Bundle
from tests.release.remote.packages import RegistryPackages
from tests.release.remote.stack import IMAGES, Ended, Stack, runfiles_of
from tests.release.remote.whole import put

INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.fixture(scope="module")
def builds(servers: Stack) -> list[Bundle]:
    made = [servers.next() for _ in range(4)]
    for bundle in made:
        servers.released(bundle, "--keep", "9")
    return made


@pytest.fixture
def packages(servers: Stack, builds: list[Bundle]) -> Iterator[RegistryPackages]:
    servers.github.repository.packages = packages = RegistryPackages(servers)
    yield packages
    servers.github.repository.packages = None


def prune(servers: Stack, bundle: Bundle, *arguments: str) -> Ended:
    variables = servers.variables | {"RUNFILES_DIR": str(runfiles_of(bundle)), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-S", "-B", "-m", "release.commands.prune", "viberun/version.json", *arguments]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    return Ended(done.returncode, done.stdout, done.stderr)


def whole(packages: RegistryPackages, bundle: Bundle) -> list[bool]:
    """Tells for each image of a build whether the registry has all its manifests."""

    def there(repository: str, digest: str) -> bool:
        children = packages.children(repository, digest)
        return children is not None and all(there(repository, child) for child in children)

    return [there(name, layout.digest) for name, layout in zip(IMAGES, bundle.images, strict=True)]


def signed(packages: RegistryPackages, bundle: Bundle) -> list[bool]:
    """Tells for each image of a build whether its signature can be found there, and is."""

    def there(repository: str, digest: str) -> bool:
        signatures = packages.children(repository, digest.replace(":", "-"))
        return bool(signatures) and all(packages.children(repository, each) is not None for each in signatures or ())

    return [there(name, layout.digest) for name, layout in zip(IMAGES, bundle.images, strict=True)]


def orphan(packages: RegistryPackages, name: str) -> str:
    """Pushes an index that nothing names; returns its digest."""
    content = json.dumps(
        {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": {"name": name}}
    ).encode()
    token = packages.headers(IMAGES[0])
    put(f"{packages.servers.registry.url}/v2/{IMAGES[0]}/manifests/{name}", content, **token, **{"Content-Type": INDEX})
    return packages.digest(IMAGES[0], name)


def test_nothing_is_deleted_without_being_told_to(
    servers: Stack, builds: list[Bundle], packages: RegistryPackages
) -> None:
    before = dict(servers.github.repository.assets)
    ended = prune(servers, builds[-1], "--keep", "2")
    assert ended.status == 0, ended.err
    lines = ended.out.splitlines()
    gone = {asset.name for bundle in builds[:2] for asset in bundle.assets}
    gone |= {bundle.manifest.signature_name for bundle in builds[:2]}
    assert gone <= {line.strip() for line in lines}
    # Of each build the index, two platforms, the signature and what names that.
    assert f"would delete 10 manifests of {builds[-1].manifest.build.registry}/{IMAGES[0]}" in lines
    assert "give --yes to delete that" in lines
    assert "npm deprecate" in ended.out
    assert servers.github.repository.assets == before
    assert [whole(packages, bundle) for bundle in builds] == 4 * [[True, True]]


def test_what_no_kept_build_reaches_goes_and_all_else_is_whole(
    servers: Stack, builds: list[Bundle], packages: RegistryPackages
) -> None:
    old, new, tagged = (orphan(packages, name) for name in ("sha256-" + 64 * "a", "sha256-" + 64 * "b", "by-hand"))
    packages.new.add(new)
    ended = prune(servers, builds[-1], "--keep", "2", "--yes")
    assert ended.status == 0, ended.err
    assert [whole(packages, bundle) for bundle in builds] == [
        [False, False],
        [False, False],
        [True, True],
        [True, True],
    ]
    assert [signed(packages, bundle) for bundle in builds] == [whole(packages, bundle) for bundle in builds]
    left = {version.digest for version in packages.versions(IMAGES[0])}
    assert (old in left, new in left, tagged in left) == (False, True, True)
    names = {asset.name for asset in servers.github.repository.assets.values()}
    assert not names & {asset.name for bundle in builds[:2] for asset in bundle.assets}
    assert names >= {asset.name for bundle in builds[2:] for asset in bundle.assets}
    again = prune(servers, builds[-1], "--keep", "2", "--yes")
    assert "deletes 0 assets of dev builds" in again.out
    assert f"deletes 0 manifests of {builds[-1].manifest.build.registry}/{IMAGES[0]}" in again.out
    # What the next release mounts and moves is still there.
    servers.released(servers.next())


def test_what_github_refuses_to_delete_is_told_and_the_rest_goes(
    servers: Stack, builds: list[Bundle], packages: RegistryPackages
) -> None:
    packages.popular.add(builds[2].images[0].digest)
    ended = prune(servers, builds[-1], "--keep", "1", "--yes")
    assert ended.status == 4
    assert builds[2].images[0].digest in ended.err
    assert "5000 downloads" in ended.err
    assert whole(packages, builds[2])[1] is False
    assert whole(packages, builds[3]) == [True, True]


def test_without_a_token_there_is_nothing_to_list(servers: Stack, builds: list[Bundle]) -> None:
    variables = servers.variables.pop("GITHUB_TOKEN")
    try:
        ended = prune(servers, builds[-1])
    finally:
        servers.variables["GITHUB_TOKEN"] = variables
    assert (ended.status, ended.out) == (2, "")
    assert "set GITHUB_TOKEN" in ended.err
