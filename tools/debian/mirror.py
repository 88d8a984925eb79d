"""Finds where Debian's archives can be had from this machine, and gets files from there.

In this order: `DEBIAN_MIRROR`, what apt is configured with, Debian's snapshot archive. private/lock.bzl
does the same in repository rules.
"""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from tools.debian.errors import DebianError, NotFoundError
from tools.debian.process import Run

SNAPSHOT = "https://snapshot.debian.org/archive"
_LABELS = {"debian": "Debian", "debian-security": "Debian-Security"}
_ABSENT = (403, 404, 410)
_ATTEMPTS = 3
_TIMEOUT_SECONDS = 30


class Fetch(Protocol):
    """Returns what is at a URL. Raises NotFoundError, or DebianError when nothing answers."""

    def __call__(self, url: str, /) -> bytes: ...


@dataclass(frozen=True)
class Mirrors:
    """The roots that may have each archive, the best first; each ends with a slash."""

    roots: Mapping[str, Sequence[str]]
    fetch: Fetch

    def get(self, archive: str, path: str) -> bytes:
        """Returns the file from the first mirror that has it. Raises NotFoundError with what each of them said."""
        answers = []
        for root in self.roots[archive]:
            try:
                return self.fetch(root + path)
            except DebianError as error:
                answers.append(f"\n    {error.message}")
        raise NotFoundError(f"no mirror has {archive}/{path}:{''.join(answers)}")


def configured(
    archives: Iterable[str], environment: Mapping[str, str], run: Run, now: datetime
) -> dict[str, list[str]]:
    """Returns the roots of each archive.

    `DEBIAN_MIRROR` is the address of a mirror's `debian`; `debian-security` is looked for beside it, and so is an archive
    of which apt knows no source.
    The snapshot archive is asked for its state at `now`.
    """
    own = environment.get("DEBIAN_MIRROR", "").rstrip("/").removesuffix("/debian")
    targets: list[str] = []
    # Before its first update apt lists the sources only when asked for no more than the addresses.
    for option in ((), ("--no-release-info",)):
        listed = run(["apt-get", "indextargets", *option, "--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages"])
        targets += listed.stdout.decode().splitlines() if listed.returncode == 0 else []
    roots: dict[str, list[str]] = {}
    for archive in archives:
        found = [f"{own}/{archive}/"] if own else []
        for root, _, label in (target.partition(" ") for target in targets):
            # apt knows no label before its first update: then the address has to tell.
            if label == _LABELS[archive] or (label == "$(LABEL)" and urlsplit(root).path.endswith(f"/{archive}/")):
                found.append(root)
        roots[archive] = list(dict.fromkeys(found))
    for archive, found in roots.items():
        beside = [
            f"{root.removesuffix('debian/')}{archive}/" for root in roots.get("debian", ()) if root.endswith("/debian/")
        ]
        roots[archive] = [*(found or beside), f"{SNAPSHOT}/{archive}/{now:%Y%m%dT%H%M%SZ}/"]
    return roots


def checks_valid_until(run: Run) -> bool:
    """Whether apt is set to refuse release files that have expired, as it is by default."""
    setting = run(["apt-config", "dump", "--format", "%v%n", "Acquire::Check-Valid-Until"])
    return setting.stdout.decode().strip().lower() not in ("no", "false", "without", "off", "disable", "0")


def fetch_with_retries(url: str, *, sleep: Callable[[float], None] = time.sleep) -> bytes:
    """`Fetch` over the network: three attempts, each given up after 30 seconds of silence."""
    problem: Exception | None = None
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(2.0**attempt)
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            if error.code in _ABSENT:
                raise NotFoundError(f"{url}: {error.code} {error.reason}") from error
            problem = error
        except (OSError, http.client.HTTPException) as error:
            problem = error
    raise DebianError(f"{url}: {problem}")
