"""Makes the new lock: requests and indexes in, pinned packages out."""

from collections import defaultdict
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from tools.debian import archive, package_file, resolve
from tools.debian.errors import DebianError
from tools.debian.index import Index
from tools.debian.lock import Lock, LockedPackage
from tools.debian.mirror import Mirrors
from tools.debian.release_file import ReleaseFile
from tools.debian.request import Request
from tools.debian.suite import Suite

_SNAPSHOT_DELAY = timedelta(hours=6)
_DOWNLOADS_AT_ONCE = 4


def lock_of(
    suite: Suite,
    requests: Sequence[Request],
    releases: Mapping[str, ReleaseFile],
    indexes: Mapping[str, Index],
) -> Lock:
    """Returns the newest packages that answer the requests, still without their scripts.

    `indexes` is by architecture. Raises LockError for a request that cannot be resolved.
    """
    newest = max(release.date for release in releases.values())
    return Lock(
        suite.codename,
        f"{newest:%Y%m%dT%H%M%SZ}",
        f"{newest + _SNAPSHOT_DELAY:%Y%m%dT%H%M%SZ}",
        {request.path: request.checksum for request in requests},
        tuple(pin for name, index in indexes.items() for pin in _pins(name, index, requests)),
    )


def with_scripts(
    new: Lock,
    old: Lock | None,
    requests: Sequence[Request],
    decided: Container[str],
    mirrors: Mirrors,
    say: Callable[[str], None],
) -> tuple[Lock, dict[str, bytes]]:
    """Completes the lock: each package of a system gets its scripts' digests.

    A package is downloaded only if the old lock does not know it, or if one of its scripts is not
    among the digests `decided`. Returns the lock and, by digest, the scripts in what was
    downloaded. Raises DebianError that names every package that no mirror has.
    """
    systems = frozenset(layer.set_name for r in requests if r.closure for layer in r.layers)
    concerned = {p.sha256: p for p in new.packages if systems.intersection(p.sets)}
    known = {
        p.sha256: p.scripts
        for p in (old.packages if old else ())
        if p.scripts is not None and all(digest in decided for digest in p.scripts.values())
    }
    unseen = [p for sha256, p in concerned.items() if sha256 not in known]
    if unseen:
        say(f"looking into {len(unseen)} packages, {sum(p.size for p in unseen) / 1e6:.1f} MB")
    texts: dict[str, bytes] = {}
    for sha256, scripts in _scripts(unseen, mirrors).items():
        known[sha256] = {name: package_file.digest(text) for name, text in scripts.items()}
        texts.update((known[sha256][name], text) for name, text in scripts.items())
    packages = [replace(p, scripts=known[p.sha256]) if p.sha256 in concerned else p for p in new.packages]
    return replace(new, packages=tuple(packages)), texts


def _pins(architecture: str, index: Index, requests: Sequence[Request]) -> list[LockedPackage]:
    sets: dict[str, set[str]] = defaultdict(set)
    depends: dict[str, set[str]] = defaultdict(set)
    for request in requests:
        resolved = resolve.resolve(request, index)
        selected = {name for names in resolved.values() for name in names}
        for name in selected:
            depends[name].update(resolve.dependencies(name, index, selected))
        for set_name, names in resolved.items():
            for name in names:
                sets[name].add(set_name)
    return [_pin(architecture, index, name, depends[name], sets[name]) for name in sorted(sets)]


def _pin(architecture: str, index: Index, name: str, depends: set[str], sets: set[str]) -> LockedPackage:
    package = index[name]
    return LockedPackage(
        package=name,
        architecture=architecture,
        version=package.version,
        archive=package.archive,
        path=package.fields["Filename"],
        sha256=package.fields["SHA256"],
        size=int(package.fields["Size"]),
        depends=tuple(sorted(depends)),
        sets=tuple(sorted(sets)),
    )


def _scripts(packages: Sequence[LockedPackage], mirrors: Mirrors) -> dict[str, Mapping[str, bytes]]:
    """Returns the scripts of each package, by the package's sha256."""

    def look_into(package: LockedPackage) -> Mapping[str, bytes] | DebianError:
        try:
            content = mirrors.get(package.archive, package.path)
            archive.require_digest(content, package.sha256, package.path)
            return package_file.scripts(content)
        except DebianError as error:
            return error

    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        results = list(zip(packages, pool.map(look_into, packages), strict=True))
    problems = [
        f"\n  {package.package} {package.version} {package.architecture}: {result.message}"
        for package, result in results
        if isinstance(result, DebianError)
    ]
    if problems:
        raise DebianError(
            f"{len(problems)} of Debian's packages cannot be had:{''.join(problems)}\n",
            remedy="the mirror may just be taking in a new state: run"
            " `bazel run //tools/debian:update` once more, or name another in DEBIAN_MIRROR",
        )
    return {p.sha256: result for p, result in results if not isinstance(result, DebianError)}
