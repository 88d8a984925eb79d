"""Renews Sigstore's two documents, and install.sh after them, over TUF: `bazel run //tools/trust:update`. Prints what changed.

`sigstore` brings the root of trust of that, and so checks what it gets. A service that signs is used once clients have known
it for a while, since those from before could not verify what it signs.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sigstore._internal.tuf import DEFAULT_TUF_URL, TrustUpdater

from tools.lock.file import replace
from tools.trust.install_script import trusting

KNOWN_FOR = timedelta(days=30)
_SERVICES = {
    "caUrls": ("certificateAuthorities", "uri"),
    "rekorTlogUrls": ("tlogs", "baseUrl"),
    "tsaUrls": ("timestampAuthorities", "uri"),
}
"""Where the services of a signing configuration stand in a trusted root, and how their addresses are called there."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Documents:
    """The texts of trusted_root.json (TrustedRoot) and signing_config.json (SigningConfig 0.2) of sigstore/protobuf-specs."""

    trusted_root: str
    signing_config: str


def fetched(url: str = DEFAULT_TUF_URL, root: Path | None = None) -> Documents:
    """Gets both from a TUF repository, whose first `root` is known where it is not Sigstore's own. Raises TUFError."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_DATA_HOME=folder, XDG_CACHE_HOME=folder)  # nothing that this machine has had before
        updater = TrustUpdater(url, bootstrap_root=root)
        paths = updater.get_trusted_root_path(), updater.get_signing_config_path()
        return Documents(*(Path(path).read_text(encoding="utf-8") for path in paths))


def young(of: Documents, now: datetime) -> set[str]:
    """Returns the addresses of services that sign and have not stood in the trusted root for KNOWN_FOR."""
    root, config = json.loads(of.trusted_root), json.loads(of.signing_config)
    found = set[str]()
    for services, (kind, address) in _SERVICES.items():
        for service in config.get(services, ()):
            since = [_since(entry) for entry in root.get(kind, ()) if entry[address] == service["url"]]
            if not since or now - min(since) < KNOWN_FOR:
                found.add(service["url"])
    return found


def settled(of: Documents, now: datetime) -> Documents:
    """Leaves out services that are `young`. Raises SystemExit where no other would be left."""
    left = young(of, now)
    if not left:
        return of
    config = json.loads(of.signing_config)
    for services in _SERVICES:
        if there := config.get(services):
            config[services] = [service for service in there if service["url"] not in left]
            if not config[services]:
                sys.exit(f"no service of {services} has been known for {KNOWN_FOR.days} days; nothing was changed")
    return Documents(of.trusted_root, json.dumps(config, indent=2) + "\n")


def entries(of: Documents) -> set[str]:
    """Returns a line for everything that both name: what it is, where, and from when to when."""
    root, config = json.loads(of.trusted_root), json.loads(of.signing_config)
    return {*_named(root, "trusts", ("baseUrl", "uri")), *_named(config, "signs by", ("url",))}


def _named(document: Json, verb: str, addresses: Sequence[str]) -> Iterator[str]:
    for kind, listed in document.items():
        for entry in listed if isinstance(listed, list) else ():
            address = next(entry[name] for name in addresses if name in entry)
            span = _span(entry)
            yield f"{verb} {kind} {address} from {span['start']} to {span.get('end', 'any time')}"


def _span(entry: Json) -> Json:
    span: Json = entry.get("validFor") or entry["publicKey"]["validFor"]
    return span


def _since(entry: Json) -> datetime:
    return datetime.fromisoformat(_span(entry)["start"])


def renew(folder: Path, new: Documents, now: datetime) -> list[str]:
    """Puts what is settled of the documents into the folder; returns what changed, a line for each."""
    files = folder / "trusted_root.json", folder / "signing_config.json"
    before, after = Documents(*(file.read_text(encoding="utf-8") for file in files)), settled(new, now)
    for file, text in zip(files, (after.trusted_root, after.signing_config), strict=True):
        replace(file, text)
    gone, come = entries(before) - entries(after), entries(after) - entries(before)
    waiting = [f"? {url} signs once it has been known for {KNOWN_FOR.days} days" for url in sorted(young(new, now))]
    return [*(f"- {line}" for line in sorted(gone)), *(f"+ {line}" for line in sorted(come)), *waiting]


def main() -> int:
    workspace = Path(os.environ["BUILD_WORKSPACE_DIRECTORY"])
    folder, script = workspace / "tools/trust", workspace / "install.sh"
    print("".join(f"{line}\n" for line in renew(folder, fetched(), datetime.now(UTC))), end="")
    script.write_text(trusting(script.read_text(), (folder / "trusted_root.json").read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
