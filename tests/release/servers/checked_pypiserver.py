"""pypiserver, with the one check that the public index has and it has not: an upload is what its digest says.

Without it half an upload would be taken for a file, and no name on an index can be given twice.
"""

import hashlib
import io
import sys
from typing import BinaryIO

# passlib, which reads the password file, breaks on import where there is a current bcrypt.
sys.modules["bcrypt"] = None  # type: ignore[assignment]

from pypiserver import backend  # noqa: E402
from pypiserver.__main__ import main  # noqa: E402
from pypiserver.bottle_wrapper import HTTPError, request  # noqa: E402

_TAKE = backend.SimpleFileBackend.add_package


def _add_package(self: backend.SimpleFileBackend, filename: str, stream: BinaryIO) -> None:
    content, digest = stream.read(), request.forms.get("sha256_digest")
    if digest and hashlib.sha256(content).hexdigest() != digest:
        raise HTTPError(400, "The digest supplied does not match a digest calculated from the uploaded file.")
    _TAKE(self, filename, io.BytesIO(content))


if __name__ == "__main__":
    backend.SimpleFileBackend.add_package = _add_package
    main()
