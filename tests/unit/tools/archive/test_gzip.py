import gzip as reference
import hashlib
import io
import random
from collections.abc import Callable

import pytest

from tools.archive import gzip


def sample() -> bytes:
    """Text, runs and noise: enough of each that a compressor has choices to make. The same everywhere."""
    source = random.Random(20260101)
    words = [source.randbytes(source.randrange(2, 12)).hex() for _ in range(2000)]
    text = " ".join(source.choice(words) for _ in range(60_000)).encode()
    return text + bytes(100_000) + source.randbytes(200_000) + text[10_000:300_000]


@pytest.mark.parametrize("level", [1, 6, 9])
def test_what_is_compressed_comes_back(level: int) -> None:
    assert reference.decompress(gzip.compress(sample(), level)) == sample()


def test_the_bytes_are_these_on_every_machine() -> None:
    """Digests that an x86-64 with AVX-512, the same without AVX2, and an arm64 agreed on; other bytes are another release."""
    assert hashlib.sha256(sample()).hexdigest()[:16] == "fb1f2eec8a6832fb"
    digests = {level: hashlib.sha256(gzip.compress(sample(), level)).hexdigest()[:16] for level in (1, 6, 9)}
    assert digests == {1: "6e0c9f3e9b674c8f", 6: "f3f0b5b1d96bacd2", 9: "df3f96325604e4c4"}


def test_writing_in_pieces_makes_the_same_bytes() -> None:
    data = sample()

    def written(pieces: Callable[[], list[bytes]]) -> bytes:
        out = io.BytesIO()
        with gzip.Writer(out, level=6) as writer:
            for piece in pieces():
                writer.write(piece)
        return out.getvalue()

    whole = written(lambda: [data])
    assert whole == written(lambda: [data[i : i + 77_777] for i in range(0, len(data), 77_777)])
    assert whole == gzip.compress(data, 6)


def test_an_interrupted_writer_writes_nothing() -> None:
    out = io.BytesIO()

    def interrupted() -> None:
        with gzip.Writer(out) as writer:
            writer.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert out.getvalue() == b""
