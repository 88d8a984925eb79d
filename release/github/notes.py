"""The text of a release's page. Pure functions of what the release is, so that any run writes the same."""

from release.github.model import Comparison
from viberun.manifest import Manifest

_MOST_CHANGES = 100


def title(manifest: Manifest) -> str:
    build = manifest.build
    return f"dev: {build.version.oci}" if build.channel == "dev" else build.version.git


def text(manifest: Manifest, before: Manifest | None, changes: Comparison | None, web: str) -> str:
    """Markdown: what this is, how to get it, its digests, and the commits since the build `before`."""
    build = manifest.build
    page = f"{web}/{build.repository}"
    lines = [
        f"Version `{build.version}`, commit [`{build.commit}`]({page}/commit/{build.commit}) of {build.committed}.",
        "",
        *_install(manifest, page),
        *_files(manifest),
    ]
    if before is not None and before.build.commit != build.commit:
        lines += _changes(before, changes, page)
    return "\n".join(lines) + "\n"


def _install(manifest: Manifest, page: str) -> list[str]:
    build = manifest.build
    package, where = ("viberun-dev", "dev") if build.channel == "dev" else ("viberun", "latest")
    script = next((file.name for file in manifest.files if file.kind == "install"), None)
    commands = [f"npx --prefer-online -y viberun@{where}", f"uvx {package}@latest"]
    if script:
        commands.append(f"curl -fsSL {page}/releases/download/{build.version.git}/{script} | sh")
    return ["```sh", *commands, "```", ""]


def _files(manifest: Manifest) -> list[str]:
    rows = [f"| `{file.name}` | {file.size} | `{file.sha256}` |" for file in manifest.files]
    images = [f"| `{image.ref or name}` | | `{image.digest}` |" for name, image in sorted(manifest.images.items())]
    return ["| file or image | bytes | sha256 |", "| --- | ---: | --- |", *rows, *images, ""]


def _changes(before: Manifest, changes: Comparison | None, page: str) -> list[str]:
    then = before.build.version
    lines = [f"Changes since `{then.oci}`:", ""]
    if changes is None or changes.status != "ahead":
        return [*lines, "the history was rewritten."]
    listed = list(reversed(changes.subjects))[:_MOST_CHANGES]
    lines += [f"- {_plain(subject)} ([`{sha[:7]}`]({page}/commit/{sha}))" for sha, subject in listed]
    if changes.total > len(listed):
        lines.append(f"- and {changes.total - len(listed)} more")
    return lines


def _plain(subject: str) -> str:
    """A commit's subject as text: no markup, no mention that would notify somebody."""
    for character in "\\`*_[]<>#":
        subject = subject.replace(character, f"\\{character}")
    return subject.replace("@", "@\u200b")
