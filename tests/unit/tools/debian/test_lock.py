import json
from dataclasses import replace

import pytest

from tests.unit.tools.debian.fabricated_lock import LOCK
from tools.debian import lock
from tools.debian.errors import LockError


def test_a_lock_is_read_as_it_was_written() -> None:
    again = lock.parse(LOCK.to_json())
    assert sorted(again.packages, key=repr) == sorted(LOCK.packages, key=repr)
    assert replace(again, packages=()) == replace(LOCK, packages=())
    assert again.to_json() == LOCK.to_json()


def test_the_file_has_a_package_a_line_sorted_and_ends_with_a_newline() -> None:
    text = LOCK.to_json()
    assert text.endswith("]\n}\n")
    packages = [json.loads(line.rstrip(",")) for line in text.splitlines() if line.startswith('{"package"')]
    assert [(p["package"], p["architecture"]) for p in packages] == [
        ("bash", "amd64"),
        ("bash", "arm64"),
        ("libc6", "amd64"),
        ("python3-pip-whl", "amd64"),
    ]
    assert text.index('"images/app/image.json"') < text.index('"tools/python/interpreter.json"')


def test_only_packages_of_systems_carry_scripts() -> None:
    packages = {p["package"]: p for p in json.loads(LOCK.to_json())["packages"]}
    assert packages["libc6"]["scripts"] == {}
    assert "scripts" not in packages["python3-pip-whl"]


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', LOCK.to_json().replace('"size"', '"length"')])
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(LockError, match="the Debian lock: cannot be read"):
        lock.parse(text)


def test_a_lock_of_another_format_is_refused_by_its_number() -> None:
    with pytest.raises(LockError, match="format 2, this program knows 1"):
        lock.parse(LOCK.to_json().replace('"format": 1', '"format": 2'))
