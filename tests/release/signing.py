"""Signatures of builds in tests: by a signer in the process, which takes milliseconds, and by jobs of a Sigstore server."""

import json
from collections.abc import Callable
from pathlib import Path

from release.signing.job import NotAllowedError
from release.signing.signer import Signer, Trust
from release.signing.statement import statement
from tests.sigstore.claims import Claims, claims
from tests.sigstore.instance import Instance
from tests.sigstore.signing import sign
from viberun.build import Build
from viberun.manifest import Manifest
from viberun.sigstore.trusted_root import TrustedRoot


def varied(build: Build) -> dict[str, str]:
    """In what the run that releases a build differs from the one that claims() is about."""
    return {
        "repository": build.repository or "",
        "repository_id": build.repository_id or "",
        "ref": "refs/heads/main" if build.channel == "dev" else f"refs/tags/{build.version.git}",
        "sha": build.commit,
    }


class InProcess(Signer):
    """Signs whatever it is given as the run that releases it; `hinders` says why it doesn't."""

    def __init__(self) -> None:
        self.instance = Instance()
        self.hinders: NotAllowedError | None = None
        super().__init__(TrustedRoot.parse(json.dumps(self.instance.trusted_root())))

    def hindrance(self, build: Build) -> NotAllowedError | None:
        return self.hinders

    def sign(self, manifest: Manifest, note: Callable[[str], None]) -> bytes:
        if self.hinders:
            raise self.hinders
        return self.signed(manifest, claims(**varied(manifest.build)))

    def signed(self, manifest: Manifest, job: Claims) -> bytes:
        self.instance.authority.github = manifest.build.github
        return sign(self.instance, statement(manifest, job), job) + b"\n"


def written(instance: Instance, folder: Path, host: str | None = None) -> Trust:
    """Writes an instance's two documents; its services are asked at another `host` where one stands in front."""
    trust = Trust(folder / "trusted_root.json", folder / "signing_config.json")
    trust.trusted_root.write_text(json.dumps(instance.trusted_root()))
    config = json.dumps(instance.signing_config())
    trust.signing_config.write_text(config.replace(instance.url, f"http://{host}") if host else config)
    return trust
