"""Where GitHub is and who asks, by the variables that GitHub's own tools read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Settings:
    """Roots without a slash at the end; `repository` is owner/name, and None where nothing names it."""

    api: str
    web: str
    repository: str | None
    token: str | None = field(repr=False)
    in_actions: bool = False

    @property
    def of_installation(self) -> bool:
        """Whether the token is that of an app's installation, as GITHUB_TOKEN in Actions is, and not a person's."""
        return (self.token or "").startswith("ghs_")

    @property
    def has_scopes(self) -> bool:
        """Whether GitHub tells the token's scopes: those of apps and fine-grained ones have permissions instead."""
        return not (self.token or "").startswith(("ghs_", "ghu_", "github_pat_"))

    @staticmethod
    def of(environ: Mapping[str, str], repository: str | None) -> "Settings":
        """Reads the environment; `repository` is what the build is stamped with, which GITHUB_REPOSITORY overrules."""
        named = environ.get("GITHUB_REPOSITORY") or repository
        return Settings(
            environ.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
            environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/"),
            named if named and _REPOSITORY.fullmatch(named) else None,
            environ.get("GITHUB_TOKEN") or environ.get("GH_TOKEN") or None,
            environ.get("GITHUB_ACTIONS") == "true",
        )

    def download_url(self, tag: str, name: str) -> str:
        """Tells where anybody gets an asset of a published release."""
        return f"{self.web}/{self.repository}/releases/download/{tag}/{name}"

    def latest_url(self, name: str) -> str:
        """Tells where anybody gets an asset of whichever release is the latest."""
        return f"{self.web}/{self.repository}/releases/latest/download/{name}"
