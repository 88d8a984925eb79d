"""Makes a build's signature, where this job may, and checks one as clients do."""

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from release.signing import job
from release.signing.job import NotAllowedError, Token
from release.signing.sign import NOT_ALLOWED, UNAVAILABLE
from release.signing.statement import statement
from release.transport.http import Http, UnansweredError
from release.transport.programs import PYTHON_VARIABLES, python, runner
from viberun import provenance
from viberun.build import Build
from viberun.errors import ViberunError
from viberun.manifest import Manifest
from viberun.sigstore import release_workflow
from viberun.sigstore.errors import SignatureError
from viberun.sigstore.release_workflow import Repository
from viberun.sigstore.trusted_root import TrustedRoot

_START_SECONDS = 15.0


class SigningError(ViberunError):
    """Nobody has signed the build, and nobody does now."""


@dataclass(frozen=True)
class Trust:
    """Sigstore's two documents: whose signatures count, and by which services they are made."""

    trusted_root: Path
    signing_config: Path

    def root(self) -> TrustedRoot:
        """Raises ViberunError."""
        try:
            return TrustedRoot.parse(self.trusted_root.read_bytes())
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ViberunError(f"{self.trusted_root} is no trusted root ({type(error).__name__}: {error})") from error


class Signer(ABC):
    """`root` says whose signatures count."""

    def __init__(self, root: TrustedRoot) -> None:
        self._root = root

    def check(
        self,
        manifest: Manifest,
        signature: bytes,
        content: bytes | None = None,
        trusted: Repository | None = None,
    ) -> release_workflow.Signer:
        """Returns who vouches for the build, by its signature. Raises SignatureError.

        An own manifest needs no more; of another, which came from elsewhere, `content` is what it was read from, and `trusted`
        whose it must be.
        """
        content = manifest.to_json().encode() if content is None else content
        trusted = trusted or repository_of(manifest.build)
        return provenance.check(manifest, content, signature, trusted, self._root, datetime.now(UTC))

    @abstractmethod
    def hindrance(self, build: Build) -> NotAllowedError | None:
        """Tells why the build is not signed here. Raises UnansweredError where GitHub does not say who this job is."""

    @abstractmethod
    def sign(self, manifest: Manifest, note: Callable[[str], None]) -> bytes:
        """Returns a signature that is good. Waits for services that don't answer, and says so. Raises ViberunError."""


class JobSigner(Signer):
    """Signs with the identity of the job of Actions that this runs in, if it is one."""

    def __init__(self, http: Http, environ: Mapping[str, str], trust: Trust) -> None:
        super().__init__(trust.root())
        self._http = http
        self._environ = environ
        self._trust = trust

    def hindrance(self, build: Build) -> NotAllowedError | None:
        try:
            self._token(build)
        except NotAllowedError as error:
            return error
        return None

    def sign(self, manifest: Manifest, note: Callable[[str], None]) -> bytes:
        made, said = b"", ""

        def signed() -> bool:
            nonlocal made, said
            try:
                made = self._signed(manifest)
            except UnansweredError as error:
                said = error.message
            return bool(made)

        if not self._http.wait_until(signed, lambda _: note("waits for the services that sign")):
            raise SigningError(
                f"the services that sign don't answer ({said})",
                remedy="nothing has moved, and the same command goes on from here later",
            )
        return made

    def _token(self, build: Build) -> Token:
        """Returns one that signs the build. Raises NotAllowedError where this job gets none, UnansweredError."""
        if not job.has_right(self._environ):
            if self._environ.get("GITHUB_ACTIONS") == "true":
                raise NotAllowedError("this job may not sign", remedy="give it id-token: write")
            raise _left_to_its_run("nobody has signed this build yet", build)
        token = job.token(self._http, self._environ)
        if different := [*job.differences(token.claims, build)]:
            raise _left_to_its_run(f"nobody would take a signature of this job: {'; '.join(different)}", build)
        return token

    def _signed(self, manifest: Manifest) -> bytes:
        """Tries it once. Raises UnansweredError where another time may help."""
        token = self._token(manifest.build)
        text = f"{token.text}\n{statement(manifest, token.claims).decode()}"
        run = runner(self._environ, self._http.redact, reads=text)
        files = [str(self._trust.trusted_root.resolve()), str(self._trust.signing_config.resolve())]
        with tempfile.TemporaryDirectory() as folder:
            seconds = _START_SECONDS + self._http.patience.silence
            ended = run(python("release.signing.sign", *files), PYTHON_VARIABLES, Path(folder), seconds)
        if ended.status in (None, UNAVAILABLE):
            raise UnansweredError(ended.last_words or "no answer in time")
        if ended.status == NOT_ALLOWED:
            raise NotAllowedError(f"Sigstore does not let this job sign: {ended.last_words}")
        if ended.status != 0:
            raise SigningError(f"signing failed: {ended.last_words}")
        made = f"{ended.out.strip()}\n".encode()
        try:
            self.check(manifest, made)
        except SignatureError as error:
            raise SigningError(f"what was signed is no good: {error}") from error
        return made


def repository_of(build: Build) -> Repository:
    """Returns the one that is to sign the build, by what it says itself."""
    return Repository(build.repository or "", build.repository_id, build.github)


def _left_to_its_run(why: str, build: Build) -> NotAllowedError:
    runs = f"{build.github}/{build.repository}/actions/workflows/release.yml"
    return NotAllowedError(
        why,
        remedy=f"its run in Actions signs it: push {'it' if build.channel == 'dev' else f'the tag {build.version.git}'}, or run"
        f" that again ({runs}), and run the same command then",
    )
