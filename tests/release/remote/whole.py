"""Whether a release stands whole at all four places, by what the servers themselves have."""

import hashlib
import json
from datetime import UTC, datetime
from email.message import Message
from urllib.request import ProxyHandler, Request, build_opener

from release.bundle.model import Bundle
from release.destinations.ghcr.image import ACCEPTED
from release.destinations.npm.packument import Tarball
from tests.release.remote.stack import IMAGES, Stack
from viberun import provenance
from viberun.sigstore.release_workflow import Repository
from viberun.sigstore.trusted_root import TrustedRoot

_OPENER = build_opener(ProxyHandler({}))
_WITHIN = 20.0


def get(url: str, **headers: str) -> bytes:
    """Asks a server, not its gate."""
    with _OPENER.open(Request(url, headers=headers), timeout=_WITHIN) as response:
        return bytes(response.read())


def send(request: Request) -> Message:
    """Sends one to a server, not to its gate, and returns the headers of the answer."""
    with _OPENER.open(request, timeout=_WITHIN) as response:
        headers: Message = response.headers
        return headers


def put(url: str, content: bytes, **headers: str) -> None:
    send(Request(url, content, headers, method="PUT"))


def check_whole(servers: Stack, bundle: Bundle) -> None:
    """Raises AssertionError where a release is not complete, not right, or has left something behind."""
    check_github(servers, bundle)
    check_images(servers, bundle)
    check_packages(servers, bundle)


def check_github(servers: Stack, bundle: Bundle) -> None:
    repository, build = servers.github.repository, bundle.manifest.build
    (release,) = (each for each in repository.releases.values() if each.tag == build.version.git)
    assets = {asset.name: asset for asset in repository.assets_of(release.id)}
    for wanted in bundle.assets:
        assert assets[wanted.name].digest == f"sha256:{wanted.digest.sha256}", wanted.name
    assert assets["channel.json"].content == bundle.manifest.to_json().encode()
    root = TrustedRoot.parse(json.dumps(servers.sigstore.instance.trusted_root()))
    trusted = Repository(build.repository or "", build.repository_id, build.github)
    signature = assets[bundle.manifest.signature_name].content or b""
    provenance.check(bundle.manifest, bundle.manifest.to_json().encode(), signature, trusted, root, datetime.now(UTC))
    assert "channel.new.json" not in assets
    assert {asset.state for asset in assets.values()} == {"uploaded"}
    assert repository.refs[f"refs/tags/{build.version.git}"] == build.commit
    assert build.commit in (release.body or "")
    assert (release.draft, release.prerelease) == (False, build.channel == "dev")
    assert build.channel == "dev" or repository.latest_release() == release


def check_images(servers: Stack, bundle: Bundle) -> None:
    for image, layout in zip(IMAGES, bundle.images, strict=True):
        token = servers.tokens.token(None, (f"repository:{image}:pull",))
        for tag in (bundle.manifest.build.version.oci, bundle.manifest.build.version.moving):
            url = f"{servers.registry.url}/v2/{image}/manifests/{tag}"
            content = get(url, Authorization=f"Bearer {token}", Accept=", ".join(ACCEPTED))
            assert f"sha256:{hashlib.sha256(content).hexdigest()}" == layout.digest, f"{image}:{tag}"


def check_packages(servers: Stack, bundle: Bundle) -> None:
    version, npm, wheel = bundle.manifest.build.version, bundle.artifact("npm"), bundle.artifact("wheel")
    assert npm
    assert wheel
    project = wheel.name.partition(f"-{version.pypi}-")[0].replace("_", "-")
    document = json.loads(get(f"{servers.verdaccio.url}/viberun"))
    dist = document["versions"][version.npm]["dist"]
    assert Tarball(dist["integrity"], None).is_of(npm.path)
    assert document["dist-tags"][version.moving] == version.npm
    assert hashlib.sha256(get(dist["tarball"])).hexdigest() == npm.digest.sha256
    assert f"{wheel.name}#sha256={wheel.digest.sha256}" in get(f"{servers.pypi.url}/simple/{project}/").decode()
