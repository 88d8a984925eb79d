"""The GitHub release: the files, and the commit point of the whole release.

Dev has one release that its builds pass through (`release.destinations.github.dev`), prod one for each version
(`release.destinations.github.prod`). What both need is here: who asks, and what anybody sees afterwards.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from release.bundle import kinds
from release.bundle.model import Artifact, Bundle
from release.destinations.destination import Published, Receipt, RemoteDestination, Row, Standing
from release.destinations.github.api import Api
from release.destinations.github.channel import CURRENT
from release.destinations.github.dev import DevRelease
from release.destinations.github.fence import OVERTAKEN, WORKFLOWS
from release.destinations.github.model import Repository
from release.destinations.github.prod import ProdRelease
from release.destinations.github.published import download
from release.destinations.github.settings import Settings
from release.destinations.settling import UnseenError, settle
from release.driver.outcome import Change, Done, Plan, Problems, Skipped
from release.driver.progress import Meter
from release.transport.content import Moved, digest_of
from release.transport.http import Http, HttpError, Request
from release.transport.parallel import each
from viberun.manifest import Manifest

_WIDTH = 8


class ReleaseKind(Protocol):
    """What dev and prod do differently."""

    @property
    def tag(self) -> str: ...

    def problems(self, bundle: Bundle) -> Iterator[str]: ...

    def changes(self, bundle: Bundle) -> Iterator[tuple[str, str, int | None]]: ...

    def stage(self, bundle: Bundle, expect: Moved, moved: Moved) -> int: ...

    def claim(self, bundle: Bundle) -> bool: ...

    def holder(self, bundle: Bundle) -> Manifest: ...

    def promote(self, bundle: Bundle) -> bool: ...


class GitHubRelease(RemoteDestination):
    """`keep` is the number of dev builds whose files stay; `force` claims the channel whatever it stands at."""

    name = "github"

    def __init__(self, http: Http, environ: Mapping[str, str], *, keep: int = 20, force: bool = False) -> None:
        super().__init__(http)
        self._environ = environ
        self._keep = keep
        self._force = force

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        if problems := tuple(self._local_problems(bundle)):
            return Problems(problems)
        try:
            return Problems((*self._github_problems(bundle), *self._kind(bundle).problems(bundle)))
        except HttpError as error:
            return Problems((str(error),))

    def plan(self, bundle: Bundle, meter: Meter) -> Plan:
        return Plan(tuple(Change(*change) for change in self._kind(bundle).changes(bundle)))

    def stage(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        count = self._kind(bundle).stage(bundle, meter.expect, meter.moved)
        total = len(bundle.assets)
        return Done(f"{count} of {total} files uploaded") if count else Skipped(f"all {total} files are there already")

    def claim(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        kind, commit = self._kind(bundle), bundle.manifest.build.commit[:7]
        return Done(f"{kind.tag} is {commit}'s") if kind.claim(bundle) else Skipped(f"{kind.tag} is {commit}'s already")

    def promote(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        kind = self._kind(bundle)
        changed = kind.promote(bundle)
        if (holder := kind.holder(bundle)) != bundle.manifest:
            left = f"left to {holder.build.version}, which has taken its place"
            return Done(left) if changed else Skipped(left)
        return Done(f"{CURRENT} names {bundle.manifest.build.version}") if changed else Skipped("stands already")

    def holder(self, bundle: Bundle) -> Manifest:
        """Says whose the channel is now: returns this build's manifest, or that of one which has taken its place since."""
        return self._kind(bundle).holder(bundle)

    def standing(self, channel: Published) -> Standing:
        build, settings = channel.manifest.build, Settings.of(self._environ, channel.repository)
        api, tag = Api(self._http, replace(settings, token=None)), channel.manifest.build.version.git
        holder, release = api.tag_commit(tag), api.release(tag)
        there = {asset.name: asset.sha256 for asset in api.assets(release.id) if asset.uploaded} if release else {}
        files = [file for file in channel.manifest.files if kinds.folder(file.kind) == kinds.ASSETS]
        lost = [file.name for file in files if there.get(file.name) != file.sha256]
        wrong = [] if holder == build.commit else [f"the ref {tag} stands at {holder or 'nothing'}"]
        if lost:
            more = f", nor are {len(lost) - 1} others" if len(lost) > 1 else ""
            wrong.append(f"{lost[0]} is not there as {CURRENT} has it{more}")
        return Standing(str(build.version), f"sha256:{digest_of(channel.content).sha256}", tuple(wrong))

    def verify(self, bundle: Bundle, meter: Meter) -> Done | Skipped:
        if taken := settle(self._http, bundle, self.holder, lambda: self._mismatched(bundle), meter.note):
            return taken
        folder = self._folders(bundle)[0]
        each(lambda asset: self._verify_file(f"{folder}{asset.name}", asset), bundle.assets, _WIDTH)
        return Done(f"{CURRENT} and {len(bundle.assets)} files, without credentials")

    def receipt(self, bundle: Bundle) -> Receipt:
        tag = self._kind(bundle).tag
        rows = tuple(Row(asset.name, asset.digest.size, f"sha256:{asset.digest.sha256}") for asset in bundle.assets)
        settings = self._settings(bundle)
        commands = [f"curl -fsSL {settings.download_url(tag, CURRENT)}"]
        if script := bundle.artifact("install"):
            commands.insert(0, f"curl -fsSL {settings.download_url(tag, script.name)} | sh")
        return Receipt(f"{settings.web}/{settings.repository}/releases/tag/{tag}", rows, tuple(commands))

    def _settings(self, bundle: Bundle) -> Settings:
        return Settings.of(self._environ, bundle.manifest.build.repository)

    def _kind(self, bundle: Bundle) -> ReleaseKind:
        settings, build = self._settings(bundle), bundle.manifest.build
        api = Api(self._http, settings)
        if build.channel == "dev":
            return DevRelease(self._http, api, settings.web, self._keep, self._force)
        return ProdRelease(self._http, api, settings.web, build.version.git)

    def _local_problems(self, bundle: Bundle) -> Iterator[str]:
        """Tells why there is nothing to ask GitHub yet."""
        settings, build = self._settings(bundle), bundle.manifest.build
        if build.version.dirty:
            yield (
                f"{build.version} is not exactly a commit of a whole history;"
                " commit what 'git status' shows, or 'git fetch --unshallow', and build again"
            )
        if settings.repository is None:
            yield "nothing names the repository; set GITHUB_REPOSITORY to owner/name"
        elif (build.repository or "").lower() != settings.repository.lower():
            yield f"this was built for {build.repository}, not for {settings.repository}; build it again"
        if self._force and build.channel == "prod":
            yield "--force is for dev; what a prod release stands on never changes, so release without it"
        if settings.token is None:
            yield "there is no token; set GITHUB_TOKEN"

    def _github_problems(self, bundle: Bundle) -> Iterator[str]:
        """Tells why GitHub would refuse, whatever the channel."""
        settings, build = self._settings(bundle), bundle.manifest.build
        api, commit = Api(self._http, settings), build.commit
        repository = api.repository()
        if repository.private:
            yield f"{repository.full_name} is private: nobody could download what is released there; make it public"
        if repository.push is False:
            yield f"the token may not write to {repository.full_name}; give it contents: write"
        if repository.scopes is not None and not repository.scopes & {"repo", "public_repo"}:
            yield "the token has none of the scopes with which it may write; give it `public_repo` (or `repo`)"
        if not api.has_commit(commit):
            yield f"GitHub does not have the commit {commit}; push it"
        elif build.channel == "dev":  # the tag of a prod release is there already, and moves never
            yield from self._ref_problems(api, settings, repository, commit)

    def _ref_problems(self, api: Api, settings: Settings, repository: Repository, commit: str) -> Iterator[str]:
        """Tells why the ref may not move to the commit, wherever it stands."""
        branch = repository.default_branch
        compared = None if self._force else api.compare(branch, commit)
        if not self._force and (compared is None or compared.status not in ("behind", "identical")):
            yield (
                f"{commit} is not on {branch}, and no later commit of {branch} could take the channel from it;"
                f" merge it, and release what {branch} has then"
            )
        # The token of Actions has no scopes, and can't be given this right.
        of_actions = settings.in_actions and settings.of_installation
        if of_actions or (repository.scopes is not None and "workflow" not in repository.scopes):
            here, there = (api.workflow_files(ref) for ref in (commit, branch))
            if here.items() - there.items():
                yield (
                    f"the workflow files of {commit} are not those of {branch}, so GitHub would refuse"
                    f" to move a ref to it; {OVERTAKEN if of_actions else WORKFLOWS}"
                )

    def _folders(self, bundle: Bundle) -> list[str]:
        """Returns the addresses below which readers look for the channel, with a slash at the end."""
        settings, build = self._settings(bundle), bundle.manifest.build
        own = settings.download_url(self._kind(bundle).tag, "")
        return [own] if build.channel == "dev" else [own, settings.latest_url("")]

    def _mismatched(self, bundle: Bundle) -> Iterator[str]:
        """Tells where readers don't find the channel at this build."""
        expected = digest_of(bundle.manifest.to_json().encode())
        for folder in self._folders(bundle):
            answer = download(self._http, folder)
            if answer is None or answer.digest != expected:
                yield f"{folder}{CURRENT} is not what was released"

    def _verify_file(self, url: str, asset: Artifact) -> None:
        """Compares its length, having asked for its first byte: GitHub has told the digest of what it stored."""
        first = Request("GET", url, {"Range": "bytes=0-0"}, accepted=(200, 206, 404))
        answer = self._http.download(first)
        size = (
            answer.headers.get("content-range", "").rpartition("/")[2]
            if answer.status == 206
            else str(answer.digest.size)
        )
        if answer.status not in (200, 206) or size != str(asset.digest.size):
            raise UnseenError(
                f"{url}: {answer.status}, {size} bytes, not {asset.digest.size}", remedy="run the same command again"
            )
