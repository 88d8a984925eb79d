"""The text of a release's page. Pure functions of what the release is, so that any run writes the same."""

from release.destinations.github.changes import Changes
from release.destinations.github.model import Status
from release.signing.job import ISSUER
from viberun.manifest import Manifest
from viberun.version import Channel

_MOST_CHANGES = 100
_MOST_A_SUBJECT = 200
_MOST = 120_000
"""Characters of a page; GitHub takes 125,000."""

_OURS = "<!-- below this line the release writes -->"
# A prod release may be made from anywhere; a dev build comes after the one before, unless somebody forced it.
_UNLISTED: dict[tuple[Channel, Status], str] = {
    ("dev", "diverged"): "the history was rewritten.",
    ("dev", "behind"): "the history was rewritten.",
    ("prod", "behind"): "this is an earlier commit.",
}


def title(manifest: Manifest) -> str:
    build = manifest.build
    return f"dev: {build.version.oci}" if build.channel == "dev" else build.version.git


def text(manifest: Manifest, changes: Changes | None, web: str) -> str:
    """Writes Markdown: what this is, how to get it, its digests, and the commits since the build before, if there was one."""
    build = manifest.build
    page = f"{web}/{build.repository}"
    lines = [
        f"Version `{build.version}`, commit [`{build.commit}`]({page}/commit/{build.commit}) of {build.committed}.",
        "",
        *_install(manifest, page),
        *_files(manifest),
        *_vouched(manifest, web),
    ]
    if changes:
        lines += _changes(changes, build.channel, page)
    return _capped("\n".join(lines) + "\n", _MOST)


def beside(there: str, ours: str) -> str:
    """Puts our text below what a person wrote on the page, which stays as it is."""
    theirs = there.partition(_OURS)[0].strip()
    return "\n\n".join(filter(None, (theirs, _capped(f"{_OURS}\n{ours}", _MOST - len(theirs)))))


def _capped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most)].rpartition("\n")[0] + "\n"


def _install(manifest: Manifest, page: str) -> list[str]:
    build = manifest.build
    package, where = ("viberun-dev", "dev") if build.channel == "dev" else ("viberun", "latest")
    commands = [f"npx --prefer-online -y viberun@{where}", f"uvx {package}@latest"]
    if build.repository:
        commands.append(install_command(page, build.repository, build.channel))
    return ["```sh", *commands, "```", ""]


def install_command(page: str, repository: str, channel: Channel) -> str:
    """Returns the line that runs main's install script: one of a release would be checked by itself."""
    dev = " --dev" if channel == "dev" else ""
    return f"curl -fsSL {page}/raw/main/install.sh | sh -s -- --from {repository}{dev}"


def _files(manifest: Manifest) -> list[str]:
    rows = [f"| `{file.name}` | {file.size} | `{file.sha256}` |" for file in manifest.files]
    images = [f"| `{image.ref or name}` | | `{image.digest}` |" for name, image in sorted(manifest.images.items())]
    return ["| file or image | bytes | sha256 |", "| --- | ---: | --- |", *rows, *images, ""]


def _vouched(manifest: Manifest, web: str) -> list[str]:
    """Tells strangers how to find out for one of the files who made it, with tools that are not ours."""
    build, signature = manifest.build, manifest.signature_name
    ref = "refs/heads/main" if build.channel == "dev" else f"refs/tags/{build.version.git}"
    workflow = f"{build.repository}/.github/workflows/release.yml"
    return [
        f"Who made it: `{signature}` is a Sigstore bundle about all of these, with SLSA provenance. For a FILE of them:",
        "",
        "```sh",
        f"gh attestation verify FILE --bundle {signature} --repo {build.repository} --signer-workflow {workflow}"
        f" --source-ref {ref} --source-digest {build.commit} --deny-self-hosted-runners",
        f"cosign verify-blob-attestation --bundle {signature} --type slsaprovenance1"
        f" --certificate-oidc-issuer {ISSUER} --certificate-identity {web}/{workflow}@{ref}"
        f" --certificate-github-workflow-trigger push --certificate-github-workflow-sha {build.commit} FILE",
        f"python -m sigstore verify github --bundle {signature} --cert-identity {web}/{workflow}@{ref}"
        f" --repository {build.repository} --ref {ref} --trigger push --sha {build.commit} FILE",
        "```",
        "",
    ]


def _changes(changes: Changes, channel: Channel, page: str) -> list[str]:
    lines = [f"Changes since `{changes.since.oci}`:", ""]
    compared = changes.comparison
    if compared is None:
        return [*lines, "GitHub does not list them."]
    if compared.status == "identical":
        return []
    if unlisted := _UNLISTED.get((channel, compared.status)):
        return [*lines, unlisted]
    listed = list(reversed(compared.subjects))[:_MOST_CHANGES]
    lines += [f"- {_plain(subject)} ([`{sha[:7]}`]({page}/commit/{sha}))" for sha, subject in listed]
    if compared.total > len(listed):
        lines.append(f"- and {compared.total - len(listed)} more")
    return lines


def _plain(subject: str) -> str:
    """Returns how a commit's subject begins, as text: no markup, no mention that would notify somebody."""
    subject = subject[:_MOST_A_SUBJECT]
    for character in "\\`*_[]<>#":
        subject = subject.replace(character, f"\\{character}")
    return subject.replace("@", "@\u200b")
