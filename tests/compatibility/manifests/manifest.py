"""The build that every manifest of this folder tells of, in the words of its time."""

from __future__ import annotations

from pathlib import Path

from tests.unit.viberun.installed import BUILD
from viberun.manifest import File, Image, Manifest
from viberun.platforms import PLATFORMS

PAST = sorted(Path(__file__).with_name("past").glob("*.json"))
TOMORROW = sorted(Path(__file__).with_name("tomorrow").glob("*.json"))

_OCI = BUILD.version.oci

MANIFEST = Manifest(
    BUILD,
    "",
    (
        *(File(f"viberun-{_OCI}-{each}.tar.gz", "client", each, 11_000_000, "a" * 64) for each in PLATFORMS),
        *(File(f"viberun-server-{_OCI}-{each}.tar.gz", "server", each, 9_000_000, "b" * 64) for each in PLATFORMS[:2]),
        File(f"SHA256SUMS-{_OCI}", "sums", None, 600, "c" * 64),
        File(f"install-{_OCI}.sh", "install", None, 21_000, "d" * 64),
        File(f"viberun-{BUILD.version.npm}.tgz", "npm", None, 41_000_000, "e" * 64),
        File(f"viberun_dev-{BUILD.version.pypi}-py3-none-any.whl", "wheel", None, 300_000, "f" * 64),
    ),
    {
        "viberun": Image("ghcr.io/owner/name/viberun:dev", f"sha256:{'1' * 64}"),
        "viberun-proxy": Image("ghcr.io/owner/name/viberun-proxy:dev", f"sha256:{'2' * 64}"),
    },
)
