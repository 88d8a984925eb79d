from pathlib import Path

import pytest

from release.bundle import make_install_script
from release.bundle.make_install_script import ScriptError
from tests.release import fabricated
from viberun.build import Build

SCRIPT = "stamped() {\n    repository=''\n    github='https://github.com'\n    channel='prod'\n}\n"
NOBODYS = Build(**{**vars(fabricated.DEV), "repository": None})
ELSEWHERE = Build(**{**vars(fabricated.DEV), "github": "https://ghe.example.org"})


@pytest.mark.parametrize(
    ("build", "repository", "github", "channel"),
    [
        (fabricated.DEV, "Some-Owner/viberun", "https://github.com", "dev"),
        (fabricated.PROD, "Some-Owner/viberun", "https://github.com", "prod"),
        (NOBODYS, "", "https://github.com", "dev"),
        (ELSEWHERE, "Some-Owner/viberun", "https://ghe.example.org", "dev"),
    ],
)
def test_the_script_is_told_whose_it_is(
    tmp_path: Path, build: Build, repository: str, github: str, channel: str
) -> None:
    (tmp_path / "version.json").write_text(build.to_json())
    (tmp_path / "install.sh").write_text(SCRIPT)
    request = {name: str(tmp_path / file) for name, file in [("version", "version.json"), ("script", "install.sh")]}
    make_install_script.main({**request, "out": str(tmp_path / "out")})
    facts = f"    repository='{repository}'\n    github='{github}'\n    channel='{channel}'\n"
    assert (tmp_path / "out").read_text() == f"stamped() {{\n{facts}}}\n"


@pytest.mark.parametrize("script", ["", SCRIPT + SCRIPT, SCRIPT.replace("''", "'owner/name'")])
def test_a_script_without_the_one_place_is_refused(script: str) -> None:
    with pytest.raises(ScriptError, match="once"):
        make_install_script.stamped(script, fabricated.DEV)
