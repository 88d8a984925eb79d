"""Writes one layer: the gzip-compressed tar archive of its entries, and the two digests that identify it.

Sorted, one time, no name of a user or machine; see tools/archive for what makes the bytes the same everywhere.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tools.archive import gzip, tar

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Blob:
    """A layer that stands in a file. `digest` and `size` are of the compressed bytes, `diff_id` and `unpacked` of the
    archive (OCI image-spec, config.md)."""

    digest: str
    diff_id: str
    size: int
    unpacked: int


def write(entries: Iterable[tar.Entry], mtime: int, path: Path, level: int) -> Blob:
    """Writes the layer to `path`. `level` is libdeflate's, 1 to 12."""
    archive = b"".join(tar.chunks(entries, mtime))
    compressed = gzip.compress(archive, level)
    path.write_bytes(compressed)
    return Blob(sha256(compressed), sha256(archive), len(compressed), len(archive))


def sha256(content: bytes) -> str:
    """Returns the OCI digest of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
