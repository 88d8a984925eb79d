import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from twine import auth, exceptions

from release.bundle.model import Bundle
from release.destinations.pypi.destination import PackageIndex, WheelError
from release.destinations.pypi.twine import TwineUploadError
from release.driver.outcome import Done
from release.driver.progress import Meter, Progress, Style, size_text
from release.transport.http import Http, UnansweredError
from release.transport.patience import Patience
from release.transport.programs import Ended
from tests.release import fabricated
from tests.unit.release.driver.recorder import Clock, perform
from tests.unit.release.transport.scripted import Said, Scripted

PATIENCE = Patience(silence=5, first=1, longest=10, total=60, lag=600, tries=2)
JSON = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
NOTHING = Said(200, b'{"files": []}', JSON)
JOB = {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": "https://job.example/id"}


class Programs:
    """Answers as twine, after which the index shows the wheel, and as what signs, which works after `signs_after`."""

    def __init__(
        self,
        clock: Clock,
        index: Scripted,
        bundle: Bundle,
        signs_after: float = 0,
        *,
        refuses_attestations: bool = False,
    ) -> None:
        self._clock = clock
        self._index = index
        self._bundle = bundle
        self._signs_after = signs_after
        self._refuses_attestations = refuses_attestations
        self.started: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float) -> Ended:
        module, *rest = command[command.index("-m") + 1 :]
        self.started.append((module, *rest))
        if module == "twine" and self._refuses_attestations and "--attestations" in rest:
            return Ended(1, "", "ERROR HTTPError: 400 Bad Request from http://127.0.0.1:1/: invalid attestation")
        if module == "twine":
            self._index.script[:] = [listed(self._bundle)]
        elif self._clock.now < self._signs_after:
            return Ended(1, "", "the transparency log is not there")
        else:
            Path(f"{rest[-1]}.publish.attestation").write_text("{}")
        return Ended(0, "", "")

    @property
    def uploads(self) -> list[Sequence[str]]:
        return [command for command in self.started if command[0] == "twine"]


def listed(bundle: Bundle, *, told: bool = True) -> Said:
    """The index's answer once it has the wheel, whose digest is told or not."""
    wheel = bundle.artifact("wheel")
    assert wheel
    file = {"filename": wheel.name, "url": "../../files/wheel", "hashes": hashes(bundle) if told else {}}
    return Said(200, json.dumps({"files": [file]}).encode(), JSON)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return fabricated.make(tmp_path / "runfiles", images=False)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def index() -> Iterator[Scripted]:
    with Scripted(NOTHING) as server:
        yield server


def settings(folder: Path, **variables: str) -> dict[str, str]:
    """The environment of somebody without a ~/.pypirc, who uploads to the index that twine does by itself."""
    return {"HOME": str(folder), **variables}


def http(clock: Clock) -> Http:
    return Http(PATIENCE, sleep=clock.sleep, clock=clock)


def meter(out: io.StringIO | None = None) -> Meter:
    return Progress(out or io.StringIO(), Style(quiet=out is None), lambda: 0.0).begin("step", "pypi")


def unused(command: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float) -> Ended:
    raise AssertionError(f"{command} was run")


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that trusts the job."""

    def mint(resolver: auth.Resolver) -> str:
        resolver._tp_token = {"token": "pypi-s3cret"}
        return "pypi-s3cret"

    monkeypatch.setattr(auth.Resolver, "make_trusted_publishing_token", mint)


def test_a_job_that_the_index_does_not_trust_yet_may_stage_and_sign(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(resolver: auth.Resolver) -> str:
        raise exceptions.TrustedPublishingFailure("valid token, but no corresponding publisher")

    monkeypatch.setattr(auth.Resolver, "make_trusted_publishing_token", refuse)
    environ = JOB | settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/")
    found = PackageIndex(http(clock), unused, environ).preflight(bundle, meter())
    assert found.found == ()
    (problem,) = found.later
    assert "no corresponding publisher; register this repository and workflow as a trusted publisher" in problem


def attests(clock: Clock, index: Scripted, bundle: Bundle, environ: Mapping[str, str]) -> bool:
    index.script[:] = [NOTHING]
    programs = Programs(clock, index, bundle)
    at = PackageIndex(http(clock), programs, {**environ, "VIBERUN_PYPI_INDEX": f"{index.url}/simple/"})
    at.preflight(bundle, meter())
    perform("publish", at, bundle)
    return "--attestations" in programs.uploads[0]


@pytest.mark.usefixtures("trusted")
def test_a_wheel_is_attested_where_the_upload_is_by_trusted_publishing(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path
) -> None:
    nobody = settings(tmp_path)
    assert attests(clock, index, bundle, JOB | nobody)
    assert not attests(clock, index, bundle, nobody)
    elsewhere = {"TWINE_REPOSITORY_URL": "https://packages.example/", "TWINE_USERNAME": "me", "TWINE_PASSWORD": "s3"}
    assert not attests(clock, index, bundle, JOB | nobody | elsewhere)


@pytest.mark.usefixtures("trusted")
def test_a_wheel_is_not_attested_where_a_password_is_given(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path
) -> None:
    assert not attests(clock, index, bundle, JOB | settings(tmp_path, TWINE_PASSWORD="pypi-s3cret"))
    (tmp_path / ".pypirc").write_text("[pypi]\nusername = __token__\npassword = pypi-s3cret\n")
    assert not attests(clock, index, bundle, JOB | settings(tmp_path))


@pytest.mark.usefixtures("trusted")
def test_an_attestation_that_the_index_refuses_is_left_out_and_that_is_said(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path
) -> None:
    environ = JOB | settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/")
    programs = Programs(clock, index, bundle, refuses_attestations=True)
    at = PackageIndex(http(clock), programs, environ)
    at.preflight(bundle, meter())
    outcome = perform("publish", at, bundle)
    assert isinstance(outcome, Done)
    assert "without an attestation (twine upload" in outcome.what
    assert "400 Bad Request" in outcome.what
    assert ["--attestations" in upload for upload in programs.uploads] == [True, False]


@pytest.mark.usefixtures("trusted")
def test_a_service_that_signs_is_waited_for(clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path) -> None:
    environ = JOB | settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/")
    programs = Programs(clock, index, bundle, signs_after=200)
    at = PackageIndex(http(clock), programs, environ)
    at.preflight(bundle, meter())
    outcome = perform("publish", at, bundle)
    assert isinstance(outcome, Done)
    assert outcome.what.startswith("publish viberun_dev-")
    assert "attestation" not in outcome.what
    (upload,) = programs.uploads
    assert "--attestations" in upload
    assert upload[-1].endswith(".attestation")
    assert 200 <= clock.now < 250


@pytest.mark.usefixtures("trusted")
def test_without_the_service_that_signs_the_release_goes_on_and_says_so(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path
) -> None:
    environ = JOB | settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/")
    programs = Programs(clock, index, bundle, signs_after=float("inf"))
    at = PackageIndex(http(clock), programs, environ)
    at.preflight(bundle, meter())
    outcome = perform("publish", at, bundle)
    assert isinstance(outcome, Done)
    assert "without an attestation (signing failed: the transparency log is not there)" in outcome.what
    (upload,) = programs.uploads
    assert "--attestations" not in upload
    assert 500 < clock.now <= PATIENCE.lag


def sized(bundle: Bundle, *sizes: int, name: str = "viberun_dev-0.0.0.dev{}-py3-none-any.whl") -> Said:
    """An index that has files of these sizes."""
    files = [
        {"filename": name.format(number), "url": "", "hashes": hashes(bundle), "size": size}
        for number, size in enumerate(sizes)
    ]
    return Said(200, json.dumps({"files": files}).encode(), JSON)


def hashes(bundle: Bundle) -> dict[str, str]:
    wheel = bundle.artifact("wheel")
    assert wheel
    return {"sha256": wheel.digest.sha256}


def test_what_the_project_uses_of_the_public_index_is_said_and_from_80_percent_on_a_warning(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path
) -> None:
    environ = settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/", TWINE_PASSWORD="s3cret")
    at, said = PackageIndex(http(clock), unused, environ), io.StringIO()
    index.script[:] = [sized(bundle, 2 * 10**9, 10**9)]
    assert at.preflight(bundle, meter(said)).found == ()
    assert said.getvalue() == "step      pypi  viberun-dev uses 3.0 GB of the 10.0 GB that an index gives a project\n"
    for used in (8 * 10**9, 12 * 10**9):
        index.script[:] = [sized(bundle, used - 10**9, 10**9)]
        assert at.preflight(bundle, meter(said)).found == ()
        warning = f"warning: viberun-dev uses {used / 10**9:.1f} GB of the 10.0 GB that an index gives a project; delete old dev"
        assert warning in said.getvalue()


def test_what_is_there_already_takes_no_more_room_and_other_indexes_have_other_limits(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path
) -> None:
    wheel, said = bundle.artifact("wheel"), io.StringIO()
    assert wheel
    environ = settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/", TWINE_PASSWORD="s3cret")
    index.script[:] = [sized(bundle, 10 * 10**9, name=wheel.name)]
    assert PackageIndex(http(clock), unused, environ).preflight(bundle, meter(said)).found == ()
    index.script[:] = [sized(bundle, 11 * 10**9)]
    environ |= {"TWINE_REPOSITORY_URL": "https://packages.example/", "TWINE_USERNAME": "maintainer"}
    assert PackageIndex(http(clock), unused, environ).preflight(bundle, meter(said)).found == ()
    assert said.getvalue() == ""


def test_a_wheel_whose_digest_the_index_does_not_tell_is_compared_by_its_bytes(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path
) -> None:
    wheel = bundle.artifact("wheel")
    assert wheel
    at = PackageIndex(http(clock), unused, settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/"))
    index.script[:] = [listed(bundle, told=False), Said(200, wheel.path.read_bytes())]
    assert perform("verify", at, bundle) == Done("as it was built")
    index.script[:] = [listed(bundle, told=False), Said(200, b"compiled again")]
    with pytest.raises(WheelError, match="one version has one set of bytes"):
        perform("verify", at, bundle)


@pytest.mark.parametrize(
    "said", ["400 Bad Request from https://upload.example/ File already exists", "400 Bad Request"]
)
@pytest.mark.parametrize(("lag", "ends_well"), [(60, True), (1e6, False)])
def test_what_the_index_has_and_does_not_show_yet_is_waited_for(
    clock: Clock, index: Scripted, bundle: Bundle, tmp_path: Path, lag: float, ends_well: bool, said: str
) -> None:
    uploads = list[Sequence[str]]()

    def refuses(command: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float) -> Ended:
        uploads.append(command)
        return Ended(1, "", f"ERROR HTTPError: {said} ")

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now > lag:
            index.script[:] = [listed(bundle)]

    patient = Http(Patience(silence=5, lag=600), sleep=sleep, clock=clock)
    at = PackageIndex(patient, refuses, settings(tmp_path, VIBERUN_PYPI_INDEX=f"{index.url}/simple/"))
    if ends_well:
        assert perform("publish", at, bundle) == Done(f"publish {index_name(bundle)}")
        assert len(uploads) == 1
        return
    with pytest.raises((TwineUploadError, UnansweredError), match=said):
        perform("publish", at, bundle)
    assert len(uploads) <= Patience().tries


def index_name(bundle: Bundle) -> str:
    wheel = bundle.artifact("wheel")
    assert wheel
    return f"{wheel.name}, {size_text(wheel.digest.size)}"
