"""DER (X.690), as much of it as certificates' extensions and time stamps need."""

SEQUENCE, SET, INTEGER, OCTET_STRING, NULL, UTF8_STRING, GENERALIZED_TIME = 0x30, 0x31, 0x02, 0x04, 0x05, 0x0C, 0x18


def encode(tag: int, *contents: bytes) -> bytes:
    """The tag, the length of all contents together, the contents."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def integer(number: int) -> bytes:
    """A number that is not negative."""
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def object_identifier(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for number in (40 * first + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.insert(0, 0x80 | number & 0x7F)
        content += bytes(digits)
    return encode(0x06, content)


def set_of(*elements: bytes) -> bytes:
    return encode(SET, *sorted(elements))


def elements(content: bytes) -> list[tuple[int, bytes]]:
    """Tags and contents of what stands in a row; ValueError if it does not fit."""
    found = []
    while content:
        tag, size, start = content[0], content[1] if len(content) > 1 else 0, 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(content[2:start])
        if len(content) < start + size:
            raise ValueError("ends in the middle of an element")
        found.append((tag, content[start : start + size]))
        content = content[start + size :]
    return found
