import time
from pathlib import Path

import pytest

from release.transport.programs import MissingProgramError, runner


def test_a_program_gets_the_environment_and_its_variables_and_what_it_says_is_redacted(tmp_path: Path) -> None:
    run = runner({"PATH": "/usr/bin:/bin", "A": "1", "B": "1"}, lambda text: text.replace("secret", "***"))
    ended = run(["sh", "-c", 'echo "$A$B secret"; pwd; echo "secret" >&2; exit 3'], {"B": "2"}, tmp_path, 10)
    assert (ended.status, ended.out, ended.err) == (3, f"12 ***\n{tmp_path}\n", "***\n")
    assert ended.last_words == "***"


SECRETS = {
    "GITHUB_TOKEN": "g",
    "GH_TOKEN": "g",
    "NODE_AUTH_TOKEN": "n",
    "NPM_TOKEN": "n",
    "TWINE_PASSWORD": "t",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "j",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "j",
    "ACTIONS_RUNTIME_TOKEN": "r",
    "SOME_SECRET": "s",
}


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["npm", "publish"], {"n", "j"}),
        (["python3", "-m", "twine", "upload"], {"t", "j"}),
        (["python3", "-m", "pypi_attestations", "sign"], {"j"}),
        (["node", "--version"], set()),
    ],
)
def test_a_program_is_told_its_own_secrets_alone(tmp_path: Path, command: list[str], told: set[str]) -> None:
    for name in ("npm", "python3", "node"):
        (tmp_path / name).write_text("#!/bin/sh\nenv\n")
        (tmp_path / name).chmod(0o755)
    run = runner({"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": "here", **SECRETS}, str)
    ended = run(["env", *command], {}, tmp_path, 10)
    seen = dict(line.split("=", 1) for line in ended.out.splitlines())
    assert {value for name, value in seen.items() if name in SECRETS} == told
    assert seen["HOME"] == "here"


def test_one_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    run = runner({"PATH": "/usr/bin:/bin"}, str)
    before = time.monotonic()
    ended = run(["sh", "-c", "sleep 60 & echo begun; wait"], {}, tmp_path, 0.5)
    assert ended.status is None
    assert ended.out == "begun\n"
    assert time.monotonic() - before < 20


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingProgramError, match="there is no nonsuch on PATH; install it"):
        runner({"PATH": ""}, str)(["nonsuch"], {}, tmp_path, 1)


def test_a_program_that_can_not_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "npm").write_text("no program")
    with pytest.raises(MissingProgramError, match="npm can't be run: Permission denied"):
        runner({}, str)([str(tmp_path / "npm")], {}, tmp_path, 1)
