import pytest

from tests.unit.tools.oci.samples import installed, package
from tools.oci.configuration import apt


def test_apt_goes_to_the_snapshot_of_every_archive() -> None:
    (entry,) = apt.files(installed(package("apt")), "trixie", "20260125T123045Z")
    text = bytes(entry.data).decode()
    assert [line for line in text.splitlines() if line.startswith(("URIs", "Suites"))] == [
        "URIs: https://snapshot.debian.org/archive/debian/20260125T123045Z",
        "Suites: trixie trixie-updates",
        "URIs: https://snapshot.debian.org/archive/debian-security/20260125T123045Z",
        "Suites: trixie-security",
    ]
    assert text.count("Check-Valid-Until: no") == 2
    assert text.count("\n\n") == 1


def test_without_apt_there_is_nothing_and_no_moment_is_refused() -> None:
    assert apt.files(installed(), "trixie", "20260125T123045Z") == []
    with pytest.raises(ValueError, match="yesterday"):
        apt.files(installed(package("apt")), "trixie", "yesterday")
