import lzma

import pytest

from tests.unit.tools.debian.fabricated import deb
from tools.debian.errors import DebianError
from tools.debian.package_file import digest, scripts


def test_every_kind_of_maintainer_script_is_found_and_nothing_else() -> None:
    texts = {
        name: f"#!/bin/sh\n# {name}\n" for name in ("preinst", "postinst", "prerm", "postrm", "config", "triggers")
    }
    found = scripts(deb({**texts, "md5sums": "x", "templates": "x"}))
    assert {name: text.decode() for name, text in found.items()} == texts


def test_a_package_without_scripts_has_none() -> None:
    assert scripts(deb()) == {}


def test_the_version_of_debhelper_makes_no_other_script() -> None:
    one = b"#!/bin/sh\n# Automatically added by dh_installdeb/13.24.2\nldconfig\n"
    assert digest(one) == digest(one.replace(b"13.24.2", b"13.26"))
    assert digest(b"# Triggers added by dh_makeshlibs/13.20\n") == digest(b"# Triggers added by dh_makeshlibs/13.23\n")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"ldconfig", b"ldconfig -v"), (b"dh_installdeb", b"dh_other"), (b"13.24.2", b"13; rm -rf /"), (b"#!", b"# !")],
)
def test_any_other_difference_makes_another_script(old: bytes, new: bytes) -> None:
    one = b"#!/bin/sh\n# Automatically added by dh_installdeb/13.24.2\nldconfig\n"
    assert digest(one) != digest(one.replace(old, new))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"!<arch>\n",
        deb()[:80],
        deb()[:200],
        deb().replace(b"control.tar.xz", b"another.tar.xz"),
        deb().replace(lzma.compress(b"")[:6], b"broken"),
    ],
    ids=["empty", "page", "header", "cut early", "cut late", "no control", "broken control"],
)
def test_what_is_no_package_is_refused(content: bytes) -> None:
    with pytest.raises(DebianError, match="not a Debian package"):
        scripts(content)
