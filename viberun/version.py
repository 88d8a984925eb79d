"""Makes, reads, compares and spells the one version of a build: here and nowhere else.

A dev version is `0.0.0` at a moment of the history: the commit's timestamp orders it, and the first
seven characters of the commit tell it from another that claims the same moment. A prod version is
what the tag `vX.Y.Z` says. There are spellings because each registry allows other characters.
"""

from __future__ import annotations

import datetime
import enum
import re
from dataclasses import dataclass
from typing import Literal

from viberun.errors import VersionError

Channel = Literal["dev", "prod"]

# The name in a registry that always stands at a channel's newest version.
MOVING: dict[Channel, str] = {"dev": "dev", "prod": "latest"}

SPELLINGS = ("semver", "npm", "pypi", "oci", "git")

_SHA = re.compile(r"[0-9a-f]{7}")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Nine digits: below every limit that a registry or a language sets on one number of a version.
NUMBERS = r"\.".join(3 * [r"(0|[1-9][0-9]{0,8})"])
_PROD = re.compile(f"v?{NUMBERS}")
_DEV = (
    # semver and npm, and oci, which has no plus sign
    re.compile(r"v?0\.0\.0-dev\.([0-9]{14})(?:[+-]([0-9a-f]{7})(\.dirty)?)?"),
    # PEP 440; without the g where a tool normalised the semver spelling
    re.compile(r"v?0\.0\.0\.dev([0-9]{14})(?:\+g?([0-9a-f]{7})(\.dirty)?)?"),
)


class Order(enum.Enum):
    """How one version stands to another."""

    OLDER = "older"
    SAME = "same"
    NEWER = "newer"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Version:
    """A version of viberun, whatever its spelling was.

    `release` is 0.0.0 for dev. `timestamp` is `YYYYMMDDhhmmss` in UTC, and None for prod. `sha` is
    None where the spelling that was read does not carry it (npm's and PyPI's); only a version that
    has it can be `dirty`: built from something other than exactly its commit.
    """

    release: tuple[int, int, int]
    timestamp: str | None = None
    sha: str | None = None
    dirty: bool = False

    def __post_init__(self) -> None:
        if self.timestamp is None:
            valid = self.sha is None and not self.dirty
        else:
            valid = self.release == (0, 0, 0) and (
                not self.dirty if self.sha is None else _SHA.fullmatch(self.sha) is not None
            )
        if not valid or any(not 0 <= number < 10**9 for number in self.release):
            raise VersionError(f"these facts make no version: {vars(self)}")
        if self.timestamp is not None:
            moment(self.timestamp)

    @classmethod
    def dev(cls, epoch_seconds: int, commit: str, dirty: bool) -> Version:
        """Returns the dev version of a commit (40 hex digits) whose timestamp is `epoch_seconds`.

        The timestamp has been maximised along first parents already. Raises VersionError.
        """
        if _COMMIT.fullmatch(commit) is None:
            raise VersionError(f"{commit!r} is no commit: it takes 40 lower-case hex digits")
        return cls((0, 0, 0), f"{instant(epoch_seconds):%Y%m%d%H%M%S}", commit[:7], dirty)

    @classmethod
    def prod(cls, text: str) -> Version:
        """Returns the prod version that a tag `vX.Y.Z`, or the bare `X.Y.Z`, names. Raises VersionError."""
        match = _PROD.fullmatch(text)
        if match is None:
            raise VersionError(f"{text!r} is not of the form vX.Y.Z")
        major, minor, patch = match.groups()
        return cls((int(major), int(minor), int(patch)))

    @classmethod
    def parse(cls, text: str) -> Version:
        """Reads any spelling, with or without a leading `v` and surrounding white space.

        A channel's name (`dev`, `latest`) is no version. Raises VersionError.
        """
        spelt = text.strip()
        for pattern in _DEV:
            match = pattern.fullmatch(spelt)
            if match is not None:
                timestamp, sha, dirty = match.groups()
                return cls((0, 0, 0), timestamp, sha, dirty is not None)
        if _PROD.fullmatch(spelt) is not None:
            return cls.prod(spelt)
        raise VersionError(f"{text!r} is not a version of viberun")

    @property
    def channel(self) -> Channel:
        return "prod" if self.timestamp is None else "dev"

    @property
    def semver(self) -> str:
        """Semantic Versioning 2.0.0; the sha is build metadata."""
        if self.sha is None:
            return self.npm
        return f"{self.npm}+{self.sha}{self._dirt}"

    @property
    def npm(self) -> str:
        """As npm stores it: semver without build metadata, so sha and dirt are lost."""
        return self._numbers if self.timestamp is None else f"{self._numbers}-dev.{self.timestamp}"

    @property
    def pypi(self) -> str:
        """PEP 440, normalised. No index takes a local version, so only a dirty one has the sha."""
        if self.timestamp is None:
            return self._numbers
        # The g keeps an all-digit sha from being normalised as a number, which drops zeros.
        local = f"+g{self.sha}.dirty" if self.dirty else ""
        return f"{self._numbers}.dev{self.timestamp}{local}"

    @property
    def oci(self) -> str:
        """A tag that never moves, and the version in asset names: no plus sign in it."""
        if self.sha is None:
            return self.npm
        return f"{self.npm}-{self.sha}{self._dirt}"

    @property
    def git(self) -> str:
        """The GitHub release and its ref, which for dev moves and so can't be read back."""
        return f"v{self._numbers}" if self.timestamp is None else "dev"

    @property
    def moving(self) -> str:
        """The image tag and npm dist-tag that moves along with the channel."""
        return MOVING[self.channel]

    @property
    def spellings(self) -> dict[str, str]:
        """Every spelling by its name, in the order of SPELLINGS."""
        return {name: getattr(self, name) for name in SPELLINGS}

    @property
    def precedence(self) -> tuple[tuple[int, int, int], bool, str]:
        """A key to sort by: semver's precedence, and PEP 440's order of the public versions."""
        return (self.release, self.timestamp is None, self.timestamp or "")

    def compare(self, other: Version) -> Order:
        """Says whether this version is older or newer than `other`, by precedence.

        Any dev version is older than any prod one; that says nothing about what they contain, so
        look at the channels first where it matters. At equal precedence two commits, or a clean
        and a dirty build, are UNKNOWN. A missing sha agrees with any clean build, as timestamps are
        unique on main and nothing else gets to where spellings lose it.
        """
        if self.precedence != other.precedence:
            return Order.OLDER if self.precedence < other.precedence else Order.NEWER
        if self.dirty != other.dirty or (self.sha and other.sha and self.sha != other.sha):
            return Order.UNKNOWN
        return Order.SAME

    def __str__(self) -> str:
        return self.semver

    @property
    def _numbers(self) -> str:
        return ".".join(map(str, self.release))

    @property
    def _dirt(self) -> str:
        return ".dirty" if self.dirty else ""


def instant(epoch_seconds: int) -> datetime.datetime:
    """Returns the UTC time so many seconds after 1970 began. Raises VersionError before it or after 9999."""
    try:
        if epoch_seconds < 0:
            raise ValueError
        return datetime.datetime.fromtimestamp(epoch_seconds, datetime.timezone.utc)
    except (OverflowError, OSError, ValueError):
        raise VersionError(f"{epoch_seconds} s is no time that a version can have") from None


def moment(timestamp: str) -> datetime.datetime:
    """Returns the UTC time of a version's `YYYYMMDDhhmmss`, never before 1970. Raises VersionError."""
    try:
        if len(timestamp) != 14 or not (timestamp.isascii() and timestamp.isdigit()):
            raise ValueError
        fields = [int(timestamp[:4]), *(int(timestamp[i : i + 2]) for i in range(4, 14, 2))]
        if fields[0] < 1970:
            raise ValueError
        return datetime.datetime(*fields, tzinfo=datetime.timezone.utc)  # type: ignore[arg-type,misc]
    except ValueError:
        raise VersionError(f"{timestamp!r} is no time of the form YYYYMMDDhhmmss") from None
