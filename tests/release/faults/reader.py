"""Somebody who reads the channel over and over, and notes whatever is not right.

A poll finds the channel's newest build with the very code that clients use, and reads a file of it, each image's moving
tag down to its layers, and what npm's dist-tag names with its tarball.
"""

import hashlib
import json
import random
import threading
import time
from types import TracebackType
from typing import Self
from urllib.error import HTTPError

from release.destinations.ghcr.image import ACCEPTED
from release.destinations.npm.packument import Tarball
from tests.release.remote.stack import IMAGES, REPOSITORY, Stack
from tests.release.remote.whole import get
from viberun.client.download.fetch import Fetcher
from viberun.client.download.resolver import Place, newest
from viberun.client.download.trust import Trust
from viberun.sigstore.release_workflow import Repository

_FOR_A_POLL = 60.0
_REST = 5  # times as long as a poll takes, or reading would take more of the machine than releasing
_LARGEST = 1 << 20


class Reader:
    """Polls in a thread of its own from entering to leaving, now and then and whenever somebody waits for it."""

    def __init__(self, servers: Stack) -> None:
        self._servers = servers
        trusted = Repository(REPOSITORY, server=servers.gates["github"].url)
        trust = Trust(trusted, servers.trust.trusted_root.read_text)
        self._place = Place(f"{servers.github.url}/{REPOSITORY}/releases/download/dev", trust=trust)
        self._fetch = Fetcher(attempts=1)  # no failure is to be got over
        self._changed = threading.Condition()
        self._over = False
        self._begun = self._wanted = 0
        self._thread = threading.Thread(target=self._poll_on, daemon=True)
        self.polls = 0
        self.wrong: list[str] = []
        self.versions: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._thread.join(_FOR_A_POLL)

    def await_poll(self) -> None:
        """Until a poll has ended that began after this was called."""
        with self._changed:
            self._wanted = wanted = self._begun + 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.polls >= wanted or self._over, _FOR_A_POLL)

    def _poll_on(self) -> None:
        while not self._over:
            self._begun += 1
            begun = time.monotonic()
            try:
                self._poll()
            except HTTPError as error:
                self.wrong.append(f"{error.url}: {error} {error.read()[:500]!r}")
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
            rest = _REST * (time.monotonic() - begun)
            with self._changed:
                self.polls += 1
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._wanted > self.polls or self._over, rest)

    def _poll(self) -> None:
        self._read_channel()
        for image in IMAGES:
            self._read_image(image)
        self._read_npm()

    def _read_channel(self) -> None:
        found = newest(self._place, self._fetch)
        self.versions.add(found.version.semver)
        file = random.choice([file for file in found.manifest.files if file.kind not in ("npm", "wheel")])
        content = self._fetch.get(found.url_of(file), _LARGEST)
        assert hashlib.sha256(content).hexdigest() == file.sha256, f"{file.name} is not what the manifest says"
        assert found.version.oci in file.name, f"{file.name} is in the manifest of {found.version}"

    def _read_image(self, image: str) -> None:
        token = self._servers.tokens.token(None, (f"repository:{image}:pull",))
        headers = {"Authorization": f"Bearer {token}", "Accept": ", ".join(ACCEPTED)}
        root = f"{self._servers.registry.url}/v2/{image}"
        index = json.loads(get(f"{root}/manifests/dev", **headers))
        child = json.loads(get(f"{root}/manifests/{random.choice(index['manifests'])['digest']}", **headers))
        layer = random.choice([child["config"], *child["layers"]])["digest"]
        content = get(f"{root}/blobs/{layer}", **headers)
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == layer

    def _read_npm(self) -> None:
        document = json.loads(get(f"{self._servers.verdaccio.url}/viberun"))
        dist = document["versions"][document["dist-tags"]["dev"]]["dist"]
        content = get(dist["tarball"])
        assert Tarball(dist["integrity"], None).is_of(content), f"{dist['tarball']} is not what npm says"
