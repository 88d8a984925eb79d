import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.destinations.npm.client import Npm, NpmError
from release.destinations.npm.destination import NpmPublishError, NpmRegistry
from release.driver.outcome import Done, Skipped, UnseenError
from release.driver.progress import Meter, Progress, Style
from release.transport.http import Http
from release.transport.patience import Patience
from release.transport.programs import Ended
from tests.release import fabricated
from tests.unit.release.driver.recorder import Recorder, perform
from tests.unit.release.transport.scripted import Said, Scripted

PATIENCE = Patience(silence=5, first=1, longest=10, total=60, lag=600, tries=2, scan=3000)
TAKEN = Ended(1, "", "npm error code E403\nnpm error 403 You cannot publish over the previously published versions")
UNSIGNED = Ended(1, "", "npm error code TLOG_CREATE_ENTRY_ERROR\nnpm error error creating tlog entry")
PUBLISHED = Ended(0, "", "")


class Registry:
    """A clock that moves as one sleeps, and a server with a package's document, which changes at given times."""

    def __init__(self, server: Scripted) -> None:
        self.now = 0.0
        self.url = f"{server.url}/"
        self.server = server
        self._next: list[tuple[float, Said]] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for when, document in list(self._next):
            if when <= self.now:
                self.server.script[:] = [document]
                self._next.remove((when, document))

    def show(self, document: Said, *, after: float = 0) -> None:
        """The document from so many seconds from now on."""
        self._next.append((self.now + after, document))
        self.sleep(0)


def document(bundle: Bundle, *, content: bytes | None = None, newer: bool = False) -> Said:
    """What the registry says once it has the bundle's package, or one of other content, or of a newer build."""
    artifact = bundle.artifact("npm")
    assert artifact
    version = (fabricated.NEWER if newer else bundle.manifest.build).version.npm
    digest = hashlib.sha512(content or artifact.path.read_bytes()).digest()
    dist = {"integrity": f"sha512-{base64.b64encode(digest).decode()}"}
    versions = {known: {"dist": dist} for known in (version, "0.0.0-dev.20200101000000")}
    return Said(200, json.dumps({"versions": versions, "dist-tags": {"dev": version}}).encode())


BEFORE = Said(
    200,
    json.dumps(
        {
            "versions": {"0.0.0-dev.20200101000000": {"dist": {"shasum": "0"}}},
            "dist-tags": {"dev": "0.0.0-dev.20200101000000"},
        }
    ).encode(),
)


class FakeNpm:
    """Answers as npm: `published` is called for each upload, with its number from 1."""

    def __init__(self, registry: Registry, published: Callable[[int], Ended], **said: Ended) -> None:
        self._published = published
        self._said = {
            "config": Ended(0, registry.url, ""),
            "profile": Ended(1, "", "npm error code ENEEDAUTH"),
            "whoami": Ended(1, "", "npm error code ENEEDAUTH\nnpm error need auth This command requires you to log in"),
            "npm": Ended(0, "11.5.1", ""),
            "node": Ended(0, "v22.14.0", ""),
            **said,
        }
        self.uploads: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float) -> Ended:
        if command[1] == "publish":
            self.uploads.append(command)
            return self._published(len(self.uploads))
        return self._said[command[0] if command[1] == "--version" else command[1]]


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return fabricated.make(tmp_path, images=False)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Scripted(BEFORE) as server:
        yield Registry(server)


def destination(
    registry: Registry,
    npm: FakeNpm,
    environ: Mapping[str, str] | None = None,
) -> NpmRegistry:
    http = Http(PATIENCE, sleep=registry.sleep, clock=registry)
    return NpmRegistry(http, Npm(npm, PATIENCE), environ or {})


def meter() -> Meter:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0).begin("step", "npm")


def job(registry: Registry) -> dict[str, str]:
    """The environment of a job of Actions with `id-token: write`."""
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{registry.url}id?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-s3cret",
    }


def identity(visibility: str = "public") -> str:
    """A token as GitHub makes them, of a repository that is public or not."""
    claims = base64.urlsafe_b64encode(json.dumps({"repository_visibility": visibility}).encode()).decode().rstrip("=")
    return f"header.{claims}.identity-s3cret"


def trusted(*, visibility: str = "public", exchange: Said | None = None) -> list[Said]:
    """What a preflight hears where the exchange comes out like this."""
    token = exchange or Said(201, b'{"token": "npm-s3cret"}')
    return [BEFORE, Said(200, json.dumps({"value": identity(visibility)}).encode()), token, BEFORE]


def test_a_version_that_the_registry_shows_minutes_after_the_upload_is_published(
    registry: Registry, bundle: Bundle
) -> None:
    def published(number: int) -> Ended:
        registry.show(document(bundle), after=2400)  # looked through for malware first
        return PUBLISHED

    outcome = perform("publish", destination(registry, npm := FakeNpm(registry, published)), bundle)
    assert outcome == Done(f"publish viberun@{bundle.manifest.build.version.npm}, 2.0 kB")
    assert registry.now >= 2400
    assert len(npm.uploads) == 1


def test_a_plan_names_what_is_published_and_the_dist_tag_that_moves_with_it(registry: Registry, bundle: Bundle) -> None:
    at, version = destination(registry, FakeNpm(registry, lambda number: PUBLISHED)), bundle.manifest.build.version.npm
    assert [str(change) for change in (*at.publish(bundle), *at.promote(Published.of(bundle)))] == [
        f"publish viberun@{version}",
        f"move dist-tag dev from 0.0.0-dev.20200101000000 to {version}",
    ]


def test_a_version_that_the_registry_never_shows_is_an_error(registry: Registry, bundle: Bundle) -> None:
    at = destination(registry, npm := FakeNpm(registry, lambda number: PUBLISHED))
    with pytest.raises(UnseenError, match=f"not shown: publish viberun@{bundle.manifest.build.version.npm}"):
        perform("publish", at, bundle)
    assert 2900 < registry.now <= PATIENCE.scan
    assert len(npm.uploads) == 1


def test_a_version_that_was_published_before_is_waited_for_and_compared(registry: Registry, bundle: Bundle) -> None:
    def taken(number: int) -> Ended:
        registry.show(document(bundle), after=120)
        return TAKEN

    assert isinstance(perform("publish", destination(registry, FakeNpm(registry, taken)), bundle), Done)
    registry.show(BEFORE)

    def taken_by_others(number: int) -> Ended:
        registry.show(document(bundle, content=b"compiled again"), after=120)
        return TAKEN

    with pytest.raises(NpmPublishError, match="not what was built here"):
        perform("publish", destination(registry, FakeNpm(registry, taken_by_others)), bundle)


def test_a_signing_service_that_fails_for_a_while_is_waited_for(registry: Registry, bundle: Bundle) -> None:
    def published(number: int) -> Ended:
        if registry.now < 200:
            return UNSIGNED
        registry.show(document(bundle))
        return PUBLISHED

    outcome = perform("publish", destination(registry, npm := FakeNpm(registry, published)), bundle)
    assert outcome == Done(f"publish viberun@{bundle.manifest.build.version.npm}, 2.0 kB")
    assert not any("--provenance=false" in upload for upload in npm.uploads)


def test_after_a_long_failure_of_the_signing_service_the_release_goes_on_and_says_so(
    registry: Registry, bundle: Bundle
) -> None:
    def published(number: int) -> Ended:
        if "--provenance=false" not in npm.uploads[-1]:
            return UNSIGNED
        registry.show(document(bundle))
        return PUBLISHED

    outcome = perform("publish", destination(registry, npm := FakeNpm(registry, published)), bundle)
    assert isinstance(outcome, Done)
    assert "without provenance" in outcome.what
    assert "TLOG_CREATE_ENTRY_ERROR" in outcome.what
    assert registry.now > 500


def test_nothing_is_said_of_the_provenance_of_what_was_there_when_the_signing_service_came_back(
    registry: Registry, bundle: Bundle
) -> None:
    def published(number: int) -> Ended:
        if registry.now < 30:
            return UNSIGNED
        registry.show(document(bundle), after=60)
        return TAKEN

    outcome = perform("publish", destination(registry, FakeNpm(registry, published)), bundle)
    assert outcome == Done(f"publish viberun@{bundle.manifest.build.version.npm}, 2.0 kB")


def test_the_dist_tag_does_not_go_back_after_the_signing_service_was_waited_for(
    registry: Registry, bundle: Bundle, tmp_path: Path
) -> None:
    newer = fabricated.make(tmp_path / "newer", fabricated.NEWER, images=False)

    def published(number: int) -> Ended:
        assert registry.now < 100, "published an older build over a newer one"
        if number == 1:
            registry.show(document(bundle, newer=True), after=100)
        return UNSIGNED

    keeper = Recorder("keeper", [], held=lambda each: Published.of(each if registry.now < 100 else newer))
    outcome = perform("publish", destination(registry, FakeNpm(registry, published)), bundle, keeper)
    assert outcome == Skipped(f"left to {fabricated.NEWER.version}, which has taken its place")
    registry.show(BEFORE)
    registry.now = 0
    with pytest.raises(NpmPublishError, match="never goes back"):
        perform("publish", destination(registry, FakeNpm(registry, published)), bundle)


@pytest.mark.parametrize(
    ("profile", "needed"),
    [
        ('{"name": "me", "tfa": {"pending": false, "mode": "auth-and-writes"}}', True),
        ('{"name": "me", "tfa": {"pending": false, "mode": "auth-only"}}', False),
        ('{"name": "me", "tfa": false}', False),
        ("npm error code E403", False),
    ],
)
@pytest.mark.parametrize("terminal", [False, True])
def test_a_second_factor_takes_a_terminal_before_the_claim(
    registry: Registry, bundle: Bundle, profile: str, needed: bool, terminal: bool
) -> None:
    registry.show(BEFORE)
    said = {"profile": Ended(0 if "{" in profile else 1, profile, profile), "whoami": Ended(0, "me", "")}
    npm = FakeNpm(registry, lambda _: PUBLISHED, **said)
    http = Http(PATIENCE, sleep=registry.sleep, clock=registry)
    at = NpmRegistry(http, Npm(npm, PATIENCE, npm if terminal else None), {})
    found = at.preflight(bundle, meter())
    assert found.found == ()
    assert bool(found.later) is (needed and not terminal)
    package = bundle.artifact("npm")
    assert package
    way_on = (
        f"'npm publish DIR/npm/{package.name} --tag dev' (its sha256 is {package.digest.sha256}), and then the same"
    )
    assert all("second factor on a terminal" in each and way_on in each for each in found.later)


def test_what_npm_has_already_takes_nobody(registry: Registry, bundle: Bundle) -> None:
    registry.show(document(bundle))
    found = destination(registry, FakeNpm(registry, lambda _: PUBLISHED)).preflight(bundle, meter())
    assert (found.found, found.later) == ((), ())


EOTP = Ended(1, "", "npm error code EOTP\nnpm error This operation requires a one-time password.")


def test_the_second_factor_is_given_to_npm_at_the_terminal(registry: Registry, bundle: Bundle) -> None:
    asked = list[Sequence[str]]()

    def at_terminal(command: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float) -> Ended:
        asked.append(command)
        registry.show(document(bundle))
        return PUBLISHED

    npm = FakeNpm(registry, lambda number: EOTP)
    http = Http(PATIENCE, sleep=registry.sleep, clock=registry)
    assert isinstance(perform("publish", NpmRegistry(http, Npm(npm, PATIENCE, at_terminal), {}), bundle), Done)
    assert [command[:2] for command in (*npm.uploads, *asked)] == 2 * [["npm", "publish"]]


def test_where_there_is_no_terminal_for_the_second_factor_the_way_on_is_told(
    registry: Registry, bundle: Bundle
) -> None:
    npm = FakeNpm(registry, lambda number: EOTP)
    with pytest.raises(NpmPublishError, match=r"EOTP.*on a terminal.*'npm publish DIR/npm/viberun-.* --tag dev'"):
        perform("publish", destination(registry, npm), bundle)
    assert len(npm.uploads) == 1


def test_a_job_can_stage_before_a_person_has_made_the_package(registry: Registry, tmp_path: Path) -> None:
    registry.server.script[:] = [Said(404)]
    prod = fabricated.make(tmp_path / "prod", fabricated.PROD)
    found = destination(registry, FakeNpm(registry, lambda _: PUBLISHED), job(registry)).preflight(prod, meter())
    (problem,) = found.later
    assert found.found == ()
    assert "there is no package viberun yet, and npm has only a person make one; make the folder DIR with" in problem
    package = prod.artifact("npm")
    assert package
    assert f"--tag latest' (its sha256 is {package.digest.sha256}), and then the same command again" in problem


@pytest.mark.parametrize(("count", "warned"), [(3999, False), (4001, True)])
def test_many_versions_are_a_warning_while_npm_takes_more(
    registry: Registry, bundle: Bundle, count: int, warned: bool
) -> None:
    versions = {f"0.0.0-dev.{20200101000000 + number}": {"dist": {"shasum": "0"}} for number in range(count)}
    registry.server.script[:] = [Said(200, json.dumps({"versions": versions, "dist-tags": {}}).encode())]
    said = io.StringIO()
    progress = Progress(said, Style(), lambda: 0.0)
    destination(registry, FakeNpm(registry, lambda _: PUBLISHED)).preflight(bundle, progress.begin("preflight", "npm"))
    assert f"viberun has {count} versions" in said.getvalue()
    assert bool(progress.warnings) is warned


def test_a_job_that_the_registry_trusts_needs_no_login_and_signs(registry: Registry, bundle: Bundle) -> None:
    def published(number: int) -> Ended:
        registry.show(document(bundle))
        return PUBLISHED

    registry.server.script[:] = trusted()
    at = destination(registry, npm := FakeNpm(registry, published), job(registry))
    assert at.preflight(bundle, meter()).found == ()
    asked, exchanged = registry.server.heard[1:3]
    assert asked.path == "/id?api-version=2.0&audience=npm%3A127.0.0.1"
    assert asked.headers["authorization"] == "Bearer request-s3cret"
    assert exchanged.path == "/-/npm/v1/oidc/token/exchange/package/viberun"
    assert exchanged.headers["authorization"] == f"Bearer {identity()}"
    perform("publish", at, bundle)
    assert {"--provenance", "--access", "public"} <= set(npm.uploads[0])


def test_what_is_built_in_a_private_repository_is_in_no_public_log(registry: Registry, bundle: Bundle) -> None:
    def published(number: int) -> Ended:
        registry.show(document(bundle))
        return PUBLISHED

    registry.server.script[:] = trusted(visibility="private")
    at = destination(registry, npm := FakeNpm(registry, published), job(registry))
    assert at.preflight(bundle, meter()).found == ()
    perform("publish", at, bundle)
    assert "--provenance" not in npm.uploads[0]


def test_a_job_that_the_registry_refuses_is_told_of_the_trusted_publisher_and_no_token(
    registry: Registry, bundle: Bundle
) -> None:
    says = f'{{"message": "no match for {identity()} of request-s3cret"}}'.encode()
    registry.server.script[:] = trusted(exchange=Said(404, says))
    npm = FakeNpm(registry, lambda number: PUBLISHED)
    (problem,) = destination(registry, npm, job(registry)).preflight(bundle, meter()).later
    assert "make this repository and workflow its trusted publisher" in problem
    assert "no match for *** of ***" in problem


def test_a_job_that_the_registry_refuses_may_be_logged_in(registry: Registry, bundle: Bundle) -> None:
    registry.server.script[:] = trusted(exchange=Said(404))
    npm = FakeNpm(registry, lambda number: PUBLISHED, whoami=Ended(0, "maintainer", ""))
    assert destination(registry, npm, job(registry)).preflight(bundle, meter()).found == ()


@pytest.mark.parametrize(
    ("program", "version", "problem"),
    [
        ("npm", "11.5.0", "npm is 11.5.0, and trusted publishing takes 11.5.1"),
        ("node", "v22.13.1", r"Node.js is 22.13.1, and trusted publishing takes 22.14"),
    ],
)
def test_programs_too_old_for_trusted_publishing_are_found_beforehand(
    registry: Registry, bundle: Bundle, program: str, version: str, problem: str
) -> None:
    registry.server.script[:] = trusted()
    npm = FakeNpm(registry, lambda number: PUBLISHED, **{program: Ended(0, version, "")})
    (found,) = destination(registry, npm, job(registry)).preflight(bundle, meter()).found
    assert problem in found


def test_a_token_that_npm_did_not_get_is_asked_for_once_more(registry: Registry, bundle: Bundle) -> None:
    def published(number: int) -> Ended:
        if number == 1:
            return Ended(1, "", "npm error code ENEEDAUTH\nnpm error need auth")
        registry.show(document(bundle))
        return PUBLISHED

    registry.server.script[:] = trusted()
    at = destination(registry, FakeNpm(registry, published), job(registry))
    at.preflight(bundle, meter())
    assert isinstance(perform("publish", at, bundle), Done)


def test_without_trust_a_missing_login_is_no_reason_to_try_again(registry: Registry, bundle: Bundle) -> None:
    npm = FakeNpm(registry, lambda number: Ended(1, "", "npm error code ENEEDAUTH\nnpm error need auth"))
    with pytest.raises(NpmError, match="npm login"):
        perform("publish", destination(registry, npm), bundle)
    assert len(npm.uploads) == 1
