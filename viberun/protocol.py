"""Says which protocol client and server speak over SSH, and who understands whom.

Each side says two numbers, so that builds that are years apart work together for all that both know.
Something more (a command, an option, a variable, a field or a value of an answer, an exit status) changes
neither: who does not know it leaves it alone, or says in one line that it does not. With a change of
meaning PROTOCOL becomes one more; OLDEST follows once what was meant before is no longer understood.

Looking at a host, `version`, `self-check` and putting another server there are outside the protocol, and
must work between any two builds: that is how the two come together again.
"""

from __future__ import annotations

from dataclasses import dataclass

from viberun.errors import ViberunError

PROTOCOL = 1
OLDEST = 1

# How the client tells its two numbers; the server does in the answers of `version` and `self-check`.
VARIABLE = "VIBERUN_PROTOCOL"
OLDEST_VARIABLE = "VIBERUN_OLDEST_PROTOCOL"

# How a line of the server's standard error begins that is none of its errors: the client shows it as it comes.
NOTE = "viberun-server: note: "


class ProtocolError(ViberunError):
    """Client and server are too far apart to understand each other."""


@dataclass(frozen=True)
class Speaker:
    """One side: the protocol that it speaks, and the oldest that it understands, which may be left unsaid."""

    protocol: int
    oldest: int | None = None

    def understands(self, other: Speaker) -> bool:
        """Whether the two understand each other."""
        return self._oldest <= other.protocol and other._oldest <= self.protocol

    @property
    def _oldest(self) -> int:
        return self.protocol if self.oldest is None else min(self.oldest, self.protocol)


THIS = Speaker(PROTOCOL, OLDEST)
