import os
from pathlib import Path

import pytest

from release.bundle import make_install_script
from release.bundle.make_install_script import ScriptError
from tests.release import fabricated
from tools.trust.install_script import trusting
from viberun.build import Build

FACTS = "stamped() {\n    repository=''\n    github='https://github.com'\n    channel='prod'\n}\n"
TRUST = "authority() {\n    cat <<'END'\nold\nEND\n}\nlog_key() {\n    cat <<'END'\nold\nEND\n}\n"
SCRIPT = FACTS + TRUST
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
    files = {"version": "version.json", "script": "install.sh", "out": "out"}
    request = {name: str(tmp_path / file) for name, file in files.items()}
    make_install_script.main({**request, "trusted_root": os.environ["TRUSTED_ROOT"]})
    facts = f"    repository='{repository}'\n    github='{github}'\n    channel='{channel}'\n"
    trust = trusting(TRUST, Path(os.environ["TRUSTED_ROOT"]).read_text())
    assert (tmp_path / "out").read_text() == f"stamped() {{\n{facts}}}\n{trust}"


@pytest.mark.parametrize("script", ["", SCRIPT + SCRIPT, SCRIPT.replace("''", "'owner/name'")])
def test_a_script_without_the_one_place_is_refused(script: str) -> None:
    with pytest.raises(ScriptError, match="once"):
        make_install_script.stamped(script, fabricated.DEV)
