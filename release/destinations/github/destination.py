"""The GitHub release: the files, and the commit point of the whole release.

Dev has one release that its builds pass through (`release.destinations.github.dev`), prod one for each version
(`release.destinations.github.prod`). What both need is here: who asks, and what anybody sees afterwards.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from release.bundle import kinds
from release.bundle.model import Artifact, Bundle
from release.destinations.destination import Ahead, Published, Receipt, RemoteDestination, Row, Standing
from release.destinations.github import notes
from release.destinations.github.ahead import ahead, claimed, coming
from release.destinations.github.api import Api
from release.destinations.github.channel import CURRENT
from release.destinations.github.dev import DevRelease
from release.destinations.github.fence import OVERTAKEN, WORKFLOWS
from release.destinations.github.model import Release
from release.destinations.github.model import Repository as OnGitHub
from release.destinations.github.prod import ProdRelease
from release.destinations.github.protection import gaps
from release.destinations.github.published import download
from release.destinations.github.retention import KEEP, Keep
from release.destinations.github.settings import Settings
from release.destinations.github.signature import Signature
from release.destinations.github.vouched import Vouched
from release.driver.outcome import Change, Problems
from release.driver.progress import Meter
from release.signing.signer import Signer
from release.transport.content import digest_of
from release.transport.http import Http, HttpError, Request
from release.transport.parallel import each
from viberun.build import Build
from viberun.sigstore.errors import SignatureError
from viberun.sigstore.release_workflow import Repository
from viberun.sigstore.release_workflow import Signer as SignedBy
from viberun.version import moment

_WIDTH = 8
_FUTURE = timedelta(hours=1)


class ReleaseKind(Protocol):
    """What dev and prod do differently."""

    @property
    def tag(self) -> str: ...

    def problems(self, bundle: Bundle, meter: Meter) -> Iterator[str]: ...

    def forcible(self, bundle: Bundle) -> Iterator[str]: ...

    def stage(self, bundle: Bundle) -> Iterator[Change]: ...

    def staged(self) -> Release | None: ...

    def claim(self, bundle: Bundle) -> Iterator[Change]: ...

    def holder(self, bundle: Bundle) -> Published: ...

    def promote(self, held: Published) -> Iterator[Change]: ...


class GitHubRelease(RemoteDestination):
    """`keep` says which dev builds' files stay; `force` claims the channel whatever it stands at. `trusted` is whose builds count
    where they are read from there, else each is its own word."""

    name = "github"

    def __init__(
        self,
        http: Http,
        environ: Mapping[str, str],
        signer: Signer,
        *,
        keep: Keep = KEEP,
        force: bool = False,
        trusted: Repository | None = None,
    ) -> None:
        super().__init__(http)
        self._environ = environ
        self._signer = signer
        self._trusted = trusted
        self._keep = keep
        self._force = force
        self._kinds = dict[str, ReleaseKind]()
        self._apis = dict[str | None, Api]()
        self._signatures = dict[str, Signature]()

    def preflight(self, bundle: Bundle, meter: Meter) -> Problems:
        if problems := tuple(self._local_problems(bundle)):
            return Problems(problems)
        try:
            found = (
                *self._github_problems(bundle, meter),
                *self._review_problems(bundle, meter),
                *self._signing_problems(bundle),
            )
            found += tuple(self._kind(bundle).problems(bundle, meter))
            forcible = tuple(self._kind(bundle).forcible(bundle))
            # Whoever forces it may not be able to sign it: its own run does that.
            return Problems(found, forcible) if self._settings(bundle).in_actions else Problems(found + forcible)
        except HttpError as error:
            return Problems((str(error),))

    def stage(self, bundle: Bundle) -> Iterator[Change]:
        return self._kind(bundle).stage(bundle)

    def sign(self, bundle: Bundle) -> Iterator[Change]:
        return self._signature(bundle).lacking(self._kind(bundle).staged())

    def claim(self, bundle: Bundle) -> Iterator[Change]:
        return self._kind(bundle).claim(bundle)

    def publish(self, bundle: Bundle) -> Iterator[Change]:
        return self._signature(bundle).unstored()

    def promote(self, held: Published) -> Iterator[Change]:
        return self._kind_of(held.manifest.build).promote(held)

    def holder(self, bundle: Bundle) -> Published:
        return self._kind(bundle).holder(bundle)

    def standing(self, channel: Published) -> Standing:
        build = channel.manifest.build
        api, tag = self._api(build), build.version.git
        holder, release = api.tag_commit(tag), api.release(tag)
        assets = api.assets(release.id) if release else []
        there = {asset.name: asset.sha256 for asset in assets if asset.uploaded}
        files = [file for file in channel.manifest.files if kinds.folder(file.kind) == kinds.ASSETS]
        lost = [file.name for file in files if there.get(file.name) != file.sha256]
        stands = holder == build.commit or claimed(coming(assets, build.version), holder)
        wrong = [] if stands else [f"the ref {tag} stands at {holder or 'nothing'}"]
        signed = None
        try:
            signed = self.signer(channel)
        except SignatureError as error:
            wrong.append(f"clients refuse it: {error}")
        if lost:
            more = f", nor are {len(lost) - 1} others" if len(lost) > 1 else ""
            wrong.append(f"{lost[0]} is not there as {CURRENT} has it{more}")
        return Standing(str(build.version), f"sha256:{digest_of(channel.content).sha256}", tuple(wrong), signed)

    def ahead(self, channel: Published) -> Ahead:
        """Asks what is to come after a build of the dev channel; nothing waits for a prod release."""
        build = channel.manifest.build
        if build.channel == "prod":
            return Ahead()
        return ahead(self._api(build), DevRelease.tag, build)

    def signer(self, channel: Published) -> SignedBy:
        """Returns who vouches for a build, which anybody can find out. Raises SignatureError where nobody does."""
        build, name = channel.manifest.build, channel.manifest.signature_name
        url = Settings.of(self._environ, build.repository).download_url(build.version.git, name)
        answer = self._http.download(Request("GET", url, accepted=(200, 404)))
        if answer.status == 404:
            raise SignatureError("nobody has signed it")
        return self._signer.check(channel.manifest, answer.content, channel.content, self._trusted)

    def verify(self, bundle: Bundle) -> Iterator[Change]:
        expected, wrong = digest_of(bundle.manifest.to_json().encode()), False
        tag, commit = self._kind(bundle).tag, bundle.manifest.build.commit
        if (stands := self._api(bundle.manifest.build).tag_commit(tag)) != commit:
            yield Change("", f"the ref {tag} stands at {stands or 'nothing'}, not at {commit}")
        for folder in self._folders(bundle):
            answer = download(self._http, folder)
            if answer is None or answer.digest != expected:
                wrong = True
                yield Change("", f"{folder}{CURRENT} is not what was released")
        if not wrong:
            yield from filter(None, each(lambda asset: self._lacking(bundle, asset), bundle.assets, _WIDTH))
            yield from self._unsigned(bundle)

    def receipt(self, bundle: Bundle) -> Receipt:
        tag = self._kind(bundle).tag
        rows = tuple(Row(asset.name, asset.digest.size, f"sha256:{asset.digest.sha256}") for asset in bundle.assets)
        if signature := self.signature(bundle):
            digest = digest_of(signature)
            rows += (Row(bundle.manifest.signature_name, digest.size, f"sha256:{digest.sha256}"),)
        settings = self._settings(bundle)
        page, channel = f"{settings.web}/{settings.repository}", bundle.manifest.build.channel
        commands = [f"curl -fsSL {settings.download_url(tag, CURRENT)}"]
        if settings.repository and bundle.artifact("install"):
            commands.insert(0, notes.install_command(page, settings.repository, channel))
        return Receipt(f"{page}/releases/tag/{tag}", rows, tuple(commands))

    def _settings(self, bundle: Bundle) -> Settings:
        return Settings.of(self._environ, bundle.manifest.build.repository)

    def _kind(self, bundle: Bundle) -> ReleaseKind:
        return self._kind_of(bundle.manifest.build)

    def _kind_of(self, build: Build) -> ReleaseKind:
        """Returns one for all steps, since it believes what it was answered."""
        if build.version.git not in self._kinds:
            settings, api = Settings.of(self._environ, build.repository), self._api(build)
            vouched = Vouched(api, self._signer, build)
            self._kinds[build.version.git] = (
                DevRelease(self._http, api, vouched, settings.web, self._keep, self._force)
                if build.channel == "dev"
                else ProdRelease(self._http, api, vouched, self.signature, settings.web, build.version.git)
            )
        return self._kinds[build.version.git]

    def signature(self, bundle: Bundle) -> bytes | None:
        """Returns the signature of a build, once a good one was seen."""
        return self._signature(bundle).content

    def _signature(self, bundle: Bundle) -> Signature:
        """Returns one for all steps, which remembers what it has read."""
        manifest = bundle.manifest
        made = Signature(self._http, self._api(manifest.build), self._signer, manifest)
        return self._signatures.setdefault(manifest.name, made)

    def _api(self, build: Build) -> Api:
        """Returns one for all steps, which remembers what it has read."""
        settings = Settings.of(self._environ, build.repository)
        return self._apis.setdefault(settings.repository, Api(self._http, settings))

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
        if build.github != settings.web:
            yield f"this was built for {build.github}, not for {settings.web}; build it again with that GITHUB_SERVER_URL"
        if self._force and build.channel == "prod":
            yield "--force is for dev; what a prod release stands on never changes, so release without it"
        if settings.token is None:
            yield "there is no token; set GITHUB_TOKEN"

    def _github_problems(self, bundle: Bundle, meter: Meter) -> Iterator[str]:
        """Tells why GitHub would refuse, whatever the channel. Waits first until it takes as many requests as are to come."""
        settings, build = self._settings(bundle), bundle.manifest.build
        api, commit = self._api(build), build.commit
        repository = api.repository()
        if repository.wait:
            meter.note(f"waits {repository.wait / 60:.0f} minutes, until GitHub's limit of requests is there again")
            self._http.wait(repository.wait)
        if repository.private:
            yield f"{repository.full_name} is private: nobody could download what is released there; make it public"
        if build.repository != repository.full_name:
            yield (
                f"this was built for {build.repository}, which GitHub spells {repository.full_name};"
                " set GITHUB_REPOSITORY, or origin, to that and build again"
            )
        elif build.repository_id != str(repository.id):
            yield (
                f"this was built for the repository with the number {build.repository_id or 'that nothing names'}, and"
                f" {repository.full_name} has {repository.id}; build it again with GITHUB_REPOSITORY_ID={repository.id}"
            )
        for gap in gaps(api, repository.default_branch):
            meter.warn(gap)
        stamp = build.version.timestamp  # which is after the commit's own date where a parent's is
        dated = moment(stamp) if stamp else datetime.fromisoformat(build.committed)
        if dated - repository.now > _FUTURE:
            yield (
                f"{build.version} is dated in the future: GitHub's clock is at {repository.now:%Y-%m-%dT%H:%M:%SZ}, and later"
                " versions would stay there; 'When it fails' in RELEASING.md has the way back"
            )
        if repository.push is False:
            yield f"the token may not write to {repository.full_name}; give it contents: write"
        if repository.scopes is not None and not repository.scopes & {"repo", "public_repo"}:
            yield "the token has none of the scopes with which it may write; give it `public_repo` (or `repo`)"
        if not api.has_commit(commit):
            yield f"GitHub does not have the commit {commit}; push it"
        elif build.channel == "dev":  # the tag of a prod release is there already, and moves never
            yield from self._ref_problems(api, settings, repository, commit)

    def _ref_problems(self, api: Api, settings: Settings, repository: OnGitHub, commit: str) -> Iterator[str]:
        """Tells why the ref may not move to the commit, wherever it stands."""
        branch = repository.default_branch
        if not self._force and api.relation(branch, commit) not in ("behind", "identical"):
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

    def _review_problems(self, bundle: Bundle, meter: Meter) -> Iterator[str]:
        """Tells whether a push alone releases prod. A job that names an environment makes it, without any rules."""
        settings = self._settings(bundle)
        if not settings.in_actions or bundle.manifest.build.channel == "dev":
            return
        environment = self._api(bundle.manifest.build).environment("prod")
        if environment is None:
            meter.note("whether the environment prod has reviewers is not known: the token may not read it")
        elif not environment.reviewers:
            yield (
                "the environment prod has no required reviewers, so whoever can push a tag releases; add them in the"
                " repository's settings (Environments, prod)"
            )

    def _signing_problems(self, bundle: Bundle) -> Iterator[str]:
        """Tells why this job of Actions would not sign what nobody has signed yet. Elsewhere nobody ever does."""
        unsigned = self._settings(bundle).in_actions and [*self.sign(bundle)]
        if unsigned and (hindrance := self._signer.hindrance(bundle.manifest.build)):
            yield str(hindrance)

    def _folders(self, bundle: Bundle) -> list[str]:
        """Returns the addresses below which readers look for the channel, with a slash at the end."""
        settings, build = self._settings(bundle), bundle.manifest.build
        own = settings.download_url(self._kind(bundle).tag, "")
        return [own] if build.channel == "dev" else [own, settings.latest_url("")]

    def _unsigned(self, bundle: Bundle) -> Iterator[Change]:
        try:
            self.signer(Published.of(bundle))
        except SignatureError as error:
            yield Change("", f"{bundle.manifest.signature_name}: {error}")

    def _lacking(self, bundle: Bundle, asset: Artifact) -> Change | None:
        """Compares its length, having asked for its first byte: GitHub has told the digest of what it stored."""
        url = f"{self._folders(bundle)[0]}{asset.name}"
        answer = self._http.download(Request("GET", url, {"Range": "bytes=0-0"}, accepted=(200, 206, 404)))
        size = (
            answer.headers.get("content-range", "").rpartition("/")[2]
            if answer.status == 206
            else str(answer.digest.size)
        )
        if answer.status in (200, 206) and size == str(asset.digest.size):
            return None
        return Change("", f"{url}: {answer.status}, {size} bytes, not {asset.digest.size}")
