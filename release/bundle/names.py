"""The names that a release's artifacts carry where users meet them.

Bazel's outputs cannot contain the stamp, so an artifact gets its name here, when the bundle is made. Readers never
compose these names: they find them in `channel.json` by kind and platform.
"""

from viberun.build import Build

_VERSIONED = {
    "client": "viberun-{oci}-{platform}.tar.gz",
    "server": "viberun-server-{oci}-{platform}.tar.gz",
    "sums": "SHA256SUMS-{oci}",
    "install": "install-{oci}.sh",
    "npm": "viberun-{npm}.tgz",
    "wheel": "{distribution}-{pypi}-py3-none-any.whl",
}

_PLAIN = {
    "client": "viberun-{platform}.tar.gz",
    "server": "viberun-server-{platform}.tar.gz",
    "install": "install.sh",
}

# A wheel's file name spells the distribution with underscores (binary distribution format, "escaping").
_DISTRIBUTIONS = {"dev": "viberun_dev", "prod": "viberun"}


def versioned(kind: str, build: Build, platform: str | None = None) -> str:
    """The name that never means anything else: it has the version, as the place that it goes to spells it."""
    return _VERSIONED[kind].format(
        oci=build.version.oci,
        npm=build.version.npm,
        pypi=build.version.pypi,
        distribution=_DISTRIBUTIONS[build.channel],
        platform=platform,
    )


def plain(kind: str, platform: str | None = None) -> str | None:
    """The name without a version that a prod release has as well, or None for a kind that has none."""
    template = _PLAIN.get(kind)
    return template and template.format(platform=platform)
