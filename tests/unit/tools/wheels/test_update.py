import os
from pathlib import Path

import pytest

from tools.wheels.update import header, lock_text, read_requests


def report(*packages: tuple[str, str, str, list[str]]) -> dict[str, object]:
    return {
        "install": [
            {
                "metadata": {"name": name, "version": version, "requires_dist": requires},
                "download_info": {"archive_info": {"hashes": {"sha256": digest}}},
            }
            for name, version, digest, requires in packages
        ]
    }


def test_a_pure_wheel_has_one_hash_and_a_native_one_a_hash_an_architecture() -> None:
    pure = ("Pure.Name", "1.0", "aa", ["native; sys_platform == 'linux'", "absent; sys_platform == 'win32'"])
    text = lock_text(
        {"amd64": report(pure, ("native", "2", "b1", [])), "arm64": report(pure, ("native", "2", "b2", []))},
        read_requests("# a comment\npure-name  # why\n"),
    )
    assert text.splitlines()[2:] == [
        "native==2 --hash=sha256:b1 --hash=sha256:b2  # via pure-name",
        "pure-name==1.0 --hash=sha256:aa  # via requirements.in",
    ]


def test_a_requirement_of_an_extra_counts_only_when_the_extra_is_asked_for() -> None:
    packages = [("p", "1", "aa", ["q; extra == 'more'"]), ("q", "1", "bb", [])]
    reports = {architecture: report(*packages) for architecture in ("amd64", "arm64")}
    assert "# via p\n" in lock_text(reports, read_requests("p[more]"))
    assert "# via p\n" not in lock_text(reports, read_requests("p\nq"))


def test_architectures_that_differ_in_a_version_are_refused() -> None:
    with pytest.raises(SystemExit, match="p: 1 for one architecture, 2 for arm64"):
        lock_text({"amd64": report(("p", "1", "aa", [])), "arm64": report(("p", "2", "bb", []))}, read_requests("p"))


def test_the_lock_tells_whether_it_answers_a_request() -> None:
    answered = header(read_requests("p>=1\nq"))
    assert header(read_requests("# why\nq\np >= 1  # a comment\n")) == answered
    assert header(read_requests("p>=2\nq")) != answered
    assert header(read_requests("p[more]>=1\nq")) != answered
    assert header(read_requests("p>=1")) != answered


def test_the_committed_lock_answers_the_committed_requirements() -> None:
    requirements = Path(os.environ["REQUIREMENTS_IN"])
    lock = requirements.with_name("requirements.lock").read_text()
    assert lock.startswith(header(read_requests(requirements.read_text()))), "bazel run //tools/wheels:update"
