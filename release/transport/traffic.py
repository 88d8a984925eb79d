"""What a destination cost: counted where it is sent, shown in the summary."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Traffic:
    """What went over the wire: requests, those of them that may change something, bytes of bodies sent."""

    requests: int = 0
    writes: int = 0
    sent: int = 0
