"""What tools/stamp/status.sh says of real checkouts, and which version that makes."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import tests.unit.viberun.strategies  # noqa: F401 # how property tests run
from tools.stamp import workspace_status
from viberun.build import Build
from viberun.errors import ViberunError

STATUS = Path(os.environ["STATUS_SH"])
RELEASING = Path(os.environ["RELEASING"])
NOON = 1_769_342_400  # 2026-01-25T12:00:00Z
HOUR, DAY = 3600, 86_400


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
        environment = {**self.environment, "GIT_COMMITTER_DATE": f"@{at} +0000", "GIT_AUTHOR_DATE": "1234567890 +0000"}
        command = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, check=True, capture_output=True, text=True
        ).stdout.strip()

    def commit(self, at: int = NOON) -> str:
        self.git("commit", "--allow-empty", "-m", "change", at=at)
        return self.git("rev-parse", "HEAD")

    def forge(self, date: str, *parents: str) -> str:
        """Writes a commit that git itself might refuse to make, and stands at it; returns it."""
        lines = [f"tree {self.git('mktree')}", *(f"parent {parent}" for parent in parents)]
        text = "\n".join([*lines, "author a <a> 1 +0000", f"committer a <a> {date} +0000", "", "forged\n"])
        (self.folder / ".git/forged").write_text(text)
        commit = self.git("hash-object", "-t", "commit", "-w", "--literally", ".git/forged")
        self.git("update-ref", "--no-deref", "HEAD", commit)
        return commit

    def status(self, **environment: str) -> str:
        done = subprocess.run(
            ["sh", str(STATUS)],
            cwd=self.folder,
            env={**self.environment, **environment},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        return done.stdout

    def seconds(self) -> int:
        """The timestamp of the commit that the checkout stands at, in seconds since 1970."""
        facts = dict(line.split(" ", 1) for line in self.status().splitlines())
        return int(facts["STABLE_VIBERUN_TIMESTAMP"])

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


def test_a_merge_is_later_than_all_that_it_merges(checkout: Checkout) -> None:
    checkout.commit(NOON)
    checkout.git("switch", "-c", "side")
    checkout.commit(NOON - HOUR)
    checkout.git("switch", "main")
    checkout.commit(NOON + HOUR)
    # What a laptop does whose clock is slow: it merges main into a branch, and pushes that as main.
    checkout.git("switch", "side")
    checkout.git("merge", "--no-ff", "-m", "merge", "main", at=NOON - HOUR)
    assert checkout.seconds() == NOON + HOUR + 1


@pytest.mark.parametrize("year", [2300, 8000, 9999, 10000, 300000])
def test_a_forged_date_on_a_branch_moves_main_by_a_day_at_most(checkout: Checkout, year: int) -> None:
    base = checkout.commit(NOON)
    forged = checkout.forge(str((year - 1970) * 31_556_952), base)
    checkout.git("switch", "main")
    checkout.git("merge", "--no-ff", "-m", "merge", forged, at=NOON + HOUR)
    assert NOON + HOUR <= checkout.seconds() <= NOON + HOUR + DAY
    checkout.commit(NOON + 3 * DAY)
    assert checkout.seconds() == NOON + 3 * DAY


@pytest.mark.parametrize("date", ["221845392000", "253402300800", "9" * 18, "9" * 40, "-5", "1e9", "soon", ""])
def test_a_date_that_no_version_can_have_counts_for_nothing(checkout: Checkout, date: str) -> None:
    base = checkout.commit(NOON)
    forged = checkout.forge(date, base)
    assert checkout.build().commit == forged
    assert checkout.seconds() == NOON + 1


@contextmanager
def fresh() -> Iterator[Checkout]:
    """Yields a checkout without a commit, of which nothing stays."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Checkout(Path(folder, "checkout"))
        checkout.git("init")
        yield checkout


# Without making what fails smaller, which would take minutes.
@settings(max_examples=12, phases=[Phase.generate])
@given(st.data())
def test_the_version_never_falls_along_main(data: st.DataObject) -> None:
    """Main moves to any commit that comes after it: one more on top, a merge into it, a branch that it was merged into.

    Commits have any dates at all, those of branches years that never come. Merges of main into a branch are of a clock that
    is slow by less than a day. What moves main ahead by a day at most are the dates off its first parents' line.
    """
    years = st.sampled_from([0, NOON - 400 * DAY, NOON + 400 * DAY, 2**37, 2**40])
    any_date = years | st.integers(NOON - 3 * DAY, NOON + 3 * DAY)
    with fresh() as checkout:
        empty = checkout.git("mktree")

        def commit(date: int, *parents: str) -> str:
            sides = [word for parent in parents for word in ("-p", parent)]
            return checkout.git("commit-tree", empty, *sides, "-m", f"{len(dates)}", at=date)

        def stamp(main: str) -> int:
            checkout.git("update-ref", "--no-deref", "HEAD", main)
            return checkout.seconds()

        dates: dict[str, int] = {}
        first_parents: dict[str, str] = {}

        def add(date: int, *parents: str) -> str:
            made = commit(date, *parents)
            dates[made] = date
            first_parents.update({made: parents[0]} if parents else {})
            return made

        main = add(NOON)
        now, branches = stamp(main), [main]
        for _ in range(data.draw(st.integers(1, 8))):
            any_branch = st.sampled_from(branches)
            for _ in range(data.draw(st.integers(0, 2))):
                branches.append(add(data.draw(any_date), data.draw(any_branch)))
            sides = data.draw(st.lists(any_branch, max_size=2, unique=True))
            how = data.draw(st.sampled_from(["commit", "merge", "merged into"]))
            if how == "commit":
                main = add(data.draw(st.integers(NOON, NOON + DAY)), main)
            elif how == "merge":
                main = add(data.draw(st.integers(NOON, NOON + DAY)), main, *(side for side in sides if side != main))
            else:
                others = [side for side in sides if side != main]
                date = now - data.draw(st.integers(0, DAY - 1))
                main = add(date, *data.draw(st.permutations([main, *others])))
                for _ in range(data.draw(st.integers(0, 2))):
                    main = add(data.draw(st.integers(NOON - DAY, NOON + DAY)), main)
            before, now = now, stamp(main)
            assert now > before
            line = [main]
            while line[-1] in first_parents:
                line.append(first_parents[line[-1]])
            assert now <= max(dates[each] for each in line) + DAY + len(dates)
            branches.append(main)


def test_the_way_out_of_a_poisoned_main_is_as_releasing_says(checkout: Checkout, tmp_path: Path) -> None:
    good = checkout.commit(NOON)
    (checkout.folder / "file").write_text("work")
    checkout.git("add", "file")
    poisoned = checkout.commit(NOON + 4000 * DAY)
    checkout.commit(NOON + 2 * HOUR)
    assert checkout.seconds() > NOON + 4000 * DAY
    checkout.git("clone", "--bare", ".", str(tmp_path / "origin"))
    checkout.git("remote", "add", "origin", str(tmp_path / "origin"))
    checkout.git("fetch", "origin")
    content = checkout.git("rev-parse", "HEAD^{tree}")

    commands = [line.strip() for line in RELEASING.read_text().splitlines() if line.startswith("      git ")]
    assert commands[0] == "git switch --detach COMMIT^"
    for command in commands:
        checkout.git(*command.replace("COMMIT", poisoned).split()[1:], at=NOON + 3 * HOUR)

    assert checkout.git("rev-parse", "origin/main") == checkout.git("rev-parse", "HEAD")
    assert checkout.git("rev-parse", "HEAD^{tree}") == content
    assert checkout.git("rev-parse", "HEAD^1") == good
    assert NOON + 3 * HOUR <= checkout.seconds() <= NOON + 3 * HOUR + DAY
    checkout.commit(NOON + 2 * DAY)
    assert checkout.seconds() == NOON + 2 * DAY


def test_what_stands_in_for_commits_on_this_machine_changes_nothing(checkout: Checkout) -> None:
    base = checkout.commit(NOON)
    head = checkout.commit(NOON + HOUR)
    said = checkout.status()
    later = checkout.forge(str(NOON + 9 * DAY), base)
    checkout.git("update-ref", "--no-deref", "HEAD", head)
    checkout.git("replace", head, later)
    assert checkout.status() == said
    checkout.git("replace", "--delete", head)
    (checkout.folder / ".git/info").mkdir(exist_ok=True)
    (checkout.folder / ".git/info/grafts").write_text(f"{head} {later}\n")
    assert checkout.status() == said


def test_a_list_of_commits_that_git_keeps_beside_them_is_not_believed(checkout: Checkout) -> None:
    checkout.commit(NOON)
    checkout.commit(NOON + HOUR)
    checkout.git("commit-graph", "write", "--reachable")
    graph = checkout.folder / ".git/objects/info/commit-graph"
    written, lie = graph.read_bytes(), (NOON + 9 * DAY).to_bytes(4)
    graph.chmod(0o644)
    assert written.count((NOON + HOUR).to_bytes(4)) == 1
    graph.write_bytes(written.replace((NOON + HOUR).to_bytes(4), lie))
    assert checkout.seconds() == NOON + HOUR


def test_variables_that_name_another_repository_change_nothing(checkout: Checkout, tmp_path: Path) -> None:
    checkout.commit(NOON)
    said = checkout.status()
    other = Checkout(tmp_path / "other")
    other.git("init")
    other.commit(NOON + DAY)
    git = other.folder / ".git"
    assert checkout.status(GIT_DIR=str(git), GIT_WORK_TREE=str(other.folder), GIT_INDEX_FILE=str(git / "none")) == said


@pytest.mark.parametrize("hidden", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_is_told_not_to_look_at_makes_it_dirty(checkout: Checkout, hidden: str) -> None:
    (checkout.folder / "file").write_text("1")
    checkout.git("add", "file")
    checkout.commit()
    checkout.git("update-index", hidden, "file")
    (checkout.folder / "file").write_text("2")
    assert checkout.git("status", "--porcelain") == ""
    assert checkout.build().version.dirty


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


def test_what_git_can_not_take_makes_it_dirty_and_the_tree_unknown(checkout: Checkout) -> None:
    checkout.commit()
    Checkout(checkout.folder / "other").git("init", "-q")  # a repository without a commit
    lines = checkout.status().splitlines()
    assert "STABLE_VIBERUN_TREE " in lines
    assert lines[-1] == "STABLE_VIBERUN_STATE dirty"


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
    assert build.commit == workspace_status.NO_COMMIT
    assert build.version.semver == "0.0.0-dev.19700101000000+0000000.dirty"


def test_the_commit_of_a_repository_around_a_source_tree_is_not_its_own(checkout: Checkout) -> None:
    checkout.commit()
    assert Checkout(checkout.folder / "unpacked").build().commit == workspace_status.NO_COMMIT


def test_a_repository_without_a_commit_names_none(checkout: Checkout) -> None:
    assert checkout.build().commit == workspace_status.NO_COMMIT


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


def test_of_several_tags_the_one_that_was_pushed_is_released(checkout: Checkout) -> None:
    checkout.commit()
    for tag in ("v1.2.3", "v1.10.0"):
        checkout.git("tag", tag)

    def released(ref: str) -> str:
        return workspace_status.read(checkout.status(GITHUB_REF=ref), "prod").version.semver

    assert released("refs/tags/v1.2.3") == "1.2.3"
    assert released("refs/tags/v1.2") == released("refs/heads/main") == "1.10.0"


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
    "repository", ["jdoe_acme/viberun", "some-one/_viberun", "some-one/.github", "a/-", "a/.git.v"]
)
def test_every_name_that_github_gives_is_a_repository(checkout: Checkout, repository: str) -> None:
    checkout.commit()
    checkout.git("remote", "add", "origin", f"https://github.com/{repository}.git")
    assert checkout.build().repository == repository


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/some-one/viberun",
        "/srv/viberun.git",
        "https://notgithub.com/a/b",
        "https://github.com/some-one/..",
        "https://github.com/some-one/.git",
        "https://github.com/some one/viberun",
        "https://github.com/-some-one/viberun",
        "https://github.com/some-one/viberun?ref=x",
        "https://github.com/some-one/viberün",
    ],
)
def test_another_origin_names_no_repository(checkout: Checkout, url: str) -> None:
    checkout.commit()
    checkout.git("remote", "add", "origin", url)
    assert checkout.build().repository is None


def test_the_repository_of_actions_comes_first(checkout: Checkout) -> None:
    checkout.commit()
    checkout.git("remote", "add", "origin", "https://github.com/fork/viberun")
    assert checkout.build(GITHUB_REPOSITORY="owner/name").repository == "owner/name"


def test_github_and_the_registry_of_a_build_are_those_of_the_environment(checkout: Checkout) -> None:
    checkout.commit()
    build = checkout.build(GITHUB_SERVER_URL="", VIBERUN_OCI_REGISTRY="")
    assert (build.github, build.registry) == ("https://github.com", "ghcr.io")
    build = checkout.build(GITHUB_SERVER_URL="https://ghe.example.org/", VIBERUN_OCI_REGISTRY="registry.example:5000")
    assert (build.github, build.registry) == ("https://ghe.example.org", "registry.example:5000")


def test_the_repository_s_number_is_that_of_the_environment(checkout: Checkout) -> None:
    checkout.commit()
    assert checkout.build(GITHUB_REPOSITORY_ID="").repository_id is None
    assert checkout.build(GITHUB_REPOSITORY_ID="900100200").repository_id == "900100200"


def test_a_registry_with_a_login_is_refused_and_not_shown(checkout: Checkout) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        checkout.status(VIBERUN_OCI_REGISTRY="me:s3cret@registry.example")
    assert caught.value.stderr == "VIBERUN_OCI_REGISTRY is not of the form host[:port]\n"
