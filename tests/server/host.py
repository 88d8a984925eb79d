"""A host for tests: a Docker engine, a registry, and the server's own binary, called as the client calls it."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.images.engine import Engine
from tests.release.servers.docker_registry import DockerRegistry

_BINARIES = {"x86_64": "VIBERUN_SERVER_LINUX_AMD64", "aarch64": "VIBERUN_SERVER_LINUX_ARM64"}


def binary() -> Path:
    variable = _BINARIES[platform.machine()]
    path = os.environ.get(variable)
    assert path, f"{variable} must name the server's binary"
    return Path(path)


class OpenRegistry(DockerRegistry):
    """One that asks nobody who they are."""

    def _configuration(self) -> Mapping[str, object]:
        configuration = dict(super()._configuration())
        del configuration["auth"]
        return configuration


@dataclass(frozen=True)
class Host:
    """`state` is the server's folder; what is in `variables` comes on top of the environment, None removes."""

    engine: Engine
    registry: str
    state: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def image(self) -> str:
        return f"{self.registry}/owner/viberun:dev"

    @property
    def proxy(self) -> str:
        return f"{self.registry}/owner/viberun-proxy:dev"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.engine.environment,
            "VIBERUN_STATE": str(self.state),
            "VIBERUN_CHANNEL": "dev",
            "VIBERUN_IMAGE": self.image,
            "VIBERUN_PROXY_IMAGE": self.proxy,
            **self.variables,
        }

    def having(self, **variables: str) -> "Host":
        return replace(self, variables={**self.variables, **variables})

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [binary(), *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def call(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), (arguments, done.returncode, done.stderr)
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """What it answers with --json: one object on one line."""
        printed = self.call(*arguments, "--json")
        assert printed.count("\n") == 1
        return json.loads(printed)

    def refused(self, code: int, *arguments: str) -> str:
        """What it says, on one line with a remedy, as it ends with this status."""
        done = self.run(*arguments)
        assert (done.returncode, done.stdout) == (code, ""), (arguments, done)
        assert re.fullmatch(r"viberun-server: [^\n]+; [^\n]+\n", done.stderr), done.stderr
        return done.stderr

    def app(self, name: str) -> Any:
        (found,) = [each for each in self.ask("apps", "list")["apps"] if each["name"] == name]
        return found

    def inside(self, name: str, script: str, user: str = "viberun") -> str:
        return self.engine.docker("exec", "--user", user, f"viberun-app-{name}", "sh", "-euc", script)

    def containers(self, name: str) -> list[str]:
        """Names of the app's containers, whatever they are."""
        listed = self.engine.docker("ps", "--all", "--filter", f"label=dev.viberun.app={name}", "--format={{.Names}}")
        return sorted(listed.split())

    def volumes(self) -> list[str]:
        return sorted(self.engine.docker("volume", "ls", "--format={{.Name}}").split())
