import base64
import json
import os
from pathlib import Path

import pytest

from release.bundle import make_install_script
from release.bundle.make_install_script import ScriptError, trusting
from tests.release import fabricated
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
    (tmp_path / "root.json").write_text(json.dumps(trusted_root()))
    files = {"version": "version.json", "script": "install.sh", "trusted_root": "root.json", "out": "out"}
    make_install_script.main({name: str(tmp_path / file) for name, file in files.items()})
    facts = f"    repository='{repository}'\n    github='{github}'\n    channel='{channel}'\n"
    assert (tmp_path / "out").read_text() == f"stamped() {{\n{facts}}}\n" + trusting(TRUST, json.dumps(trusted_root()))


def trusted_root(logs: int = 1) -> dict[str, object]:
    """With an authority that ended, one that certifies now, and logs of both versions."""

    def authority(text: bytes, **until: str) -> dict[str, object]:
        chain = [{"rawBytes": base64.b64encode(text * 40).decode()}, {"rawBytes": base64.b64encode(text).decode()}]
        return {"certChain": {"certificates": chain}, "validFor": {"start": "2021-01-01T00:00:00Z", **until}}

    promises = {"publicKey": {"rawBytes": "cHJvbWlzZXM=", "keyDetails": "PKIX_ECDSA_P256_SHA_256"}}
    tiled = {"publicKey": {"rawBytes": "dGlsZWQ=", "keyDetails": "PKIX_ED25519"}}
    return {
        "certificateAuthorities": [authority(b"past", end="2022-01-01T00:00:00Z"), authority(b"now")],
        "tlogs": [tiled, *[promises] * logs],
    }


def test_the_script_is_told_whose_signatures_it_takes() -> None:
    assert trusting(TRUST, json.dumps(trusted_root())) == (
        "authority() {\n    cat <<'END'\n"
        f"-----BEGIN CERTIFICATE-----\n{'bm93' * 16}\n{'bm93' * 16}\n{'bm93' * 8}\n-----END CERTIFICATE-----\n"
        "-----BEGIN CERTIFICATE-----\nbm93\n-----END CERTIFICATE-----\nEND\n}\n"
        "log_key() {\n    cat <<'END'\n-----BEGIN PUBLIC KEY-----\ncHJvbWlzZXM=\n-----END PUBLIC KEY-----\nEND\n}\n"
    )


def test_the_script_in_the_tree_takes_the_signatures_that_a_client_takes() -> None:
    script = Path(os.environ["INSTALL_SCRIPT"]).read_text()
    assert trusting(script, Path(os.environ["TRUSTED_ROOT"]).read_text()) == script


@pytest.mark.parametrize("logs", [0, 2])
def test_a_trusted_root_with_another_number_of_logs_is_refused(logs: int) -> None:
    with pytest.raises(ScriptError, match="one log of version 1"):
        trusting(TRUST, json.dumps(trusted_root(logs)))


@pytest.mark.parametrize("script", [FACTS, TRUST + TRUST])
def test_a_script_without_the_place_for_trust_is_refused(script: str) -> None:
    with pytest.raises(ScriptError, match="authority once"):
        trusting(script, json.dumps(trusted_root()))


@pytest.mark.parametrize("script", ["", SCRIPT + SCRIPT, SCRIPT.replace("''", "'owner/name'")])
def test_a_script_without_the_one_place_is_refused(script: str) -> None:
    with pytest.raises(ScriptError, match="once"):
        make_install_script.stamped(script, fabricated.DEV)
