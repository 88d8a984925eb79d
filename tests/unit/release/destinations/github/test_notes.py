from pathlib import Path

import pytest

from release.destinations.github import notes
from release.destinations.github.changes import Changes
from release.destinations.github.model import Comparison, Status
from tests.release import fabricated
from viberun.build import Build
from viberun.version import Channel, Version

COMMIT = 40 * "7"
BEFORE = Version.parse("1.2.3")


def page(folder: Path, channel: Channel, changes: Changes | None) -> str:
    version = Version.parse("1.3.0") if channel == "prod" else Version.dev(1769344245, COMMIT, dirty=False)
    build = Build(version, channel, COMMIT, "2026-01-25T12:30:45Z", "owner/name")
    return notes.text(fabricated.make(folder, build, publishable=False).manifest, changes, "https://github.com")


def changes_of(folder: Path, channel: Channel, comparison: Comparison | None) -> str:
    """What follows the heading of the changes."""
    return page(folder, channel, Changes(BEFORE, comparison)).partition("Changes since `1.2.3`:\n\n")[2]


@pytest.mark.parametrize(
    ("channel", "status", "text"),
    [
        ("dev", "ahead", f"- Add it ([`aaaaaaa`](https://github.com/owner/name/commit/{40 * 'a'}))\n"),
        ("dev", "diverged", "the history was rewritten.\n"),
        ("dev", "behind", "the history was rewritten.\n"),
        ("dev", "identical", ""),
        ("prod", "ahead", f"- Add it ([`aaaaaaa`](https://github.com/owner/name/commit/{40 * 'a'}))\n"),
        ("prod", "diverged", f"- Add it ([`aaaaaaa`](https://github.com/owner/name/commit/{40 * 'a'}))\n"),
        ("prod", "behind", "this is an earlier commit.\n"),
        ("prod", "identical", ""),
    ],
)
def test_changes_are_listed_where_there_are_any(tmp_path: Path, channel: Channel, status: Status, text: str) -> None:
    assert changes_of(tmp_path, channel, Comparison(status, 1, ((40 * "a", "Add it"),))) == text


@pytest.mark.parametrize("channel", ["dev", "prod"])
def test_where_github_has_no_comparison_the_page_says_so(tmp_path: Path, channel: Channel) -> None:
    assert changes_of(tmp_path, channel, None) == "GitHub does not list them.\n"


def test_the_first_release_has_no_changes(tmp_path: Path) -> None:
    assert "Changes" not in page(tmp_path, "prod", None)


def test_of_many_changes_the_newest_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    subjects = tuple((f"{number:040x}", f"change {number}") for number in range(250))
    lines = changes_of(tmp_path, "prod", Comparison("ahead", 300, subjects)).splitlines()
    assert len(lines) == 101
    assert lines[0].startswith("- change 249 (")
    assert lines[99].startswith("- change 150 (")
    assert lines[100] == "- and 200 more"


def test_what_a_person_wrote_on_the_page_stays_above_what_the_release_writes() -> None:
    draft = notes.beside("", "ours, before\n")
    edited = f"Read this first.\n\n{draft}"
    assert notes.beside(edited, "ours\n") == edited.replace("ours, before", "ours")
    assert notes.beside("All by hand.", "ours\n").startswith("All by hand.\n\n")
    assert notes.beside(draft, "ours\n") == draft.replace("ours, before", "ours")


def test_a_page_has_no_more_characters_than_github_takes(tmp_path: Path) -> None:
    comparison = Comparison("ahead", 250, tuple((f"{number:040x}", "x" * 3000) for number in range(250)))
    text = page(tmp_path, "dev", Changes(BEFORE, comparison))
    assert len(text) < 125_000
    assert "xxx" in text
    assert "xxx" * 100 not in text
    assert len(notes.beside("y" * 100_000, "z\n" * 100_000)) < 125_000


@pytest.mark.parametrize(("channel", "ref"), [("dev", "refs/heads/main"), ("prod", "refs/tags/v1.3.0")])
def test_strangers_are_told_how_to_find_out_who_made_it(tmp_path: Path, channel: Channel, ref: str) -> None:
    text = page(tmp_path, channel, None)
    gh, cosign, python = text.partition("For a FILE of them:\n\n```sh\n")[2].partition("\n```")[0].splitlines()
    identity = f"https://github.com/owner/name/.github/workflows/release.yml@{ref}"
    assert f"--source-ref {ref} --source-digest {COMMIT} --deny-self-hosted-runners" in gh
    assert f"--certificate-identity {identity} --certificate-github-workflow-trigger push" in cosign
    assert f"--cert-identity {identity} --repository owner/name --ref {ref} --trigger push --sha {COMMIT}" in python
    for command in (gh, cosign, python):
        assert (
            f"--bundle viberun-{'1.3.0' if channel == 'prod' else '0.0.0-dev.20260125123045-7777777'}.intoto.jsonl"
            in command
        )
