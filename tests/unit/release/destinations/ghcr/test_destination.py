import base64
import hashlib
import io
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from release.bundle.model import Bundle
from release.destinations.destination import Published
from release.destinations.ghcr import credentials
from release.destinations.ghcr.authorization import Authorization
from release.destinations.ghcr.credentials import CredentialsError
from release.destinations.ghcr.destination import ContainerRegistry
from release.destinations.ghcr.image import INDEX, ImageError, ImageManifest, read
from release.destinations.ghcr.referrer import Referrer
from release.destinations.ghcr.registry import Registry
from release.driver.outcome import Done, Skipped, UnseenError
from release.driver.progress import Meter, Progress, Style
from release.transport.http import Http
from release.transport.patience import Patience
from tests.release import layouts
from tests.release.servers.docker_registry import DockerRegistry
from tests.release.servers.token_server import TokenServer
from tests.unit.release.driver.recorder import Recorder, perform
from viberun.build import Build
from viberun.errors import UsageError, ViberunError
from viberun.manifest import Image, Manifest
from viberun.version import Version

OWNER = "some-owner/viberun"
REPOSITORIES = {f"{OWNER}/viberun", f"{OWNER}/viberun-proxy"}


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    with TokenServer({"maintainer": "s3cret"}) as tokens:
        yield tokens


@pytest.fixture
def registry(tokens: TokenServer, tmp_path: Path) -> Iterator[DockerRegistry]:
    folder = tmp_path / "registry"
    folder.mkdir()
    with DockerRegistry(folder, tokens=tokens) as registry:
        yield registry


def bundle(folder: Path, second: int, text: str = "viberun", *, at: str = "ghcr.io") -> Bundle:
    """A dev build with two images that share a layer; `text` is what is only in this build, `at` its registry."""
    version = Version.parse(f"0.0.0-dev.202601251230{second:02}+abc{second:04}")
    commit = f"abc{second:04}" + 33 * "0"
    build = Build(version, "dev", commit, f"2026-01-25T12:30:{second:02}Z", "Some-Owner/viberun", registry=at)
    shared = {"base": b"debian" * 5000}
    images = tuple(
        layouts.make(folder / str(second) / name, name, {name: f"{name} {text}".encode()}, shared)
        for name in ("viberun", "viberun-proxy")
    )
    named = {each.name: Image(f"{at}/{OWNER}/{each.name}:dev", each.digest) for each in images}
    return Bundle(Manifest(build, "", (), named), (), images)


def http() -> Http:
    return Http(Patience(silence=5, first=0.01, longest=0.05, total=20))


def hasty() -> Http:
    """Does not wait for what a registry may show later."""
    return Http(Patience(silence=5, first=0.01, longest=0.05, total=20, lag=0))


def login(registry: DockerRegistry, folder: Path, user: str = "maintainer", password: str = "s3cret") -> dict[str, str]:
    """The environment of somebody who ran `docker login`."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    return {"VIBERUN_OCI_REGISTRY": registry.host, "DOCKER_CONFIG": str(folder)}


def destination(environ: Mapping[str, str], over: Http | None = None) -> ContainerRegistry:
    return ContainerRegistry(over or http(), environ)


def keeper(*held: Bundle | Published) -> Recorder:
    """Says whose the channel is: that of the first of these, then of the next; the last one keeps it."""
    published = [Published.of(each) if isinstance(each, Bundle) else each for each in held]
    return Recorder("keeper", [], held=lambda _: published.pop(0) if len(published) > 1 else published[0])


def meter() -> Meter:
    return Progress(io.StringIO(), Style(quiet=True), lambda: 0.0).begin("step", "ghcr")


def release(at: ContainerRegistry, released: Bundle) -> list[Done | Skipped]:
    return [perform(step, at, released) for step in ("stage", "promote", "verify")]


def inspected(registry: DockerRegistry, name: str, tag: str) -> str:
    """The digest that skopeo finds."""
    reference = f"docker://{registry.host}/{OWNER}/{name}:{tag}"
    command = [
        "skopeo",
        "--insecure-policy",
        "inspect",
        "--tls-verify=false",
        "--no-creds",
        "--format",
        "{{.Digest}}",
        reference,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def test_images_of_both_architectures_are_there_for_anybody(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    released = bundle(tmp_path, 1, at=registry.host)
    at = destination(login(registry, tmp_path))
    assert at.preflight(released, meter()).found == ()
    outcomes = release(at, released)
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    for image in released.images:
        for tag in (released.manifest.build.version.oci, "dev"):
            assert inspected(registry, image.name, tag) == image.digest
    copied = tmp_path / "copied"
    reference = f"docker://{registry.host}/{OWNER}/viberun-proxy:dev"
    command = [
        "skopeo",
        "--insecure-policy",
        "copy",
        "--quiet",
        "--all",
        "--src-tls-verify=false",
        "--src-no-creds",
        reference,
        f"oci:{copied}",
    ]
    subprocess.run(command, check=True, timeout=60)
    assert {path.name for path in (copied / "blobs/sha256").iterdir()} == {
        file.digest.sha256 for file in released.images[1].files if file.name.startswith("blobs/")
    }


def test_what_is_there_is_not_sent_again(registry: DockerRegistry, tokens: TokenServer, tmp_path: Path) -> None:
    tokens.public |= REPOSITORIES
    environ, released = login(registry, tmp_path), bundle(tmp_path, 1, at=registry.host)
    release(destination(environ), released)
    again = http()
    outcomes = release(destination(environ, over=again), released)
    assert again.traffic.writes == 0
    assert [type(outcome) for outcome in outcomes] == [Skipped, Skipped, Done]


def test_a_layer_that_another_image_of_the_release_has_is_mounted(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    released, over = bundle(tmp_path, 1, at=registry.host), http()
    outcome = perform("stage", destination(login(registry, tmp_path), over=over), released)
    assert isinstance(outcome, Done)
    sizes = {file.digest.sha256: file.digest.size for image in released.images for file in image.files}
    assert over.traffic.sent < sum(sizes.values())


def test_only_the_changed_layer_of_the_next_release_is_sent(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    environ = login(registry, tmp_path)
    release(destination(environ), bundle(tmp_path, 1, at=registry.host))
    changed = bundle(tmp_path, 2, "changed", at=registry.host)
    planned = [*destination(environ).stage(changed)]
    outcome = perform("stage", destination(environ), changed)
    # A layer and a configuration for each of two architectures and two images.
    assert sum(change.verb == "upload" for change in planned) == 8
    assert isinstance(outcome, Done)
    assert outcome.what.startswith("upload 8, ")


@dataclass(frozen=True)
class Staged:
    """Two builds that the registry has, neither of which its moving tags name; `environ` is logged in."""

    environ: Mapping[str, str]
    older: Bundle
    newer: Bundle


@pytest.fixture
def staged(registry: DockerRegistry, tokens: TokenServer, tmp_path: Path) -> Staged:
    tokens.public |= REPOSITORIES
    environ = login(registry, tmp_path)
    staged = Staged(
        environ, bundle(tmp_path, 1, "older", at=registry.host), bundle(tmp_path, 2, "newer", at=registry.host)
    )
    for each in (staged.older, staged.newer):
        perform("stage", destination(environ), each)
    return staged


def test_a_build_that_has_taken_the_channel_moves_its_tags_itself(registry: DockerRegistry, staged: Staged) -> None:
    environ, older, newer = staged.environ, staged.older, staged.newer
    said = Skipped(f"left to {newer.manifest.build.version}, which has taken its place")
    assert perform("promote", destination(environ), older, keeper(newer)) == said
    with pytest.raises(subprocess.CalledProcessError):
        inspected(registry, "viberun", "dev")
    perform("promote", destination(environ), newer)
    assert inspected(registry, "viberun", "dev") == newer.images[0].digest
    perform("verify", destination(environ), older, keeper(newer))


def test_a_claim_in_the_middle_of_a_promotion_is_followed(registry: DockerRegistry, staged: Staged) -> None:
    environ, older, newer = staged.environ, staged.older, staged.newer
    perform("promote", destination(environ), older, keeper(older, newer))
    assert inspected(registry, "viberun", "dev") == newer.images[0].digest


def test_a_build_that_takes_the_channel_while_it_is_looked_at_has_taken_its_place(
    registry: DockerRegistry, staged: Staged
) -> None:
    environ, older, newer = staged.environ, staged.older, staged.newer
    perform("promote", destination(environ), newer)
    said = Skipped(f"left to {newer.manifest.build.version}, which has taken its place")
    assert perform("verify", destination(environ), older, keeper(older, older, newer)) == said
    fewer = replace(newer.manifest, images={"viberun": newer.manifest.images["viberun"]})
    assert perform("verify", destination(environ), older, keeper(Published(fewer, b""))) == said


def test_a_moving_tag_that_is_elsewhere_is_an_error_that_names_both_digests(
    registry: DockerRegistry, staged: Staged
) -> None:
    environ, older, newer = staged.environ, staged.older, staged.newer
    perform("promote", destination(environ), newer)
    for name in range(2):
        is_there, wanted = newer.images[name].digest, older.images[name].digest
        with pytest.raises(ViberunError, match=f"{older.images[name].name}:dev is {is_there}, not {wanted}"):
            perform("verify", destination(environ, over=hasty()), older)


def test_another_image_under_the_same_version_is_an_error(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    environ = login(registry, tmp_path)
    first = bundle(tmp_path / "first", 1, at=registry.host)
    perform("stage", destination(environ), first)
    other = bundle(tmp_path / "other", 1, "other", at=registry.host)
    assert any("one version has one image" in found for found in destination(environ).preflight(other, meter()).found)
    with pytest.raises(ViberunError, match=f"is {first.images[0].digest}, not {other.images[0].digest}"):
        perform("stage", destination(environ), other)


def test_a_package_that_is_not_public_ends_the_release_before_anything_moves(
    registry: DockerRegistry, tmp_path: Path
) -> None:
    environ, released = login(registry, tmp_path), bundle(tmp_path, 1, at=registry.host)
    with pytest.raises(ViberunError, match=r"without a login.*visibility to public"):
        perform("stage", destination(environ), released)
    found = destination(environ).preflight(released, meter()).found
    assert any("visibility to public" in problem for problem in found)


def test_a_login_that_may_not_push_is_found_beforehand(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.read_only.add("maintainer")
    found = destination(login(registry, tmp_path)).preflight(bundle(tmp_path, 1, at=registry.host), meter()).found
    assert len(found) == 2
    assert all("write:packages" in problem for problem in found)


def test_in_actions_the_package_may_have_to_let_the_repository_in(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.read_only.add("maintainer")
    environ = {"VIBERUN_OCI_REGISTRY": registry.host, "DOCKER_CONFIG": str(tmp_path), "GITHUB_ACTIONS": "true"}
    environ |= {"GITHUB_ACTOR": "maintainer", "GITHUB_TOKEN": "s3cret"}
    found = destination(environ).preflight(bundle(tmp_path, 1, at=registry.host), meter()).found
    assert len(found) == 2
    assert all("'packages: write'" in problem and "Manage Actions access" in problem for problem in found)


def test_a_wrong_password_is_found_beforehand_and_not_shown(registry: DockerRegistry, tmp_path: Path) -> None:
    environ = login(registry, tmp_path, password="wr0ng-secret")
    found = "\n".join(destination(environ).preflight(bundle(tmp_path, 1, at=registry.host), meter()).found)
    assert "incorrect username or password" in found
    assert "wr0ng-secret" not in found


def test_without_a_login_the_remedy_is_told(registry: DockerRegistry, tmp_path: Path) -> None:
    environ = {"VIBERUN_OCI_REGISTRY": registry.host, "DOCKER_CONFIG": str(tmp_path)}
    assert "docker login" in destination(environ).preflight(bundle(tmp_path, 1, at=registry.host), meter()).found[0]
    actions = {**environ, "GITHUB_ACTOR": "maintainer", "GITHUB_TOKEN": "s3cret"}
    assert destination(actions).preflight(bundle(tmp_path, 1, at=registry.host), meter()).found == ()


def test_a_configuration_of_docker_that_is_broken_is_a_problem_among_all(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    at = destination({"DOCKER_CONFIG": str(tmp_path)})
    with pytest.raises(CredentialsError, match="can't be read"):
        at.preflight(bundle(tmp_path, 1), meter())


@pytest.mark.parametrize("address", ["https://me:s3cret@registry.example/", "me:s3cret@registry.example"])
def test_an_address_with_a_login_is_refused_and_not_shown(address: str) -> None:
    with pytest.raises(UsageError, match=r"not of the form host\[:port\]") as caught:
        destination({"VIBERUN_OCI_REGISTRY": address})
    assert "s3cret" not in str(caught.value)


def test_tokens_that_have_run_out_as_they_come_are_not_asked_for_again_and_again(
    tokens: TokenServer, registry: DockerRegistry, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    tokens.life = -70  # refused at once, leeway included; each request has to ask again
    environ = login(registry, tmp_path)
    with pytest.raises(ViberunError, match="401"):
        perform("stage", destination(environ), bundle(tmp_path, 1, at=registry.host))
    tokens.life = 300
    release(destination(environ), bundle(tmp_path, 1, at=registry.host))


def test_who_logged_in_with_an_identity_token_may_push(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    tokens.identities["identity-s3cret"] = "maintainer"
    environ, released = login(registry, tmp_path), bundle(tmp_path, 1, at=registry.host)
    config = {"auths": {registry.host: {"identitytoken": "identity-s3cret"}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    at = destination(environ)
    assert at.preflight(released, meter()).found == ()
    release(at, released)
    assert inspected(registry, "viberun", "dev") == released.images[0].digest
    tokens.identities.clear()
    found = "\n".join(destination(environ).preflight(released, meter()).found)
    assert "invalid_grant" in found
    assert "identity-s3cret" not in found


def test_a_registry_with_passwords_is_pushed_to_as_well(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    with DockerRegistry(folder, users={"maintainer": "s3cret"}) as registry:
        environ, released = login(registry, tmp_path), bundle(tmp_path, 1, at=registry.host)
        at = destination(environ)
        with pytest.raises(ViberunError, match="without a login"):
            perform("stage", at, released)
        perform("promote", at, released)
        digests = [at._registry.digest(f"{OWNER}/{image.name}", "dev") for image in released.images]
        assert digests == [image.digest for image in released.images]


def test_a_build_without_a_repository_has_nowhere_to_go(tmp_path: Path) -> None:
    released = bundle(tmp_path, 1)
    build = replace(released.manifest.build, repository=None)
    images = {name: replace(image, ref=None) for name, image in released.manifest.images.items()}
    released = replace(released, manifest=replace(released.manifest, build=build, images=images))
    assert "names no repository" in destination({}).preflight(released, meter()).found[0]


def test_a_build_of_another_registry_is_refused(registry: DockerRegistry, tmp_path: Path) -> None:
    (found,) = destination(login(registry, tmp_path)).preflight(bundle(tmp_path, 1), meter()).found
    assert found == (
        f"this was built for images at ghcr.io, not at {registry.host}; build it again with VIBERUN_OCI_REGISTRY={registry.host}"
    )


def test_images_are_looked_for_where_the_manifest_names_them(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    (folder := tmp_path / "other").mkdir()
    with DockerRegistry(folder, tokens=tokens) as other:
        there, elsewhere = (bundle(tmp_path / each.host, 1, at=each.host) for each in (registry, other))
        at = destination(login(registry, tmp_path), hasty())
        release(at, there)
        assert list(at.verify(there)) == []
        assert {change.subject.partition("/")[0] for change in at.verify(elsewhere)} == {other.host}
        assert len(list(at.verify(elsewhere))) == 10
        nowhere = destination({})
        assert nowhere.standing(Published.of(there)).wrong == ()
        assert len(nowhere.standing(Published.of(elsewhere)).wrong) == 2


SIGNATURE = b'{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}\n'


def named(registry: DockerRegistry, digest: str) -> list[dict[str, Any]]:
    """What the fall-back tag of an image lists, as anybody sees it."""
    anybody = ContainerRegistry(http(), {}).anybody(registry.host)
    index = anybody.manifest(f"{OWNER}/viberun", digest.replace(":", "-"))
    return list(json.loads(index.content)["manifests"]) if index else []


def test_the_signature_of_a_build_is_found_from_each_image(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    released, environ = bundle(tmp_path, 1, at=registry.host), login(registry, tmp_path)
    signed = list[bytes]()
    at = ContainerRegistry(http(), environ, lambda _: signed[-1] if signed else None)
    assert [change.verb for change in at.publish(released)] == ["attach", "attach"]
    perform("stage", at, released)
    signed.append(SIGNATURE)
    assert perform("publish", at, released) == Done("attach 2")
    assert perform("publish", at, released) == Skipped()
    anybody = at.anybody(registry.host)
    for image in released.images:
        repository = f"{OWNER}/{image.name}"
        index = anybody.manifest(repository, image.digest.replace(":", "-"))
        assert index
        (entry,) = json.loads(index.content)["manifests"]
        assert entry["artifactType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
        manifest = anybody.manifest(repository, entry["digest"])
        assert manifest
        fields = json.loads(manifest.content)
        assert fields["subject"]["digest"] == image.digest
        (layer,) = fields["layers"]
        assert anybody.has_blob(repository, layer["digest"])
        assert layer["digest"] == f"sha256:{hashlib.sha256(SIGNATURE).hexdigest()}"


def test_a_signature_stands_beside_what_else_is_about_the_image(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    released, environ = bundle(tmp_path, 1, at=registry.host), login(registry, tmp_path)
    for signature in (SIGNATURE, b"another"):
        at = ContainerRegistry(http(), environ, lambda _, signature=signature: signature)  # type: ignore[misc]
        perform("stage", at, released)
        perform("publish", at, released)
    assert len({each["digest"] for each in named(registry, released.images[0].digest)}) == 2


def test_without_the_signature_an_image_is_not_as_it_was_built(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    released, environ = bundle(tmp_path, 1, at=registry.host), login(registry, tmp_path)
    release(destination(environ), released)
    at = ContainerRegistry(hasty(), environ, lambda _: SIGNATURE)
    with pytest.raises(UnseenError, match="does not name the signature"):
        perform("verify", at, released)
    perform("publish", at, released)
    perform("verify", at, released)


def test_what_others_have_where_an_images_signatures_are_listed_stays_and_keeps_no_release_back(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    released, environ = bundle(tmp_path, 1, at=registry.host), login(registry, tmp_path)
    release(destination(environ), released)
    at = ContainerRegistry(hasty(), environ, lambda _: SIGNATURE)
    own, other = read(released.images[0]), at.anybody(registry.host)
    repository, tag = f"{OWNER}/viberun", own.index.digest.replace(":", "-")
    as_owner = Registry(
        http(), f"http://{registry.host}", Authorization(http(), credentials.find(registry.host, environ))
    )
    as_owner.push_manifest(repository, own.manifests[0], tag)
    assert f"{repository}:{tag} stays as it is" in str(perform("publish", at, released))
    perform("verify", at, released)
    assert other.digest(repository, tag) == own.manifests[0].digest


@pytest.mark.parametrize("text", ["[]", "{}", '{"manifests":null}', '{"manifests":[{}]}', '{"manifests":["x"]}', "\0"])
def test_what_lists_no_signatures_is_not_written_over(text: str) -> None:
    subject = ImageManifest(f"sha256:{64 * 'a'}", INDEX, b"{}")
    referrer, there = Referrer.of(SIGNATURE, subject), ImageManifest(f"sha256:{64 * 'b'}", INDEX, text.encode())
    for ask in (referrer.is_in, referrer.added_to):
        with pytest.raises(ImageError, match="what lists an image's signatures can't be read"):
            ask(there)


def test_a_signature_that_another_run_lists_meanwhile_stays_listed(
    registry: DockerRegistry, tokens: TokenServer, tmp_path: Path
) -> None:
    tokens.public |= REPOSITORIES
    released, environ = bundle(tmp_path, 1, at=registry.host), login(registry, tmp_path)
    release(destination(environ), released)
    slow, fast = (
        ContainerRegistry(http(), environ, lambda _, signature=signature: signature)  # type: ignore[misc]
        for signature in (SIGNATURE, b"another")
    )
    changes = list(slow.publish(released))
    perform("publish", fast, released)
    for change in changes:
        assert change.make
        change.make(Progress(io.StringIO(), Style(quiet=True), lambda: 0.0).begin("publish", "ghcr"))
    assert len({each["digest"] for each in named(registry, released.images[0].digest)}) == 2
