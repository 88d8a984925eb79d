"""Where Debian's archives can be had from this machine, and getting a file from there.

In this order: `DEBIAN_MIRROR`, what apt is configured with, Debian's snapshot archive. debian.bzl does the same for Bazel.
"""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from tools.debian.errors import DebianError
from tools.debian.process import Run

SNAPSHOT = "https://snapshot.debian.org/archive"
_TIMEOUT_SECONDS = 30
_ATTEMPTS = 3
_LABELS = {"debian": "Debian", "debian-security": "Debian-Security"}


class NotFound(DebianError):
    """The mirror answers, and has no such file."""


class Fetch(Protocol):
    """Returns what is at a URL. Raises NotFound, or DebianError when the mirror does not answer."""

    def __call__(self, url: str, /) -> bytes: ...


@dataclass(frozen=True)
class Mirrors:
    """Every root that may have an archive, the best first. Roots end with a slash."""

    roots: Mapping[str, Sequence[str]]
    fetch: Fetch

    def get(self, archive: str, path: str) -> bytes:
        """The file from the first mirror that has it. Raises DebianError with what each of them said."""
        answers = []
        for root in self.roots[archive]:
            try:
                return self.fetch(root + path)
            except DebianError as error:
                answers.append(str(error))
        raise NotFound("\n    ".join([f"no mirror has {archive}/{path}:", *answers]))


def configured(archives: Sequence[str], environment: Mapping[str, str], run: Run, now: datetime) -> dict[str, list[str]]:
    """The roots of each archive. `DEBIAN_MIRROR` is the address of `…/debian`; its security archive is looked for beside it.
    `now` is the time at which the snapshot archive is asked."""
    own = environment.get("DEBIAN_MIRROR", "").rstrip("/").removesuffix("/debian")
    targets = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages"])
    roots: dict[str, list[str]] = {}
    for archive in archives:
        found = [f"{own}/{archive}/"] if own else []
        for line in targets.stdout.decode().splitlines() if targets.returncode == 0 else ():
            root, _, label = line.partition(" ")
            if label == _LABELS[archive] or (label == "$(LABEL)" and urlsplit(root).path.endswith(f"/{archive}/")):
                found.append(root)
        found.append(f"{SNAPSHOT}/{archive}/{now:%Y%m%dT%H%M%SZ}/")
        roots[archive] = list(dict.fromkeys(found))
    return roots


def fetch_with_retries(url: str, sleep: Callable[[float], None] = time.sleep) -> bytes:
    """`Fetch` over the network: three attempts, each cut off after 30 seconds without an answer."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(2.0**attempt)
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            if error.code in (403, 404, 410):
                raise NotFound(f"{url}: {error.code} {error.reason}") from error
            problem: Exception = error
        except (OSError, http.client.HTTPException) as error:
            problem = error
    raise DebianError(f"{url}: {problem}")
