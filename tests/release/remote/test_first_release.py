"""The very first release of all: there is no npm package yet."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from tests.release.remote.consumers import Consumer
from tests.release.remote.stack import IMAGES, Stack, runfiles_of, stack
from tests.release.remote.whole import check_whole
from tests.release.servers.gate import Asked, Fault

CODE = "246810"
ASKED = {"www-authenticate": "OTP"}
PROFILE = json.dumps({"name": "maintainer", "tfa": {"pending": False, "mode": "auth-and-writes"}}).encode()


@pytest.fixture
def empty(tmp_path: Path, verdaccio_script: Path, path: str) -> Iterator[Stack]:
    with stack(tmp_path / "stack", verdaccio_script, path) as servers:
        yield servers


def test_dev_is_refused_until_a_prod_version_has_taken_latest(empty: Stack, tmp_path: Path) -> None:
    dev = empty.next()
    refused = empty.release(dev)
    assert refused.status == 4
    assert "npm: there is no package viberun yet, and the first version of all becomes 'latest' too" in refused.err
    assert "release a prod version first, with a token" in refused.err

    prod = empty.begin()
    later = empty.next()
    empty.released(later)
    assert Consumer(empty, tmp_path / "home").npm_tags() == {
        "latest": prod.manifest.build.version.npm,
        "dev": later.manifest.build.version.npm,
    }


NOBODY = {"ACTIONS_ID_TOKEN_REQUEST_URL": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""}
"""A laptop is no job of Actions."""


def test_from_empty_actions_stages_and_signs_and_a_person_finishes_from_a_laptop(empty: Stack) -> None:
    bundle = first(empty)
    in_actions = {"GITHUB_ACTIONS": "true"}
    empty.tokens.public.clear()
    private = empty.release(bundle, environ=in_actions)
    assert private.status == 4
    assert "set the package's visibility to public" in private.err
    empty.tokens.public.update(IMAGES)

    alone = empty.release(bundle, environ=NOBODY)
    assert alone.status == 4
    assert "github: nobody has signed this build yet; its run in Actions signs it: push the tag v0.9.0" in alone.err

    signed = empty.release(bundle, environ=in_actions)
    assert signed.status == 4
    assert "all is staged and signed, and nobody sees it yet" in signed.err
    assert "npm: there is no package viberun yet, and npm has only a person make one" in signed.err
    (draft,) = empty.github.repository.releases.values()
    assert draft.draft
    assert not any(empty.gates[name].changes for name in ("npm", "pypi"))

    empty.gates["sigstore"].reset()
    finished = empty.release(bundle, environ=NOBODY)
    assert finished.status == 0, finished.err
    assert not empty.gates["sigstore"].changes
    check_whole(empty, bundle)


@pytest.fixture
def careful(empty: Stack) -> Stack:
    """As npm's own registry: no package is written without a second factor."""

    def without_code(asked: Asked) -> Fault | None:
        return None if asked.headers.get("npm-otp") == CODE else Fault("no", 401, ASKED, b'{"error": "one-time pass"}')

    def profile(asked: Asked) -> Fault | None:
        return Fault("no", 200, body=PROFILE) if asked.path == "/-/npm/v1/user" else None

    empty.gates["npm"].policy, empty.gates["npm"].reading = without_code, profile
    return empty


def first(servers: Stack) -> Bundle:
    return servers.builds.prod("0.9.0", servers.builds.commit("the first"))


def test_without_a_terminal_all_is_staged_and_a_person_publishes_the_very_file(careful: Stack) -> None:
    bundle = first(careful)
    ended = careful.release(bundle)
    assert ended.status == 4
    assert "all is staged and signed, and nobody sees it yet" in ended.err
    assert "npm: npm asks for a second factor on a terminal, and there is none; make the folder DIR with" in ended.err
    (draft,) = careful.github.repository.releases.values()
    assert draft.draft
    assert not careful.gates["npm"].changes

    package = bundle.artifact("npm")
    assert package
    by_hand = Path(careful.folder, package.name)
    by_hand.write_bytes(package.path.read_bytes())
    command = ["npm", "publish", str(by_hand), "--tag", "latest", f"--otp={CODE}"]
    subprocess.run(command, env=careful.variables, check=True, capture_output=True, timeout=60)
    careful.released(bundle)
    check_whole(careful, bundle)


def test_on_a_terminal_npm_asks_and_is_answered(careful: Stack) -> None:
    bundle = first(careful)
    variables = careful.variables | careful.job(bundle) | {"RUNFILES_DIR": str(runfiles_of(bundle)), "TERM": "xterm"}
    command = [sys.executable, "-P", "-S", "-B", "-m", "release.commands.release", *careful.files, "--to", "remote"]
    child, terminal = pty.fork()
    if not child:
        os.chdir(careful.folder)
        os.execve(command[0], command, variables)
    seen, answered = b"", False
    try:
        while piece := os.read(terminal, 4096):
            seen += piece
            if not answered and b"one-time password" in seen:
                os.write(terminal, f"{CODE}\n".encode())
                answered = True
    except OSError:
        pass  # EIO: nobody has it open any more
    _, status = os.waitpid(child, 0)
    assert (answered, os.waitstatus_to_exitcode(status)) == (True, 0), seen.decode()
    check_whole(careful, bundle)
