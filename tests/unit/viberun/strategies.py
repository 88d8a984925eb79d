"""What the property tests draw from: any version, build and manifest that can exist.

Also how they run: a machine that is busy fails no test, and nothing is left in the source tree.
"""

from __future__ import annotations

import datetime

from hypothesis import settings
from hypothesis import strategies as st

from viberun.build import Build
from viberun.channel import IMAGES
from viberun.fields import MOST
from viberun.manifest import KINDS, PLATFORM_KINDS, File, Image, Manifest
from viberun.platforms import PLATFORMS
from viberun.version import Version

settings.register_profile("viberun", deadline=None, database=None, print_blob=True)
settings.load_profile("viberun")

LAST_SECOND = int(datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.timezone.utc).timestamp())


def hexes(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=length, max_size=length)


seconds = st.integers(0, LAST_SECOND)
commits = hexes(40)
numbers = st.one_of(st.integers(0, 12), st.integers(0, 10**9 - 1))

dev_versions = st.builds(Version.dev, seconds, commits, st.booleans())
clean_dev_versions = st.builds(Version.dev, seconds, commits, st.just(False))
prod_versions = st.builds(Version, st.tuples(numbers, numbers, numbers))
versions = st.one_of(dev_versions, prod_versions)

repositories = st.none() | st.from_regex(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,9}/[._]{0,3}[A-Za-z0-9_-][A-Za-z0-9._-]{0,9}", fullmatch=True
)


registries = st.sampled_from(("ghcr.io", "registry.example.org:5000"))


@st.composite
def builds(draw: st.DrawFn) -> Build:
    second, commit = draw(seconds), draw(commits)
    version = draw(prod_versions) if draw(st.booleans()) else Version.dev(second, commit, draw(st.booleans()))
    committed = datetime.datetime.fromtimestamp(second, datetime.timezone.utc).isoformat()[:19] + "Z"
    github, registry = draw(st.sampled_from(("https://github.com", "https://ghe.example.org/git"))), draw(registries)
    number = draw(st.none() | st.integers(1, 10**19 - 1).map(str))
    return Build(version, version.channel, commit, committed, draw(repositories), github, registry, number)


@st.composite
def files(draw: st.DrawFn) -> File:
    kind = draw(st.sampled_from(KINDS))
    platform = draw(st.sampled_from(PLATFORMS)) if kind in PLATFORM_KINDS else None
    name = draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,19}", fullmatch=True))
    return File(name, kind, platform, draw(st.integers(1, MOST)), draw(hexes(64)))


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    build = draw(builds())
    drawn = draw(st.lists(files(), max_size=5, unique_by=lambda file: file.name))
    images = {}
    for name in draw(st.sets(st.sampled_from(list(IMAGES)))):
        ref = None if build.repository is None else f"ghcr.io/owner/name/{name}:{build.version.moving}"
        images[name] = Image(ref, f"sha256:{draw(hexes(64))}")
    return Manifest(build, draw(st.sampled_from(["", "github/", "a/b.c/"])), tuple(drawn), images)
