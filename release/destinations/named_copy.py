"""An artifact under its real name, for programs that go by the name of a file; the build calls it otherwise."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from release.bundle.model import Artifact
from release.transport import content
from viberun.errors import ViberunError


class CopyError(ViberunError):
    """There is no room for the copy, or it is not of what was bundled."""


@contextmanager
def named_copy(artifact: Artifact) -> Iterator[Path]:
    """Makes a copy in a folder of its own; both are gone afterwards. Raises CopyError."""
    place = "a temporary folder"
    with ExitStack() as stack:
        try:
            place = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            copy = Path(place) / artifact.name
            digest = content.write(artifact.path, copy)
        except OSError as error:
            raise CopyError(
                f"{artifact.name} can't be copied to {place}: {error}",
                remedy="make room there, or set TMPDIR to another folder",
            ) from error
        if digest != artifact.digest:
            raise CopyError(f"{artifact.name} was built otherwise than it was bundled")
        yield copy
