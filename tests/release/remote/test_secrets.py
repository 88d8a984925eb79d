"""Passwords and tokens are in no output, no released file and no command line, whether a release succeeds or fails."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.release.remote.stack import NPM_PASSWORD, PYPI_PASSWORD, TOKEN, USER, Run, Stack, processes_with
from tests.release.servers.gate import Asked, Fault

_PLAIN = (TOKEN, NPM_PASSWORD, PYPI_PASSWORD)
SECRETS = (*_PLAIN, *(base64.b64encode(f"{USER}:{secret}".encode()).decode() for secret in _PLAIN))


@contextmanager
def command_lines(run: Run) -> Iterator[set[str]]:
    """Collects those of everything that the driver starts."""
    seen, over = set[str](), threading.Event()

    def collect() -> None:
        while not over.wait(0.02):
            for pid in processes_with(run.mark):
                try:
                    seen.add(Path(f"/proc/{pid}/cmdline").read_text(errors="replace"))
                except OSError:
                    continue

    collector = threading.Thread(target=collect)
    collector.start()
    try:
        yield seen
    finally:
        over.set()
        collector.join()


def check_unseen(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


def denied(change: Asked) -> Fault:
    return Fault("no", 403)


@pytest.mark.parametrize("fails", [None, "pypi", "npm", "github", "ghcr"])
def test_no_secret_is_seen(servers: Stack, fails: str | None) -> None:
    for gate in servers.gates.values():
        gate.reset()
    if fails:
        servers.gates[fails].policy = denied
    run = servers.start(servers.next())
    with command_lines(run) as lines:
        ended = run.wait()
    for gate in servers.gates.values():
        gate.reset()

    assert ended.status == (0 if fails is None else 3 if fails == "ghcr" else 4), ended.err
    check_unseen(ended.out + ended.err)
    check_unseen("\n".join(lines))
    if fails is None:
        assert {"npm", "twine"} <= {word for line in lines for word in line.replace(" ", "\0").split("\0")}


def test_no_released_file_has_a_secret(servers: Stack) -> None:
    servers.released(servers.next())
    released = [asset.content or b"" for asset in servers.github.repository.assets.values()]
    released += [(release.body or "").encode() for release in servers.github.repository.releases.values()]
    folders = [servers.verdaccio.folder / "storage", servers.pypi.folder / "packages"]
    released += [path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(released) > 20
    for content in released:
        check_unseen(content.decode(errors="replace"))
