"""What keeps a release from beginning is said at once, for all four places, each with what to do; and nothing changes."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.release.github.access import Access
from tests.release.remote.stack import IMAGES, NPM_PASSWORD, TOKEN, Ended, Stack


@pytest.fixture
def untouched(servers: Stack) -> Stack:
    """The servers, which nothing has asked for a change yet."""
    for gate in servers.gates.values():
        gate.reset()
    return servers


def check_refused(servers: Stack, ended: Ended, *reasons: str) -> None:
    assert ended.status == 3
    assert "nothing was released" in ended.err
    for reason in reasons:
        assert reason in ended.err
    changes = {name: [change.method for change in gate.changes] for name, gate in servers.gates.items()}
    # Whether one may push images is found out by beginning an upload and taking it back.
    assert set(changes.pop("ghcr")) <= {"POST", "DELETE"}
    assert changes == {"github": [], "npm": [], "pypi": [], "sigstore": []}


def test_without_any_credentials_all_four_say_what_to_set(untouched: Stack, tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(f"registry={untouched.gates['npm'].url}/\n")
    nothing = {"HOME": str(tmp_path), "GITHUB_TOKEN": "", "TWINE_USERNAME": "", "TWINE_PASSWORD": ""}
    ended = untouched.release(untouched.next(), environ=nothing)
    check_refused(
        untouched,
        ended,
        "4 problems",
        "github: there is no token; set GITHUB_TOKEN",
        "ghcr: there is no login for 127.0.0.1",
        "pypi: there are no credentials for http://127.0.0.1",
        "npm: npm whoami: ENEEDAUTH",
        "log in with 'npm login', or set a token in ~/.npmrc",
    )


def test_wrong_credentials_are_found_before_anything_changes(untouched: Stack, tmp_path: Path) -> None:
    npmrc = (Path(untouched.variables["HOME"]) / ".npmrc").read_text()
    (tmp_path / ".npmrc").write_text(npmrc.replace("_auth=", "_auth=d3Jvbmc6"))
    ended = untouched.release(untouched.next(), environ={"HOME": str(tmp_path), "GITHUB_TOKEN": "gho_wrong"})
    check_refused(
        untouched, ended, "github: GET", "401 Bad credentials; set GITHUB_TOKEN to one that is valid", "ghcr: "
    )
    assert "gho_wrong" not in ended.err


def test_a_token_that_may_not_write_is_told_what_it_lacks(untouched: Stack) -> None:
    untouched.github.tokens["gho_reads"] = Access(push=False)
    untouched.tokens.users["reader"] = "gho_reads"
    untouched.tokens.read_only.add("reader")
    reader = {"GITHUB_TOKEN": "gho_reads", "GITHUB_ACTOR": "reader"}
    ended = untouched.release(untouched.next(), environ=reader)
    check_refused(
        untouched,
        ended,
        "github: the token may not write to Some-Owner/viberun; give it contents: write",
        "with the right to write packages ('write:packages')",
    )


def test_a_dirty_build_goes_nowhere(untouched: Stack) -> None:
    commit = untouched.builds.commit()
    build = untouched.builds.dev(commit).manifest.build
    dirty = untouched.builds.of(replace(build, version=replace(build.version, dirty=True)))
    check_refused(untouched, untouched.release(dirty), "is not exactly a commit of a whole history")


def test_a_commit_that_was_not_pushed_is_refused(untouched: Stack) -> None:
    bundle = untouched.builds.dev(40 * "7")
    check_refused(untouched, untouched.release(bundle), f"github: GitHub does not have the commit {40 * '7'}; push it")


def test_other_bytes_under_the_same_version_are_refused_by_every_place_that_has_it(servers: Stack) -> None:
    bundle = servers.next()
    servers.released(bundle)
    for gate in servers.gates.values():
        gate.reset()
    other = servers.builds.of(bundle.manifest.build, text="compiled again")
    ended = servers.release(other)
    version = bundle.manifest.build.version
    check_refused(
        servers,
        ended,
        f":{version.oci} is sha256:",
        f"has viberun_dev-{version.pypi}-py3-none-any.whl with sha256",
        f"has viberun@{version.npm} with sha512-",
        f"viberun-{version.oci}.json: sha256",
    )


def test_images_that_nobody_else_can_pull_are_refused(untouched: Stack) -> None:
    untouched.tokens.public.remove(IMAGES[1])
    try:
        ended = untouched.release(untouched.next())
    finally:
        untouched.tokens.public.add(IMAGES[1])
    check_refused(
        untouched, ended, f"{IMAGES[1]} can't be pulled without a login; set the package's visibility to public"
    )


def test_a_dry_run_prints_what_would_happen_and_changes_nothing(untouched: Stack) -> None:
    bundle = untouched.next()
    ended = untouched.release(bundle, "--dry-run")
    version = bundle.manifest.build.version
    assert ended.status == 0, ended.err
    for line in (
        f"publish viberun@{version.npm} ",
        f"publish viberun_dev-{version.pypi}-py3-none-any.whl",
        "move    dist-tag dev from",
        f"tag     {IMAGES[0]}:{version.oci} from nothing to {bundle.images[0].digest}",
        f"upload  viberun-{version.oci}-linux-amd64.tar.gz",
        "swap    channel.json",
    ):
        assert line in ended.out
    assert not any(gate.changes for name, gate in untouched.gates.items() if name != "ghcr")
    assert NPM_PASSWORD not in ended.out
    assert TOKEN not in ended.out
