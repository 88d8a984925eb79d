from pathlib import Path

import pytest

from release.workflow.installs import main

VERSION = "0.0.0-dev.20260125123045+abc1234"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with programs of ours alone, each of which writes down how it was called."""
    environ = {"PATH": str(tmp_path), "VERSION": VERSION, "CHANNEL": "dev"}
    for name in ("npx", "uvx", "docker"):
        has(environ, name, f"echo {VERSION}")
    return environ


def has(environ: dict[str, str], name: str, script: str) -> None:
    program = Path(environ["PATH"], name)
    program.write_text(f'#!/bin/sh\necho {name} "$@" >>{environ["PATH"]}/called\n{script}\n')
    program.chmod(0o755)


def called(environ: dict[str, str]) -> list[str]:
    return Path(environ["PATH"], "called").read_text().splitlines()


def never(seconds: float) -> None:
    raise AssertionError(seconds)


def test_each_way_that_people_have_is_taken(environ: dict[str, str]) -> None:
    assert main({**environ, "IMAGES": "ghcr.io/o/n/viberun:dev ghcr.io/o/n/viberun-proxy:dev "}, never) == 0
    npx, *others = called(environ)
    assert npx.startswith("npx --cache /")
    assert npx.endswith(" --prefer-online -y viberun@dev --version")
    assert others == [
        "uvx --no-cache viberun-dev@latest --version",
        "uvx --no-cache --from viberun-dev@latest viberun --version",
        "docker pull --quiet ghcr.io/o/n/viberun:dev",
        "docker pull --quiet ghcr.io/o/n/viberun-proxy:dev",
        "docker run --rm --entrypoint node ghcr.io/o/n/viberun:dev --version",
    ]


def test_prod_has_names_of_its_own(environ: dict[str, str]) -> None:
    assert main({**environ, "CHANNEL": "prod"}, never) == 0
    assert "viberun@latest" in called(environ)[0]
    assert called(environ)[1:] == [
        "uvx --no-cache viberun@latest --version",
        "uvx --no-cache --from viberun@latest viberun --version",
    ]


def test_a_registry_that_lags_is_asked_again_and_the_others_are_not(environ: dict[str, str]) -> None:
    has(environ, "npx", "echo 0.0.0-dev.1+older")
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            has(environ, "npx", f"echo {VERSION}")

    assert main(environ, sleep) == 0
    assert pauses == [15, 15]
    assert [line.split()[0] for line in called(environ)] == ["npx", "uvx", "uvx", "npx", "npx"]


def test_an_image_that_docker_is_too_slow_for_or_absent_for_is_not_there(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has(environ, "docker", "exec /bin/sleep 60")
    monkeypatch.setattr("release.workflow.installs._TIMEOUT", 0.5)
    assert main({**environ, "IMAGES": "a"}, never) == 1
    assert "::error::docker pull --quiet a: " in capsys.readouterr().out
    Path(environ["PATH"], "docker").unlink()
    assert main({**environ, "IMAGES": "a"}, never) == 1


def test_what_never_comes_is_named_with_what_came_instead(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    has(environ, "npx", "echo no such >&2; exit 1")
    Path(environ["PATH"], "docker").unlink()
    has(environ, "docker", "echo denied >&2; exit 125")
    assert main({**environ, "IMAGES": "a"}, lambda _: None) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"::error::npx gives 'exit 1: no such' and not {VERSION}"
    assert lines[1] == "::error::docker pull --quiet a: exit 125: denied"
    assert len([line for line in called(environ) if line.startswith("npx")]) == 40
