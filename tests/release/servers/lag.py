"""Registries that show what they have taken only after a while: what a gate answers of the past."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

type Answered = tuple[int, list[tuple[str, str]], bytes]

Shown = Callable[[str, bytes], Iterable[str]]
"""Tells at which paths a change, by its address and body, will be shown."""

ACCEPTED = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
)


@dataclass
class Lag:
    """What was at a path before a change is what reads get for `seconds` after it; `logged_in`: who has to log in is told so."""

    shown: Shown
    clock: Callable[[], float]
    seconds: float = 0
    logged_in: bool = False
    _before: dict[str, list[tuple[float, Answered]]] = field(default_factory=dict)

    def changed(self, url: str, body: bytes, fetch: Callable[[str], Answered | None]) -> None:
        """Hears of a change that is about to be made; `fetch` reads as who makes it."""
        for path in self.shown(url, body) if self.seconds else ():
            if past := fetch(path):
                self._before.setdefault(path, []).append((self.clock(), past))

    def past(self, url: str, *, known: bool) -> Answered | None:
        """Returns what a read gets, None: what there is. `known`: it says who reads."""
        if self.logged_in and not known:
            return None
        seen = self._before.get(urlsplit(url).path, ())
        return next((past for when, past in seen if when > self.clock() - self.seconds), None)


def images(url: str, body: bytes) -> Iterable[str]:
    """A registry's, by the OCI distribution specification."""
    split = urlsplit(url)
    query = parse_qs(split.query)
    if match := re.fullmatch(r"(/v2/.+/manifests/).+", split.path):
        return split.path, f"{match[1]}sha256:{hashlib.sha256(body).hexdigest()}"
    if match := re.fullmatch(r"(/v2/.+/blobs/)uploads/.*", split.path):
        return [f"{match[1]}{digest}" for digest in (*query.get("digest", ()), *query.get("mount", ()))]
    return ()


def npm(url: str, body: bytes) -> Iterable[str]:
    return ("/viberun",)


def index(url: str, body: bytes) -> Iterable[str]:
    return "/simple/viberun/", "/simple/viberun-dev/"
