"""install.sh takes the signatures that a client takes."""

import base64
import json
from pathlib import Path

import pytest

from tools.trust.install_script import trusting

TRUST = "authority() {\n    cat <<'END'\nold\nEND\n}\nlog_key() {\n    cat <<'END'\nold\nEND\n}\n"


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
    script = Path("install.sh").read_text()
    assert trusting(script, Path("tools/trust/trusted_root.json").read_text()) == script


def test_a_release_is_signed_in_a_log_of_the_version_that_the_script_reads() -> None:
    config = json.loads(Path("tools/trust/signing_config.json").read_text())
    assert {log["majorApiVersion"] for log in config["rekorTlogUrls"]} == {1}


@pytest.mark.parametrize("logs", [0, 2])
def test_a_trusted_root_with_another_number_of_logs_is_refused(logs: int) -> None:
    with pytest.raises(ValueError, match="one log of version 1"):
        trusting(TRUST, json.dumps(trusted_root(logs)))


@pytest.mark.parametrize("script", ["", TRUST + TRUST])
def test_a_script_without_the_place_for_trust_is_refused(script: str) -> None:
    with pytest.raises(ValueError, match="authority once"):
        trusting(script, json.dumps(trusted_root()))
