"""The kinds of files in a release: what each is called where users meet it, and where it lies.

A new kind is a line here, and one among `viberun.manifest.KINDS`. Bazel's outputs cannot contain the stamp, so an artifact
gets its name when the bundle is made. Readers never compose these names: they find them in `channel.json` by kind and platform.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from viberun.build import Build

ASSETS = "github/"
"""The folder of a local channel with what the GitHub release holds."""


@dataclass(frozen=True)
class FileKind:
    """`name` has the version, as the place that the file goes to spells it, so it never means anything else.

    `plain` is the second name, without the version, that a prod release has for what people download by hand. Those files
    are in SHA256SUMS. `folder` is that of a local channel; what lies in another than ASSETS is no asset of the GitHub release.
    """

    name: str
    plain: str | None = None
    folder: str = ASSETS


KINDS: Mapping[str, FileKind] = {
    "client": FileKind("viberun-{oci}-{platform}.tar.gz", plain="viberun-{platform}.tar.gz"),
    "server": FileKind("viberun-server-{oci}-{platform}.tar.gz", plain="viberun-server-{platform}.tar.gz"),
    "sums": FileKind("SHA256SUMS-{oci}"),
    "install": FileKind("install-{oci}.sh", plain="install.sh"),
    "npm": FileKind("viberun-{npm}.tgz", folder="npm/"),
    "wheel": FileKind("{distribution}-{pypi}-py3-none-any.whl", folder="pypi/"),
}

# A wheel's file name spells the distribution with underscores (binary distribution format, "escaping").
_DISTRIBUTIONS = {"dev": "viberun_dev", "prod": "viberun"}


def versioned(kind: str, build: Build, platform: str | None = None) -> str:
    """Spells the name of a build's file that never moves."""
    return KINDS[kind].name.format(
        oci=build.version.oci,
        npm=build.version.npm,
        pypi=build.version.pypi,
        distribution=_DISTRIBUTIONS[build.channel],
        platform=platform,
    )


def plain(kind: str, platform: str | None = None) -> str | None:
    """Spells the name without a version that a prod release has as well; None for a kind that has none."""
    template = KINDS[kind].plain
    return template and template.format(platform=platform)


def folder(kind: str) -> str:
    """Says where a file lies in a local channel. What is in no table is a second name, or the manifest: an asset."""
    return KINDS[kind].folder if kind in KINDS else ASSETS
