from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from viberun.server.apps.app import Record
from viberun.server.apps.inventory import Inventory
from viberun.server.engine.facts import Container, Image
from viberun.server.errors import DockerUnreachableError, ImageError
from viberun.server.images.reference import Reference
from viberun.server.images.update_check import CheckedApp, CheckedImage, compare
from viberun.server.state import State

REF = "r/viberun:dev"
OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64


@dataclass
class Docker:
    """An engine with an image or without one, and what the registry answers it."""

    local: Image | None
    registry: str | Exception

    def containers(self, label: str) -> list[Container]:
        return []

    def container(self, reference: str) -> None:
        return None

    def image(self, reference: str) -> Image | None:
        return self.local if reference == REF else None

    def registry_digest(self, reference: str) -> str:
        assert reference == REF
        if isinstance(self.registry, Exception):
            raise self.registry
        return self.registry


def inventory(tmp_path: Path, has: str | None, registry: str | Exception) -> Inventory:
    local = Image("i", (REF,), (f"other/viberun@{NEW}", f"r/viberun@{has}"), {}, 1) if has else None
    return Inventory(Docker(local, registry), State(tmp_path), Reference("r/viberun", "dev"))  # type: ignore[arg-type]


@pytest.mark.parametrize(("has", "behind"), [(OLD, True), (NEW, False), (None, None)])
def test_the_image_is_compared_where_there_is_no_app(tmp_path: Path, has: str | None, behind: bool | None) -> None:
    assert compare(inventory(tmp_path, has, NEW), None) == (CheckedImage(REF, has, NEW, behind, None), [])


def test_a_registry_that_does_not_answer_is_the_problem_of_the_image_and_of_each_app(tmp_path: Path) -> None:
    found = inventory(tmp_path, OLD, ImageError("asking r", remedy="look"))
    found.state.write("demo", Record("demo", 20000, REF, "then").to_json())
    assert compare(found, "demo") == (
        CheckedImage(REF, OLD, None, None, "asking r; look"),
        [CheckedApp("demo", REF, None, None, None, "asking r; look")],
    )


def test_docker_that_cannot_be_reached_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DockerUnreachableError):
        compare(inventory(tmp_path, OLD, DockerUnreachableError("gone")), None)
