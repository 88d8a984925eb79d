"""Tells the install script whose releases it installs, and by whose signatures: the build action behind `install_script`.

The script in the tree says nothing of the first, and so does one that is built without a repository; it takes the signatures
that those of this build take, since people get it from there.
"""

import json
import re
import textwrap
from pathlib import Path
from typing import Any

from viberun.build import Build
from viberun.errors import ViberunError


class ScriptError(ViberunError):
    """The script has no place for what it is to be told."""


def stamped(script: str, build: Build) -> str:
    """Puts the repository and the channel of `build` into the script. Raises ScriptError."""
    for name, value, told in (
        ("repository", "", build.repository or ""),
        ("github", "https://github.com", build.github),
        ("channel", "prod", build.channel),
    ):
        line = f"    {name}='{value}'\n"
        if script.count(line) != 1:
            raise ScriptError(f"the install script must have the line {line.strip()} once")
        # None holds a quote: their forms are checked where a Build is made.
        script = script.replace(line, f"    {name}='{told}'\n")
    return script


def trusting(script: str, trusted_root: str) -> str:
    """Puts what the script believes signatures by out of Sigstore's trusted_root.json: each authority that still certifies,
    and the one log that signs promises. Raises ScriptError."""
    root = json.loads(trusted_root)
    authorities = [one for one in root["certificateAuthorities"] if "end" not in one["validFor"]]
    chain = [one["rawBytes"] for authority in authorities for one in authority["certChain"]["certificates"]]
    keys = [log["publicKey"] for log in root["tlogs"]]
    logs = [key["rawBytes"] for key in keys if key["keyDetails"] == "PKIX_ECDSA_P256_SHA_256"]
    if not chain or len(logs) != 1:
        raise ScriptError("the trusted root must have an authority and one log of version 1")
    certificates = "".join(_pem("CERTIFICATE", one) for one in chain)
    for name, text in (("authority", certificates), ("log_key", _pem("PUBLIC KEY", logs[0]))):
        here = re.compile(rf"(?<=^{name}\(\) {{\n    cat <<'END'\n).*?(?=^END\n)", re.DOTALL | re.MULTILINE)
        script, count = here.subn(text, script)
        if count != 1:
            raise ScriptError(f"the install script must have the function {name} once")
    return script


def _pem(label: str, encoded: str) -> str:
    """RFC 7468."""
    return f"-----BEGIN {label}-----\n{textwrap.fill(encoded, 64)}\n-----END {label}-----\n"


def main(request: dict[str, Any]) -> None:
    """Takes {version, script, trusted_root, out}."""
    build = Build.from_json(Path(request["version"]).read_bytes())
    script = trusting(Path(request["script"]).read_text(), Path(request["trusted_root"]).read_text())
    Path(request["out"]).write_text(stamped(script, build))
