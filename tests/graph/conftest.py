"""A copy of the tree without Python in it, which is asked about and never built, by a Bazel that has no network."""

import base64
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.checkout.bazel import Bazel, own_bazel, repository_cache, users_environment
from tests.checkout.copy import copy_sources
from tests.checkout.namespaces import NO_NETWORK, namespaces

LOCKS = ("*.lock", "*.lock.json", "package-lock.json")
# Looks at every target, and at all that it depends on for any platform.
EVERYTHING = "rdeps(//..., //viberun:build)"


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graph") / "tree"
    copy_sources(folder)
    return folder


def locked_downloads(tree: Path) -> Iterator[Path]:
    """Yields where a repository cache has each download that a lock names."""
    for lock in (file for pattern in LOCKS for file in tree.rglob(pattern)):
        text = lock.read_text()
        for digest in re.findall(r"\b[0-9a-f]{64}\b", text):
            yield Path("content_addressable/sha256", digest)
        for digest in re.findall(r'"sha512-(.*)"', text):
            yield Path("content_addressable/sha512", base64.b64decode(digest).hex())


@contextmanager
def offline_bazel(tree: Path, scratch: Path, settings: Sequence[str]) -> Iterator[Bazel]:
    """Gives a Bazel with an output base that is empty, and a repository cache of what the locks name and nothing else.

    Where this machine has not got every download yet, they are got first.
    """
    all_downloads = repository_cache(scratch / "info")
    downloads = scratch / "downloads"

    def link_downloads() -> None:
        for path in locked_downloads(tree):
            if (all_downloads / path).exists() and not (downloads / path).exists():
                (downloads / path).parent.mkdir(parents=True, exist_ok=True)
                (downloads / path).symlink_to(all_downloads / path)

    link_downloads()
    settings = [f"common --repository_cache={downloads}", *settings]
    with (
        namespaces(["net"], [NO_NETWORK]) as enter,
        own_bazel(tree, scratch / "offline", users_environment(), settings, enter) as bazel,
    ):
        if bazel.attempt("query", EVERYTHING).returncode:
            bazel.run("shutdown")
            settings = [f"common --repository_cache={all_downloads}"]
            with own_bazel(tree, scratch / "online", users_environment(), settings) as online:
                online.run("query", EVERYTHING)
            link_downloads()
        yield bazel


@pytest.fixture(scope="session")
def with_modules(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazel]:
    with offline_bazel(tree, tmp_path_factory.mktemp("modules"), []) as bazel:
        yield bazel


@pytest.fixture(scope="session")
def without_modules(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bazel]:
    with offline_bazel(tree, tmp_path_factory.mktemp("workspace"), ["common --config=workspace"]) as bazel:
        yield bazel
