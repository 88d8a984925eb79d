"""Signs one statement by Sigstore: `python -m release.signing.sign TRUSTED_ROOT SIGNING_CONFIG`.

A program of its own, since `sigstore` takes half a second to import and fails in many ways. Reads from standard input the
token in the first line and the statement in the rest; prints the bundle.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import requests

UNAVAILABLE, NOT_ALLOWED = 69, 77
"""How it ends (sysexits.h) where a service does not do its work, and where none would for this job; else 1."""

_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
_PASSING = (408, 429)


def main(arguments: Sequence[str]) -> int:
    from sigstore.dsse import Statement
    from sigstore.errors import NetworkError
    from sigstore.models import ClientTrustConfig, InvalidBundle
    from sigstore.oidc import ExpiredIdentity, IdentityError, IdentityToken
    from sigstore.sign import SigningContext

    trusted_root, signing_config = (json.loads(Path(each).read_bytes()) for each in arguments)
    token, _, statement = sys.stdin.buffer.read().partition(b"\n")
    config = {"mediaType": _CONFIG, "trustedRoot": trusted_root, "signingConfig": signing_config}
    context = SigningContext.from_trust_config(ClientTrustConfig.from_json(json.dumps(config)))
    try:
        with context.signer(IdentityToken(token.decode())) as signer:
            bundle = signer.sign_dsse(Statement(statement))
    except (IdentityError, ExpiredIdentity) as error:
        return _failed(NOT_ALLOWED, error)
    except (requests.RequestException, NetworkError, InvalidBundle) as error:
        return _failed(UNAVAILABLE, error)
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        refused = 400 <= status < 500 and status not in _PASSING
        return _failed(NOT_ALLOWED if refused else UNAVAILABLE, error)
    sys.stdout.write(bundle.to_json())
    return 0


def _status(error: BaseException) -> int | None:
    """Returns what a service answered, if it is that which makes the error: those of sigstore's clients don't tell it."""
    answered = error.__cause__ or error.__context__
    return answered.response.status_code if isinstance(answered, requests.HTTPError) else None


def _failed(status: int, error: Exception) -> int:
    answered = error.__cause__ or error.__context__
    sys.stderr.write(f"{type(error).__name__}: {error} {answered or ''}".rstrip() + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
