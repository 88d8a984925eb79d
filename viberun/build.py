"""A build: the version, and the facts of the commit that it was made from.

tools/stamp makes a Build of Bazel's workspace status, the packers put it in as version.json, the
programs read it back. Nothing here asks git or the clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from viberun import embedded
from viberun.errors import InvalidError, VersionError
from viberun.fields import Fields, Form, decode
from viberun.version import SPELLINGS, Channel, Version, moment

COMMIT = Form(r"[0-9a-f]{40}", "40 lower-case hex digits")
COMMITTED = Form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "of the form YYYY-MM-DDThh:mm:ssZ")
# As GitHub names them: owners of a company's own have an underscore, and a repository may begin with any sign.
REPOSITORY = Form(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*", "of the form owner/name")
GITHUB = Form(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~-]+)*", "an address without a slash at the end")
REPOSITORY_ID = Form(r"[1-9][0-9]{0,18}", "GitHub's number of it")
REGISTRY = Form(r"[a-z0-9.-]+(:[0-9]+)?", "of the form host[:port]")


@dataclass(frozen=True)
class Build:
    """One build of viberun.

    `commit` is 40 hex digits (all 0 outside a git tree), `committed` the commit's timestamp in
    ISO 8601 with `Z` (the same moment as in a dev version), `repository` GitHub's `owner/name` or
    None; `github` is the address of that GitHub, `registry` the host of the images, and
    `repository_id` GitHub's number of the repository, which stays where that is renamed or moved,
    or None. Raises InvalidError where the facts do not agree.
    """

    version: Version
    channel: Channel
    commit: str
    committed: str
    repository: str | None
    github: str = "https://github.com"
    registry: str = "ghcr.io"
    repository_id: str | None = None

    def __post_init__(self) -> None:
        problems = list(_disagreements(self))
        if problems:
            raise InvalidError("the facts of this build do not agree", problems)

    @classmethod
    def from_json(cls, text: str | bytes) -> Build:
        """Reads version.json; raises InvalidError with every problem in it."""
        problems: list[str] = []
        try:
            build = cls.read(Fields(decode(text), "", problems))
        except ValueError as error:
            build, problems = None, [str(error)]
        if build is None:
            raise InvalidError(embedded.NAME, problems, remedy="install viberun again")
        return build

    @classmethod
    def read(cls, fields: Fields) -> Build | None:
        """Reads a build from its fields in a larger document.

        Adds what is wrong to the problems of `fields`, and returns None then.
        """
        before = len(fields.problems)
        spelt = fields.text("version")
        channel = fields.text("channel", Form("dev|prod", "dev or prod"))
        commit = fields.text("commit", COMMIT)
        committed = fields.text("committed", COMMITTED)
        repository = fields.text_or_null("repository", REPOSITORY)
        github = fields.text_or("github", cls.github, GITHUB)
        registry = fields.text_or("registry", cls.registry, REGISTRY)
        repository_id = fields.text_or("repository_id", cls.repository_id, REPOSITORY_ID)
        spellings = fields.fields("spellings")
        spelt_as = {name: spellings.text(name) for name in SPELLINGS}
        if len(fields.problems) > before or not fields.readable:
            return None
        try:
            version = Version.parse(spelt)
            build = cls(version, cast(Channel, channel), commit, committed, repository, github, registry, repository_id)
        except VersionError as error:
            fields.problems.append(str(error))
            return None
        except InvalidError as error:
            fields.problems.extend(error.problems)
            return None
        if spelt != version.semver:
            fields.report("version", f"must be {version.semver}, not {spelt!a}")
        for name, spelling in version.spellings.items():
            if spelt_as[name] != spelling:
                spellings.report(name, f"must be {spelling}, not {spelt_as[name]!a}")
        return build if len(fields.problems) == before else None

    @classmethod
    def embedded(cls) -> Build:
        """Returns the build that this program is. Raises ViberunError in a source tree."""
        return cls.from_json(embedded.text())

    def to_json(self) -> str:
        """Returns the text of version.json: keys sorted; `embedded.version_in` knows how it looks."""
        document: dict[str, object] = {
            "channel": self.channel,
            "commit": self.commit,
            "committed": self.committed,
            "github": self.github,
            "registry": self.registry,
            "repository": self.repository,
            "spellings": self.version.spellings,
            "version": self.version.semver,
        }
        if self.repository_id is not None:
            document["repository_id"] = self.repository_id
        return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _disagreements(build: Build) -> Iterator[str]:
    version = build.version
    if build.channel != version.channel:
        yield f"{version} is a version of the channel {version.channel}, not {build.channel}"
    if not COMMIT.fits(build.commit):
        yield f"commit must be {COMMIT.meaning}, not {build.commit!r}"
    elif version.channel == "dev" and version.sha != build.commit[:7]:
        yield f"{version} is not the version of commit {build.commit}"
    if build.repository is not None and not REPOSITORY.fits(build.repository):
        yield f"repository must be {REPOSITORY.meaning}, not {build.repository!r}"
    if build.repository_id is not None and not REPOSITORY_ID.fits(build.repository_id):
        yield f"repository_id must be {REPOSITORY_ID.meaning}, not {build.repository_id!r}"
    for name, value, form in (("github", build.github, GITHUB), ("registry", build.registry, REGISTRY)):
        if not form.fits(value):
            yield f"{name} must be {form.meaning}, not {value!r}"
    if not COMMITTED.fits(build.committed):
        yield f"committed must be {COMMITTED.meaning}, not {build.committed!r}"
        return
    timestamp = re.sub(r"\D", "", build.committed)
    try:
        moment(timestamp)
    except VersionError as error:
        yield f"committed: {error}"
        return
    if version.timestamp not in (None, timestamp):
        yield f"{version} is not the version of a commit of {build.committed}"
