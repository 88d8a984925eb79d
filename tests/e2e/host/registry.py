"""ghcr.io: Docker's registry (Debian's package docker-registry) at that name, with TLS, in a machine's network."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.host.machine import Machine

NAME = "ghcr.io"


@dataclass(frozen=True)
class Registry:
    """A registry whose blobs are in `folder`, to be run on `address` of `machine`."""

    machine: Machine
    address: str
    folder: Path
    certificate: tuple[Path, Path]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        with self._serve("tls.json", f"{self.address}:443", tls=True):
            yield

    @contextlib.contextmanager
    def pushing(self) -> Iterator[str]:
        """Runs it once more, without TLS and beside the machine's reach, and yields where images are pushed to."""
        with self._serve("plain.json", f"{self.address}:5000", tls=False):
            yield f"{self.address}:5000"

    def push(self, place: str, layout: Path, name: str, tags: tuple[str, ...]) -> None:
        """Pushes the image in an OCI layout under every tag; `place` is what `pushing` gave."""
        for tag in tags:
            target = f"docker://{place}/{name}:{tag}"
            command = ["skopeo", "copy", "--all", "--quiet", "--dest-tls-verify=false", f"oci:{layout}", target]
            done = subprocess.run([*self._enter, *command], capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, done.stderr

    @property
    def _enter(self) -> list[str]:
        """What runs a program of this machine in the network of the other."""
        return ["nsenter", f"--net=/proc/{self.machine.pid}/ns/net"]

    @contextlib.contextmanager
    def _serve(self, name: str, address: str, *, tls: bool) -> Iterator[None]:
        certificate, key = self.certificate
        http: dict[str, object] = {"addr": address}
        if tls:
            http["tls"] = {"certificate": str(certificate), "key": str(key)}
        configuration = {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(self.folder / "data")},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": http,
        }
        (self.folder / name).write_text(json.dumps(configuration))  # JSON is YAML
        command = [*self._enter, "docker-registry", "serve", str(self.folder / name)]
        with (
            (self.folder / f"{name}.log").open("wb") as log,
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process,
        ):
            try:
                self._wait(process, address.rpartition(":")[2])
                yield
            finally:
                process.terminate()
                process.wait(30)

    def _wait(self, process: "subprocess.Popen[bytes]", port: str) -> None:
        deadline = time.monotonic() + 30
        probe = ["ss", "--no-header", "--listening", "--numeric", "--tcp", f"sport = :{port}"]
        while not subprocess.run([*self._enter, *probe], capture_output=True, text=True).stdout.strip():
            assert process.poll() is None, "the registry did not start"
            assert time.monotonic() < deadline, "the registry does not listen"
            time.sleep(0.02)
