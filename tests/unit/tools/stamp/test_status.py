"""What tools/stamp/status.sh says of real checkouts, and which version that makes."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.stamp import workspace_status
from viberun.build import NO_COMMIT, Build
from viberun.errors import ViberunError

STATUS = Path(os.environ["RUNFILES_DIR"]) / os.environ["STATUS_SH"]
NOON = 1_769_342_400  # 2026-01-25T12:00:00Z


class Checkout:
    """A git checkout made for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        folder.mkdir(exist_ok=True)

    def git(self, *arguments: str, at: int = NOON) -> str:
        environment = {**self.environment, "GIT_COMMITTER_DATE": f"{at} +0000", "GIT_AUTHOR_DATE": "1234567890 +0000"}
        command = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, at: int = NOON) -> str:
        self.git("commit", "--allow-empty", "-m", "change", at=at)
        return self.git("rev-parse", "HEAD")

    def status(self, **environment: str) -> str:
        return subprocess.run(
            ["sh", str(STATUS)],
            cwd=self.folder,
            env={**self.environment, **environment},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def build(self, **environment: str) -> Build:
        return workspace_status.read(self.status(**environment), "dev")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    checkout = Checkout(tmp_path / "checkout")
    checkout.git("init")
    return checkout


def test_a_clean_commit_makes_its_own_version(checkout: Checkout) -> None:
    commit = checkout.commit()
    assert checkout.build().version.semver == f"0.0.0-dev.20260125120000+{commit[:7]}"
    assert checkout.build().commit == commit


def test_commits_that_share_a_second_rise_by_one(checkout: Checkout) -> None:
    stamps = []
    for _ in range(3):
        checkout.commit()
        stamps.append(checkout.build().version.timestamp)
    assert stamps == ["20260125120000", "20260125120001", "20260125120002"]


def test_a_clock_that_ran_backwards_does_not_lower_the_version(checkout: Checkout) -> None:
    checkout.commit(NOON)
    checkout.commit(NOON - 3600)
    assert checkout.build().version.timestamp == "20260125120001"
    checkout.commit(NOON + 3600)
    assert checkout.build().version.timestamp == "20260125130000"


def test_only_first_parents_count(checkout: Checkout) -> None:
    checkout.commit(NOON)
    checkout.git("switch", "-c", "side")
    checkout.commit(NOON + 7200)
    checkout.git("switch", "main")
    checkout.git("merge", "--no-ff", "-m", "merge", "side", at=NOON + 60)
    assert checkout.build().version.timestamp == "20260125120100"


def test_building_a_commit_again_gives_the_same_status(checkout: Checkout) -> None:
    checkout.commit()
    assert checkout.status(TZ="Asia/Tokyo", USER="somebody", HOSTNAME="elsewhere") == checkout.status()


@pytest.mark.parametrize("tracked", [True, False])
def test_a_changed_or_untracked_file_makes_it_dirty(checkout: Checkout, tracked: bool) -> None:
    (checkout.folder / "file").write_text("1")
    if tracked:
        checkout.git("add", "file")
        checkout.commit()
        assert not checkout.build().version.dirty
        (checkout.folder / "file").write_text("2")
    else:
        checkout.commit()
    assert checkout.build().version.semver.endswith(".dirty")


def test_the_tree_is_that_of_all_files_whether_committed_or_not(checkout: Checkout) -> None:
    def tree() -> str:
        (line,) = [line for line in checkout.status().splitlines() if line.startswith("STABLE_VIBERUN_TREE ")]
        return line.partition(" ")[2]

    checkout.commit()
    empty = tree()
    (checkout.folder / "file").write_text("1")
    one = tree()
    (checkout.folder / "file").write_text("2")
    two = tree()
    assert len({empty, one, two}) == 3
    assert checkout.git("status", "--porcelain") == "?? file"
    checkout.git("add", "file")
    checkout.commit()
    assert tree() == two == checkout.git("rev-parse", "HEAD^{tree}")


def test_a_shallow_clone_is_marked_dirty_and_makes_no_prod_version(checkout: Checkout, tmp_path: Path) -> None:
    checkout.commit()
    checkout.commit()
    checkout.git("tag", "v1.2.3")
    clone = Checkout(tmp_path / "clone")
    clone.git("clone", "--depth=1", f"file://{checkout.folder}", ".")
    assert "STABLE_VIBERUN_STATE shallow\n" in clone.status()
    assert clone.build().version.dirty
    with pytest.raises(ViberunError, match="shallow"):
        workspace_status.read(clone.status(), "prod")


def test_outside_a_git_tree_the_version_is_dirty_and_names_no_commit(tmp_path: Path) -> None:
    build = Checkout(tmp_path / "plain").build()
    assert build.commit == NO_COMMIT
    assert build.version.semver == "0.0.0-dev.19700101000000+0000000.dirty"


def test_the_commit_of_a_repository_around_a_source_tree_is_not_its_own(checkout: Checkout) -> None:
    checkout.commit()
    assert Checkout(checkout.folder / "unpacked").build().commit == NO_COMMIT


def test_a_repository_without_a_commit_names_none(checkout: Checkout) -> None:
    assert checkout.build().commit == NO_COMMIT


def test_what_git_refuses_to_read_is_an_error_in_its_words(checkout: Checkout) -> None:
    checkout.commit()
    (checkout.folder / ".git/HEAD").write_text("garbage")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        checkout.status()
    assert "fatal:" in refused.value.stderr


def test_the_users_own_settings_of_git_change_nothing(checkout: Checkout) -> None:
    checkout.commit()
    checkout.git("config", "status.showUntrackedFiles", "no")
    checkout.git("config", "log.showSignature", "true")
    assert not checkout.build().version.dirty
    (checkout.folder / "file").write_text("1")
    assert checkout.build().version.dirty


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3-rc1", "v01.2.3", "release"])
def test_a_tag_that_is_no_version_makes_no_prod_version(checkout: Checkout, tag: str) -> None:
    checkout.commit()
    checkout.git("tag", tag)
    with pytest.raises(ViberunError, match=r"vX\.Y\.Z"):
        workspace_status.read(checkout.status(), "prod")


def test_a_tagged_commit_has_a_prod_version_and_still_its_dev_one(checkout: Checkout) -> None:
    commit = checkout.commit()
    checkout.git("tag", "v1.2.3")
    assert workspace_status.read(checkout.status(), "prod").version.semver == "1.2.3"
    assert checkout.build().version.semver == f"0.0.0-dev.20260125120000+{commit[:7]}"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/some-one/viberun",
        "https://github.com/some-one/viberun.git",
        "https://user:token@github.com/some-one/viberun.git",
        "git@github.com:some-one/viberun.git",
        "ssh://git@github.com/some-one/viberun.git",
    ],
)
def test_the_repository_is_origins_where_that_is_on_github(checkout: Checkout, url: str) -> None:
    checkout.commit()
    checkout.git("remote", "add", "origin", url)
    assert checkout.build().repository == "some-one/viberun"
    assert "token" not in checkout.status()


@pytest.mark.parametrize(
    "url", ["https://example.org/some-one/viberun", "/srv/viberun.git", "https://notgithub.com/a/b"]
)
def test_another_origin_names_no_repository(checkout: Checkout, url: str) -> None:
    checkout.commit()
    checkout.git("remote", "add", "origin", url)
    assert checkout.build().repository is None


def test_the_repository_of_actions_comes_first(checkout: Checkout) -> None:
    checkout.commit()
    checkout.git("remote", "add", "origin", "https://github.com/fork/viberun")
    assert checkout.build(GITHUB_REPOSITORY="owner/name").repository == "owner/name"
