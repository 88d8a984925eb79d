import lzma

import pytest

from tests.unit.tools.debian.fabricated import deb
from tools.debian.errors import DebianError
from tools.debian.package_file import scripts


def test_every_kind_of_maintainer_script_is_found_and_nothing_else() -> None:
    texts = {
        name: f"#!/bin/sh\n# {name}\n" for name in ("preinst", "postinst", "prerm", "postrm", "config", "triggers")
    }
    found = scripts(deb({**texts, "md5sums": "x", "templates": "x"}))
    assert {name: text.decode() for name, text in found.items()} == texts


def test_a_package_without_scripts_has_none() -> None:
    assert scripts(deb()) == {}


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
