"""Names the images of this host, and takes a name apart.

Follows the grammar of Docker's image references: `[HOST[:PORT]/]PATH[:TAG]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from viberun import channel
from viberun.build import Build
from viberun.channel import IMAGES
from viberun.errors import UsageError

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?|\[[0-9a-fA-F:]+\](?::[0-9]{1,5})?)"
_REFERENCE = re.compile(rf"((?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}}))?")


@dataclass(frozen=True)
class Reference:
    """An image's name: `repository:tag`."""

    repository: str
    tag: str

    @classmethod
    def parse(cls, text: str, variable: str) -> Reference:
        """Reads a name; without a tag it is `latest`. Raises UsageError, which names the variable."""
        match = _REFERENCE.fullmatch(text)
        if match is None or len(text) > 400:
            raise UsageError(
                f"{variable} is {text[:100]!r}, which is no image's name",
                remedy="give it the form [HOST[:PORT]/]PATH[:TAG]",
            )
        return cls(match[1], match[2] or "latest")

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


def references(environ: Mapping[str, str]) -> dict[str, Reference]:
    """Returns the images that this host is to use, as far as something names them. Raises UsageError where nothing does."""
    named = {name: text for name in IMAGES if (text := _named(name, environ)) is not None}
    return {name: reference(name, environ) for name in named or IMAGES}


def reference(name: str, environ: Mapping[str, str]) -> Reference:
    """Returns the name of an image: the environment's, else that of this build's channel and repository."""
    variable, text = IMAGES[name], _named(name, environ)
    if text is None:
        raise UsageError(
            f"{variable} is not set, and this build knows no repository that would have the image",
            remedy=f"set {variable} to the image's name",
        )
    return Reference.parse(text, variable)


def _named(name: str, environ: Mapping[str, str]) -> str | None:
    if environ.get(IMAGES[name]):
        return environ[IMAGES[name]]
    build = Build.embedded()
    return channel.defaults(channel.active(build.version, environ), build).get(IMAGES[name])
