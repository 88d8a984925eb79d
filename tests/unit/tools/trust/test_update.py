"""Sigstore's two documents are renewed over TUF, and a service signs only once clients know it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]
from sigstore.errors import TUFError
from tuf.api.metadata import (  # type: ignore[attr-defined]  # its own names for what it imports
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from tests.sigstore.instance import Instance
from tools.trust.update import KNOWN_FOR, Documents, entries, fetched, renew, settled, young

NOW = datetime.now(UTC)
IN_THE_TREE = Path("tools/trust")


def in_the_tree() -> Documents:
    return Documents(*(Path(IN_THE_TREE, name).read_text() for name in ("trusted_root.json", "signing_config.json")))


def documents(**services: str) -> Documents:
    """Those of a test's own instance; `services` stand in both as well, since the times that they are given."""
    instance = Instance()
    root: Any = instance.trusted_root()
    config: Any = instance.signing_config(2)
    for kind, key, name in (
        ("rekorTlogUrls", "tlogs", "baseUrl"),
        ("tsaUrls", "timestampAuthorities", "uri"),
        ("caUrls", "certificateAuthorities", "uri"),
    ):
        if kind in services:
            url, span = f"https://new.{kind}.example", {"start": services[kind]}
            entry = json.loads(json.dumps(root[key][0]))
            (entry if "validFor" in entry else entry["publicKey"])["validFor"] = span
            root[key].append({**entry, name: url})
            config[kind].append({**config[kind][0], "url": url})
    return Documents(json.dumps(root), json.dumps(config))


def ago(days: float) -> str:
    return f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def test_whatever_signs_a_release_today_has_been_known_for_30_days() -> None:
    assert young(in_the_tree(), NOW) == set()


@pytest.mark.parametrize("kind", ["caUrls", "rekorTlogUrls", "tsaUrls"])
@pytest.mark.parametrize(("days", "signs"), [(29, False), (31, True)])
def test_a_service_signs_once_it_has_been_known_for_30_days(kind: str, days: int, signs: bool) -> None:
    new = documents(**{kind: ago(days)})
    config = json.loads(settled(new, NOW).signing_config)
    assert (f"https://new.{kind}.example" in [service["url"] for service in config[kind]]) is signs
    assert (young(new, NOW) == set()) is signs
    assert settled(new, NOW).trusted_root == new.trusted_root


def test_a_service_that_nobody_knows_signs_nothing() -> None:
    known = documents()
    config = json.loads(known.signing_config)
    config["tsaUrls"].append({**config["tsaUrls"][0], "url": "https://unknown.example"})
    assert young(Documents(known.trusted_root, json.dumps(config)), NOW) == {"https://unknown.example"}


def test_where_nobody_else_would_sign_nothing_is_changed(tmp_path: Path) -> None:
    known = documents()
    root = json.loads(known.trusted_root)
    root["certificateAuthorities"][0]["validFor"] = {"start": ago(2)}
    for name in ("trusted_root.json", "signing_config.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(SystemExit, match=f"no service of caUrls has been known for {KNOWN_FOR.days} days"):
        renew(tmp_path, Documents(json.dumps(root), known.signing_config), NOW)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["{}", "{}"]


def test_what_changed_is_told_and_both_files_are_the_new_ones(tmp_path: Path) -> None:
    before, new = documents(), documents(rekorTlogUrls=ago(40), tsaUrls=ago(3))
    (tmp_path / "trusted_root.json").write_text(before.trusted_root)
    (tmp_path / "signing_config.json").write_text(before.signing_config)
    said = renew(tmp_path, new, NOW)
    assert said == [
        f"+ signs by rekorTlogUrls https://new.rekorTlogUrls.example from {SINCE} to any time",
        f"+ trusts timestampAuthorities https://new.tsaUrls.example from {ago(3)} to any time",
        f"+ trusts tlogs https://new.rekorTlogUrls.example from {ago(40)} to any time",
        "? https://new.tsaUrls.example signs once it has been known for 30 days",
    ]
    assert (tmp_path / "trusted_root.json").read_text() == new.trusted_root
    assert sorted(path.name for path in tmp_path.iterdir()) == ["signing_config.json", "trusted_root.json"]
    assert renew(tmp_path, new, NOW) == said[-1:]
    assert renew(tmp_path, before, NOW)[0].startswith("- signs by rekorTlogUrls")


SINCE = json.loads(documents().signing_config)["rekorTlogUrls"][0]["validFor"]["start"]


class Repository:
    """A TUF repository in a folder, with one key for everything."""

    def __init__(self, folder: Path, documents: Documents) -> None:
        self.folder = folder
        self._key = CryptoSigner.generate_ed25519()
        self.root = Root(consistent_snapshot=False)
        for role in ("root", "timestamp", "snapshot", "targets"):
            self.root.add_key(self._key.public_key, role)
        self._write("1.root.json", self.root)
        self.publish(documents, 1)

    def publish(self, documents: Documents, version: int, signer: CryptoSigner | None = None) -> None:
        targets = Targets(version)
        (self.folder / "targets").mkdir(exist_ok=True)
        for name, text in (
            ("trusted_root.json", documents.trusted_root),
            ("signing_config.v0.2.json", documents.signing_config),
        ):
            (self.folder / "targets" / name).write_text(text)
            targets.targets[name] = TargetFile.from_data(name, text.encode())
        self._write("targets.json", targets, signer)
        self._write("snapshot.json", Snapshot(version, meta={"targets.json": MetaFile(version)}))
        self._write("timestamp.json", Timestamp(version, snapshot_meta=MetaFile(version)))

    def _write(self, name: str, signed: Any, signer: CryptoSigner | None = None) -> None:
        signed.expires = NOW + timedelta(days=30)
        metadata = Metadata(signed)
        metadata.sign(signer or self._key)
        metadata.to_file(str(self.folder / name))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "tuf"
    folder.mkdir()
    return Repository(folder, documents())


@pytest.fixture
def url(repository: Repository) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(repository.folder)))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_both_come_from_a_repository_whose_root_is_known(repository: Repository, url: str) -> None:
    root = repository.folder / "1.root.json"
    first = fetched(url, root)
    assert len(entries(first)) > 5
    newer = documents(tsaUrls=ago(50))
    repository.publish(newer, 2)
    assert fetched(url, root) == newer != first


def test_what_is_not_signed_as_it_should_be_is_not_taken(repository: Repository, url: str) -> None:
    root = repository.folder / "1.root.json"
    (repository.folder / "targets/trusted_root.json").write_text("{}")
    with pytest.raises(TUFError):
        fetched(url, root)
    repository.publish(documents(), 2, CryptoSigner.generate_ed25519())
    with pytest.raises(TUFError):
        fetched(url, root)
