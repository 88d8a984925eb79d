import struct

from tools.oci.configuration import loader_cache

LIBRARIES = {
    "libz.so.1": "/lib/x86_64-linux-gnu/libz.so.1",
    "libodd.so": "/lib/x86_64-linux-gnu/libodd-1.2.so",
    "libfoo.so.9": "/lib/x86_64-linux-gnu/libfoo.so.9",
    "libfoo.so.10": "/lib/x86_64-linux-gnu/libfoo.so.10",
}


def entries(cache: bytes) -> list[tuple[int, str, str]]:
    """The cache as dl-cache.h has it: flags, soname, path."""
    assert cache.startswith(b"glibc-ld.so.cache1.1")
    count, size = struct.unpack_from("<II", cache, 20)
    assert len(cache) == 48 + 24 * count + size
    found = []
    for index in range(count):
        flags, key, value, _, _ = struct.unpack_from("<iIIIQ", cache, 48 + 24 * index)
        found.append((flags, _text(cache, key), _text(cache, value)))
    return found


def _text(cache: bytes, offset: int) -> str:
    return cache[offset : cache.index(b"\0", offset)].decode()


def test_every_library_is_in_it_by_its_soname() -> None:
    assert {soname: path for _, soname, path in entries(loader_cache.write(LIBRARIES, "amd64"))} == LIBRARIES


def test_it_is_sorted_as_the_loader_searches_it() -> None:
    """From the last to the first, numbers by their value: the loader searches by halves."""
    names = [soname for _, soname, _ in entries(loader_cache.write(LIBRARIES, "amd64"))]
    assert names == ["libz.so.1", "libodd.so", "libfoo.so.10", "libfoo.so.9"]


def test_each_architecture_has_its_flags() -> None:
    for architecture, flags in (("amd64", 0x0303), ("arm64", 0x0A03)):
        assert {entry[0] for entry in entries(loader_cache.write(LIBRARIES, architecture))} == {flags}


def test_the_order_of_the_libraries_does_not_matter() -> None:
    backwards = dict(reversed(LIBRARIES.items()))
    assert loader_cache.write(LIBRARIES, "amd64") == loader_cache.write(backwards, "amd64")
