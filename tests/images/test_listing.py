"""The whole file system of each image, held against a listing that somebody has read."""

import difflib
from pathlib import Path

import pytest

from tests.images import contents, listing
from tests.images.conftest import layout

_RENEW = "bazel run //tests/images:renew_listings"


@pytest.mark.parametrize("architecture", contents.ARCHITECTURES)
def test_every_path_is_one_that_was_reviewed(name: str, architecture: str) -> None:
    golden = Path(__file__).parent / "golden" / f"{name}.{architecture}.txt"
    reviewed = golden.read_text().splitlines()
    found = listing.write(contents.read(layout(name), architecture)).splitlines()
    difference = list(difflib.unified_diff(reviewed, found, "reviewed", "found", lineterm="", n=2))
    if difference:
        shown = "\n".join(difference[:200])
        pytest.fail(f"{golden.name} differs; if that is meant: {_RENEW}, and read what changed\n{shown}", pytrace=False)
