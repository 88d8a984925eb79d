"""Whose signatures install.sh takes, which stands in it: people get it from main, where no build has put it in."""

import json
import re
import textwrap


def trusting(script: str, trusted_root: str) -> str:
    """Puts what the script believes signatures by out of Sigstore's trusted_root.json: each authority that still certifies,
    and the one log that signs promises. Raises ValueError."""
    root = json.loads(trusted_root)
    authorities = [one for one in root["certificateAuthorities"] if "end" not in one["validFor"]]
    chain = [one["rawBytes"] for authority in authorities for one in authority["certChain"]["certificates"]]
    keys = [log["publicKey"] for log in root["tlogs"]]
    logs = [key["rawBytes"] for key in keys if key["keyDetails"] == "PKIX_ECDSA_P256_SHA_256"]
    if not chain or len(logs) != 1:
        raise ValueError("the trusted root must have an authority and one log of version 1")
    certificates = "".join(_pem("CERTIFICATE", one) for one in chain)
    for name, text in (("authority", certificates), ("log_key", _pem("PUBLIC KEY", logs[0]))):
        here = re.compile(rf"(?<=^{name}\(\) {{\n    cat <<'END'\n).*?(?=^END\n)", re.DOTALL | re.MULTILINE)
        script, count = here.subn(text, script)
        if count != 1:
            raise ValueError(f"the install script must have the function {name} once")
    return script


def _pem(label: str, encoded: str) -> str:
    """RFC 7468."""
    return f"-----BEGIN {label}-----\n{textwrap.fill(encoded, 64)}\n-----END {label}-----\n"
