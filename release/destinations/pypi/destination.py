"""The wheel, uploaded by twine's own command. What an index takes it keeps for ever, so everything is looked at first."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from release.bundle.model import Artifact, Bundle
from release.destinations.destination import Published, Receipt, RemoteDestination, Row, Standing
from release.destinations.named_copy import named_copy
from release.destinations.pypi.attestation import sign
from release.destinations.pypi.index import Index, IndexedFile
from release.destinations.pypi.settings import Settings, UntrustedError
from release.destinations.pypi.twine import Twine, TwineUploadError
from release.driver.outcome import Change, Problems
from release.driver.progress import Meter, size_text
from release.transport.http import Http, UnansweredError
from release.transport.programs import Run
from viberun.errors import VersionError, ViberunError
from viberun.manifest import NAME
from viberun.version import Version

_THERE = re.compile(r"\b40[09]\b|exist", re.IGNORECASE)
"""How an index refuses a file that it has, among others."""

_MOST_A_FILE = 100 * 10**6
_MOST_A_PROJECT = 10 * 10**9
"""The public index's own limits, in bytes."""


class WheelError(ViberunError):
    """The index has something else than what was built, or does not show it."""


@dataclass(frozen=True)
class Wheel:
    """What is to be published, and the project's normalised name (PEP 503)."""

    project: str
    artifact: Artifact

    @property
    def name(self) -> str:
        return self.artifact.name


class PackageIndex(RemoteDestination):
    """`run` starts twine; where to and as whom is for twine's settings in `environ` to say."""

    name = "pypi"

    def __init__(self, http: Http, run: Run, environ: Mapping[str, str]) -> None:
        super().__init__(http)
        self._run = run
        self._environ = environ
        self._read: Settings | None = None
        self._trusted = False
        """What `preflight` found out: the upload is by trusted publishing."""

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        found, persons = list[str](), list[str]()
        for problems in (self._credential_problems, lambda: self._project_problems(_wheel(bundle), meter)):
            try:
                found += problems()
            except UntrustedError as error:
                persons.append(str(error))
            except ViberunError as error:
                found.append(str(error))
        return Problems(tuple(dict.fromkeys(found)), tuple(persons))

    def publish(self, bundle: Bundle) -> Iterator[Change]:
        wheel = _wheel(bundle)
        if not self._is_published(wheel):
            size, within = wheel.artifact.digest.size, self._http.patience.lag
            yield Change("publish", wheel.name, size, lambda meter: self._publish(wheel, meter), within=within)

    def verify(self, bundle: Bundle) -> Iterator[Change]:
        wheel = _wheel(bundle)
        if not self._is_published(wheel):
            yield Change("", f"{self._settings.index}{wheel.project}/ does not show {wheel.name}")

    def receipt(self, bundle: Bundle) -> Receipt:
        wheel = _wheel(bundle)
        row = Row(wheel.name, wheel.artifact.digest.size, f"sha256:{wheel.artifact.digest.sha256}")
        return Receipt(f"{self._settings.index}{wheel.project}/", (row,), (f"uvx {wheel.project}@latest",))

    def standing(self, channel: Published) -> Standing:
        version, wheel = channel.manifest.build.version, channel.file("wheel")
        files = self._index.files(_project(wheel.name, version))
        newest = max(_versions(files), key=lambda each: each.precedence, default=None)
        there = files.get(wheel.name)
        sha256, wrong = self._index.sha256(there) if there else None, list[str]()
        if newest is None or newest.pypi != version.pypi:
            wrong.append(f"the newest version is {newest.pypi if newest else 'none'}")
        elif sha256 != wheel.sha256:
            wrong.append(f"{wheel.name} is not the one of {NAME}")
        return Standing(newest.pypi if newest else None, f"sha256:{sha256}" if sha256 else None, tuple(wrong))

    @property
    def _settings(self) -> Settings:
        if self._read is None:
            self._read = Settings.of(self._environ)
        return self._read

    def _credential_problems(self) -> tuple[str, ...]:
        """Raises what keeps twine from logging in; else there is no problem."""
        self._trusted = self._http.waits.patiently(self._settings.log_in, UnansweredError)
        return ()

    def _project_problems(self, wheel: Wheel, meter: Meter) -> Iterator[str]:
        size = wheel.artifact.digest.size
        there = self._files(wheel)
        if conflict := self._conflict(there, wheel):
            yield str(conflict)
        if wheel.name in there or not self._settings.is_public:
            return
        if size > _MOST_A_FILE:
            yield f"{wheel.name} has {size_text(size)}, and the index takes {size_text(_MOST_A_FILE)} at most"
        used = sum(file.size or 0 for file in there.values())
        budget = (
            f"{wheel.project} uses {size_text(used)} of the {size_text(_MOST_A_PROJECT)} that an index gives a project"
        )
        # A project may have been granted more, which the index tells nobody.
        remedy = "delete old dev versions in the project's settings, or ask for more"
        meter.note_usage(used + size, _MOST_A_PROJECT, budget, remedy)

    def _publish(self, wheel: Wheel, meter: Meter) -> str:
        """Uploads it with an attestation, if need be without; returns what is to be said about that."""
        twine, size, why = Twine(self._run, self._http.patience), wheel.artifact.digest.size, ""
        with named_copy(wheel.artifact) as named:
            attested = self._trusted and bool(self._environ.get("GITHUB_ACTIONS"))
            if attested:
                why = sign(self._http, self._run, named, meter.note)
            meter.expect(size)
            for attestation in (True, False) if attested and not why else (False,):
                self._http.count_sent(size)
                try:
                    twine.upload(named, attestation=attestation)
                    break
                except (TwineUploadError, UnansweredError) as error:
                    # What an upload brought whose answer got lost the index may not show yet.
                    taken = not attestation and bool(_THERE.search(error.message))
                    seconds = self._http.patience.again if taken else 0
                    if self._http.wait_until(lambda: self._is_published(wheel), meter.note, seconds):
                        break
                    if not attestation or isinstance(error, UnansweredError):
                        raise
                    why = error.message
            meter.moved(size)
        return f"without an attestation ({why})" if why else ""

    def _is_published(self, wheel: Wheel) -> bool:
        """Tells whether it is there. Raises WheelError if another file has its name."""
        there = self._files(wheel)
        if conflict := self._conflict(there, wheel):
            raise conflict
        return wheel.name in there

    def _files(self, wheel: Wheel) -> Mapping[str, IndexedFile]:
        return self._index.files(wheel.project)

    @property
    def _index(self) -> Index:
        return Index(self._http, self._settings.index)

    def _conflict(self, there: Mapping[str, IndexedFile], wheel: Wheel) -> WheelError | None:
        file, digest = there.get(wheel.name), wheel.artifact.digest
        if file is None or (sha256 := self._index.sha256(file)) == digest.sha256:
            return None
        return WheelError(
            f"{self._settings.index}{wheel.project}/ has {wheel.name} with sha256 {sha256}, not {digest.sha256}",
            remedy="one version has one set of bytes: find out which build that is from",
        )


def _wheel(bundle: Bundle) -> Wheel:
    artifact = bundle.artifact("wheel")
    if artifact is None:
        raise WheelError("the build has no wheel")
    return Wheel(_project(artifact.name, bundle.manifest.build.version), artifact)


def _project(file: str, version: Version) -> str:
    """Returns the project's normalised name (PEP 503), out of its wheel's."""
    return re.sub(r"[-_.]+", "-", file.removesuffix(f"-{version.pypi}-py3-none-any.whl")).lower()


def _versions(files: Iterable[str]) -> Iterator[Version]:
    """Returns the versions of the wheels among the files; what others may have put there has none."""
    for name in files:
        parts = name.split("-")
        if name.endswith(".whl") and len(parts) > 1:
            with suppress(VersionError):
                yield Version.parse(parts[1])
