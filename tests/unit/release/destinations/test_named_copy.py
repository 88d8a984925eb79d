from dataclasses import replace
from pathlib import Path

import pytest

from release.bundle.model import Artifact
from release.destinations.named_copy import CopyError, named_copy
from release.transport.content import digest_of

NAME = "viberun-1.2.3.tgz"


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    built = tmp_path / "npm"
    built.write_bytes(b"package")
    return Artifact(NAME, "npm", None, digest_of(built), built)


def test_a_copy_has_the_name_and_the_bytes_and_is_gone_afterwards(artifact: Artifact) -> None:
    with named_copy(artifact) as copy:
        assert (copy.name, copy.read_bytes()) == (NAME, b"package")
    assert not copy.parent.exists()


def test_a_folder_that_cannot_be_written_to_is_named(artifact: Artifact) -> None:
    unwritable = replace(artifact, name=f"missing/{NAME}")
    with pytest.raises(CopyError, match=f"{NAME} can't be copied to /.*: .*; .* set TMPDIR"), named_copy(unwritable):
        raise AssertionError("there is no copy")


def test_what_was_not_built_or_is_not_what_was_bundled_is_an_error(artifact: Artifact) -> None:
    artifact.path.write_bytes(b"compiled again")
    with pytest.raises(CopyError, match=f"{NAME} was built otherwise than it was bundled"), named_copy(artifact):
        raise AssertionError("there is no copy")
    artifact.path.unlink()
    with pytest.raises(CopyError, match=f"{NAME} can't be copied to /"), named_copy(artifact):
        raise AssertionError("there is no copy")


def test_an_error_of_who_uses_the_copy_is_left_as_it_is(artifact: Artifact) -> None:
    with pytest.raises(OSError, match="my own"), named_copy(artifact):
        raise OSError("my own")
