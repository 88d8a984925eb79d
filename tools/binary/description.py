"""Describes a packed runtime to what packs binaries on it: the JSON file beside the archive."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Description:
    """What the head must know of a runtime: paths are below its folder, `digest` is the archive's (SHA-256, hex)."""

    architecture: str
    digest: str
    libraries: str
    loader: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def parse(cls, text: str) -> "Description":
        return cls(**json.loads(text))
