import pytest

from release.destinations.destination import Published
from tests.release.fabricated import DEV
from viberun.errors import ViberunError
from viberun.manifest import File, Manifest

WHEEL = File("viberun_dev-1-py3-none-any.whl", "wheel", None, 1, "a" * 64)


def test_of_a_channel_that_is_not_of_this_day_a_file_that_is_missing_is_one_line() -> None:
    published = Published(Manifest(DEV, "", (WHEEL,), {}), b"")
    assert published.file("wheel") == WHEEL
    with pytest.raises(ViberunError, match=r"^channel.json has no file of the kind npm; ask from the commit that"):
        published.file("npm")
