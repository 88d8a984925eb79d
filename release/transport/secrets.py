"""What must not be seen: passwords and tokens of the environment, wherever a text might repeat them."""

import base64
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from release.transport.address import without_login

SECRET = re.compile(r"TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIAL|(?:_AUTH|_KEY)$", re.IGNORECASE)
_FORMS = re.compile(r"\b(?:npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}|gh[a-z]_[A-Za-z0-9]{30,}|github_pat_\w{30,})")
_SHORTEST = 6


def secrets_of(environ: Mapping[str, str]) -> frozenset[str]:
    """Returns the values of variables that are called like secrets, and the forms in which they travel."""
    values = {value for name, value in environ.items() if SECRET.search(name) and len(value) >= _SHORTEST}
    quoted = {quote(value, safe="") for value in values}
    return frozenset(values | quoted | {base64.b64encode(value.encode()).decode() for value in values})


def redactor(environ: Mapping[str, str]) -> Callable[[str], str]:
    """Puts `***` in place of every secret: by its variable's name, by a token's form, by where it stands in a URL."""
    known = sorted(secrets_of(environ), key=len, reverse=True)

    def redact(text: str) -> str:
        for value in known:
            text = text.replace(value, "***")
        return without_login(_FORMS.sub("***", text), "***@")

    return redact
