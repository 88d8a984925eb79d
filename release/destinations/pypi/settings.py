"""Where packages go and who uploads them: twine's own settings, read with twine's own code.

`TWINE_REPOSITORY`, `TWINE_REPOSITORY_URL`, `TWINE_USERNAME`, `TWINE_PASSWORD`, `~/.pypirc`, keyring, and in Actions trusted
publishing. Only where to read is not among them: the index beside the upload address, or VIBERUN_PYPI_INDEX.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from release.transport.address import without_login
from release.transport.http import UnansweredError, safe_for_credentials
from release.transport.patience import reason
from viberun.errors import UsageError, ViberunError

if TYPE_CHECKING:
    from twine.utils import RepositoryConfig

INDEX = "VIBERUN_PYPI_INDEX"
_AGAIN = "run the same command again"


class TwineError(ViberunError):
    """twine is not set up so that it could upload."""


class UntrustedError(TwineError):
    """The index does not take this job for one that may publish, until a person tells it to."""


@dataclass(frozen=True)
class Settings:
    """`upload` and `index` (PEP 503, PEP 691) are addresses without a login, `index` with a slash at the end."""

    upload: str
    index: str
    environ: Mapping[str, str] = field(repr=False)
    config: "RepositoryConfig" = field(repr=False)

    @staticmethod
    def of(environ: Mapping[str, str]) -> "Settings":
        """Raises TwineError and UsageError."""
        from twine import exceptions, utils

        # twine's default is below the home of the process; the environment may be another's.
        file = Path(environ.get("HOME", "")) / ".pypirc"
        name = environ.get("TWINE_REPOSITORY") or "pypi"
        try:
            config = utils.get_repository_from_config(
                str(file) if file.exists() else utils.DEFAULT_CONFIG_FILE, name, environ.get("TWINE_REPOSITORY_URL")
            )
        except exceptions.TwineException as error:
            raise TwineError(without_login(" ".join(str(error).split()))) from error
        upload = without_login(config["repository"] or "")
        if not safe_for_credentials(upload):
            raise UsageError(
                "packages are uploaded over https only, or to this machine", remedy="see TWINE_REPOSITORY_URL"
            )
        index = without_login(environ.get(INDEX) or index_beside(upload))
        return Settings(upload, f"{index.rstrip('/')}/", environ, config)

    @property
    def is_public(self) -> bool:
        """Whether the upload goes to the public index, which has limits of its own."""
        from twine import utils

        return self.upload == utils.DEFAULT_REPOSITORY

    def log_in(self) -> bool:
        """Finds what twine would log in with; tells whether that is trusted publishing, for which it takes out a token.

        Raises TwineError, of which UntrustedError is one, and UnansweredError where another time may help.
        """
        import requests
        from twine import auth, exceptions

        given = auth.CredentialInput(self.environ.get("TWINE_USERNAME"), self.environ.get("TWINE_PASSWORD"))
        try:
            login = auth.Resolver.choose(interactive=False)(self.config, given).authenticator
            return isinstance(login, auth.TrustedPublishingAuthenticator)
        except requests.RequestException as error:
            raise UnansweredError(f"nobody answers who trusts this job: {reason(error)}", remedy=_AGAIN) from error
        except LookupError as error:  # twine reads the answers as if they always were what they should
            raise UnansweredError(f"what answers trusts no job: it gives no {error}", remedy=_AGAIN) from error
        except (exceptions.NonInteractive, exceptions.InvalidConfiguration) as error:
            raise TwineError(
                f"there are no credentials for {self.upload}",
                remedy="set TWINE_USERNAME and TWINE_PASSWORD, or write ~/.pypirc;"
                " in Actions give the job id-token: write",
            ) from error
        except exceptions.TwineException as error:
            if "invalid JSON" in str(error):
                raise UnansweredError("what answers trusts no job: it gives no JSON", remedy=_AGAIN) from error
            raise UntrustedError(
                f"no trusted publishing: {without_login(' '.join(str(error).split()))}",
                remedy="register this repository and workflow as a trusted publisher, or set TWINE_PASSWORD",
            ) from error


def index_beside(upload: str) -> str:
    """Returns the simple index of an upload address: of the public one's as twine knows it, else by the custom of all servers."""
    from twine import repository

    if upload.startswith(repository.WAREHOUSE):
        return f"{repository.WAREHOUSE_WEB}simple/"
    return f"{upload.rstrip('/').removesuffix('/legacy').removesuffix('/simple')}/simple/"
