"""`bazel run //release:rebuild -- VERSION`: builds a published release again from its commit, and compares every byte.

What is published is first held against its signature, as clients do it. Then that commit's own `bazelw`, locks and rules
build it, in a clone of their own, and are told what the signed manifest says: whose it is, and which GitHub and registry.
"""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from release.bundle import folder
from release.bundle.model import Artifact, Bundle
from release.commands.process import Process
from release.rebuild.difference import difference
from release.transport.address import without_login
from release.transport.content import digest_of
from release.transport.http import Http, Request
from release.transport.patience import Patience
from release.transport.secrets import secrets_of
from viberun import channel, program
from viberun.arguments import Parser
from viberun.build import REPOSITORY, Build
from viberun.client.download.fetch import Fetcher, is_url, shown
from viberun.client.download.resolver import Resolved, place, resolve
from viberun.errors import UsageError, VersionError, ViberunError
from viberun.manifest import NAME, Manifest

DIFFERENT = 1
CANT_TELL = 4

_SECONDS = 3 * 3600.0  # for a clone, and for a build
_SHOWN = 5  # lines of what differs in one file
_PASSED_ON = ("HOME", "PATH", "TMPDIR", "XDG_CACHE_HOME", "SSL_CERT_FILE")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_MIRRORS = ("DEBIAN_MIRROR", "PIP_INDEX_URL", "npm_config_registry")


class SourceError(ViberunError):
    """The commit can't be had, or does not build, or there is no room for it."""

    exit_code = CANT_TELL


def rebuild(arguments: Sequence[str], process: Process) -> int:
    """Compares; the first argument names version.json of the checkout, the second Sigstore's trusted root, paths below the
    runfiles.

    Returns 0 where all is the same, DIFFERENT, or raises ViberunError, whose exit code is CANT_TELL unless the usage is wrong.
    """
    version_json, trusted_root, *rest = arguments
    options = _parser().parse_args(rest)
    checkout = Build.from_json(process.runfile(version_json).read_bytes())
    if options.repository is not None:
        if not REPOSITORY.fits(options.repository):
            raise UsageError(f"--repository must be {REPOSITORY.meaning}, not {options.repository!r}")
        checkout = replace(checkout, repository=options.repository, repository_id=None)
        environ = {name: value for name, value in process.environ.items() if name != channel.REPOSITORY}
        process = replace(process, environ=environ)
    try:
        return _rebuild(checkout, options.version, process.runfile(trusted_root).read_text, process)
    except OSError as error:
        raise SourceError(f"{error.filename or 'a file'}: {error.strerror}", remedy="see to that") from error
    except VersionError as error:
        raise UsageError(str(error)) from error
    except ViberunError as error:
        if not isinstance(error, UsageError):
            error.exit_code = CANT_TELL
        raise


def _parser() -> Parser:
    command = "bazel run //release:rebuild"
    parser = Parser(
        prog=f"{command} --",
        description=(
            "Builds a published release again from its commit, with that commit's own tools, and compares every byte. Ends with"
            f" 0 where all is the same, with {DIFFERENT} where something is not, with {CANT_TELL} where that can't be told. Takes"
            " some 4 GB below TMPDIR, which it removes. What builds is the commit's own code, and runs as you."
        ),
        examples=[
            (f"{command} -- dev", "what the dev channel stands at"),
            (f"{command} -- v1.2.3 --repository owner/name", "a release of another repository than this checkout's"),
        ],
    )
    parser.options.add_argument("version", metavar="VERSION", help="a version, vX.Y.Z, dev or latest")
    parser.options.add_argument("--repository", metavar="OWNER/NAME", help="whose releases (this checkout's origin)")
    return parser


def _rebuild(whose: Build, wanted: str, root: Callable[[], str], process: Process) -> int:
    fetch, err = Fetcher.of(process.environ), process.err
    at = place(whose, process.environ, wanted)
    published = resolve(replace(at, trust=replace(at.trust, root=root)), wanted, fetch)
    build = published.manifest.build
    signer = f"signed in {published.signer.run}" if published.signer else "which nobody signed"
    err.write(f"builds {build.version} of {build.repository} again ({signer}), from its commit {build.commit}\n")
    with _scratch() as scratch:
        source = _Source(scratch / "source", _environment(process.environ, build), err)
        source.fetch(build, process.environ.get("BUILD_WORKSPACE_DIRECTORY", ""))
        made = source.build(build, scratch / "made", scratch / "bazel")
        err.write("compares\n")
        http = Http(Patience.of(process.environ), secrets_of(process.environ))
        found = list(_differences(made, published, http, scratch / "published"))
    if found:
        process.out.writelines(f"different: {each}\n" for each in found)
        return DIFFERENT
    count = len(made.assets)
    process.out.write(
        f"the same: {count} files of {build.version} on GitHub byte for byte, and npm package, wheel and images by the digests"
        " that the manifest has of them\n"
    )
    return 0


@dataclass(frozen=True)
class _Source:
    """A clone of its own in `folder`; programs there get `environment`, and say what they do to `err`."""

    folder: Path
    environment: Mapping[str, str]
    err: TextIO

    def fetch(self, build: Build, near: str) -> None:
        """Clones, and checks the commit out; `near` is a checkout that may have much of it. Raises SourceError."""
        url = f"{build.github}/{build.repository}"
        borrow = ["--reference-if-able", near] if near else []
        self._run(
            f"the clone of {url}",
            "git",
            "clone",
            "--quiet",
            "--no-checkout",
            *borrow,
            url,
            str(self.folder),
            at=self.folder.parent,
        )
        if not self._runs("git", "cat-file", "-e", f"{build.commit}^{{commit}}"):
            self._run(f"the fetch of {build.commit}", "git", "fetch", "--quiet", "origin", build.commit)
        self._run(f"the checkout of {build.commit}", "git", "checkout", "--quiet", "--detach", build.commit)
        if build.channel == "prod" and not self._runs("git", "rev-parse", "--quiet", "--verify", _tag(build)):
            raise SourceError(f"{url} has no tag {build.version.git}", remedy="without it the build has no version")

    def build(self, build: Build, out: Path, output_base: Path) -> Bundle:
        """Makes the release folder with the commit's own tools, and reads it. Raises SourceError, FolderError."""
        bazel, target = ["./bazelw", f"--output_base={output_base}"], f"//release:{build.channel}"
        try:
            self._run(f"the build of {target}", *bazel, "run", "--config=hermetic", target, "--", "--out", str(out))
        finally:
            self._runs(*bazel, "shutdown")
        return folder.read(out)

    def _run(self, what: str, *command: str, at: Path | None = None) -> None:
        if not self._runs(*command, at=at):
            raise SourceError(f"{what} failed", remedy="see above why, mend it, and run the same command again")

    def _runs(self, *command: str, at: Path | None = None) -> bool:
        try:
            ended = subprocess.run(
                command,
                cwd=at or self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=self.err,
                stderr=self.err,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SourceError(f"{command[0]} did not run: {error}") from error
        return ended.returncode == 0


def _environment(environ: Mapping[str, str], build: Build) -> dict[str, str]:
    """Returns what the build is to know of its surroundings: how to reach the network, and what the manifest says it was told."""
    told = {
        "GITHUB_REF": "refs/heads/main" if build.channel == "dev" else _tag(build),
        "GITHUB_REPOSITORY": build.repository or "",
        "GITHUB_REPOSITORY_ID": build.repository_id or "",
        "GITHUB_SERVER_URL": build.github,
        "VIBERUN_OCI_REGISTRY": build.registry,
        "GIT_TERMINAL_PROMPT": "0",
    }
    return {name: value for name, value in environ.items() if _is_passed_on(name, value)} | told


def _is_passed_on(name: str, value: str) -> bool:
    """The proxies come as they are, or nothing could be had; a mirror with a login is nothing for what a commit runs."""
    return name in _PASSED_ON or name.lower() in _PROXIES or (name in _MIRRORS and without_login(value) == value)


def _tag(build: Build) -> str:
    return f"refs/tags/{build.version.git}"


def _differences(made: Bundle, published: Resolved, http: Http, scratch: Path) -> Iterator[str]:
    """Tells what was built otherwise than it is published, the manifest first, whose very bytes were verified."""
    manifest = replace(made.manifest, files_at=published.manifest.files_at)
    if digest_of(manifest.to_json().encode()).sha256 != published.sha256:
        yield f"{NAME}: sha256 {published.sha256} at {shown(published.place.base)}, which is not what was built"
    yield from _between(made.manifest, published.manifest)
    scratch.mkdir()
    for asset in made.assets:
        yield from _in_asset(asset, published, http, scratch / asset.name)


def _between(made: Manifest, published: Manifest) -> Iterator[str]:
    here, there = ({file.name: file.sha256 for file in each.files} for each in (made, published))
    here |= {f"image {name}": image.digest for name, image in made.images.items()}
    there |= {f"image {name}": image.digest for name, image in published.images.items()}
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            yield f"{name}: {there.get(name, 'not')} in the manifest, {here.get(name, 'not')} built"


def _in_asset(asset: Artifact, published: Resolved, http: Http, copy: Path) -> Iterator[str]:
    address = published.place.at(published.manifest.files_at + asset.name)
    content = _content(address, http)
    if content is None:
        yield f"{shown(address)} is not there"
        return
    copy.write_bytes(content)
    lines = difference(copy, asset.path)
    yield from (f"{asset.name}: {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"{asset.name}: and {len(lines) - _SHOWN} more"


def _content(address: str, http: Http) -> bytes | None:
    if not is_url(address):
        return Path(address).read_bytes() if Path(address).exists() else None
    answer = http.download(Request("GET", address, accepted=(200, 404)))
    return answer.content if answer.status == 200 else None


@contextmanager
def _scratch() -> Iterator[Path]:
    """Makes a folder that goes afterwards, with what Bazel made read-only in it."""
    path = Path(tempfile.mkdtemp(prefix="viberun-rebuild-"))
    try:
        yield path
    finally:
        for each, _, _ in os.walk(path):
            Path(each).chmod(stat.S_IRWXU)
        shutil.rmtree(path, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C does: the folder goes, and so does the build
        signal.signal(number, lambda signum, frame: sys.exit(128 + signum))
    return rebuild(arguments, Process.this())


if __name__ == "__main__":
    sys.exit(program.run("rebuild", main))
