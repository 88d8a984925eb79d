"""The shell of release.yml's jobs, run with a stand-in for `bazelw`."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

BUILD, PUBLISH, PREPARE, ATTEST = (
    Path(os.environ[name]) for name in ("BUILD_SH", "PUBLISH_SH", "PREPARE_SH", "ATTEST_SH")
)

# Makes the folder that it is told to, or says what it was called with.
BAZELW = """#!/bin/sh
echo "$@" >>"$CALLED"
case $3 in
//release:publish)
    shift 4
    for argument; do [ ! -e "$argument/channel.json" ] || cat "$argument/channel.json" >&2; done
    [ -z "${ERROR-}" ] || { printf "stage     npm  begins\\n$ERROR\\n" >&2; exit 4; }
    echo "dev 1 is at npm"
    [ -z "${WARNING-}" ] || echo "warning: $WARNING" ;;
//release:status) echo "npm  in step" ;;
*)
    mkdir -p "$6.1/github"
    ln -s "${6##*/}.1" "$6" # as a local channel is
    cat >"$6/channel.json" <<END
{ "version": "0.0.0-dev.1+abc1234", "channel": "dev",
  "images": {"a": {"ref": "ghcr.io/o/n/a:dev"}, "b": {"ref": "ghcr.io/o/n/b:dev"}},
  "next": {"version": "x"} }
END
    echo asset >"$6/github/asset"
    [ -z "${STRICT-}" ] || chmod 600 "$6/github/asset" ;;
esac
"""


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "bazelw").write_text(BAZELW)
        (folder / "bazelw").chmod(0o755)
        self.called, self.outputs, self.summary = folder / "called", folder / "outputs", folder / "summary"

    def run(self, script: Path, *arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "CALLED": str(self.called),
            "GITHUB_OUTPUT": str(self.outputs),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }
        return subprocess.run(
            ["sh", str(script), *map(str, arguments)],
            cwd=self.folder,
            env={**environ, **variables},
            capture_output=True,
            text=True,
        )

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *who, *arguments], cwd=self.folder, check=True, capture_output=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "checkout")


def test_equal_folders_make_equal_tars_whoever_made_them(machine: Machine, tmp_path: Path) -> None:
    other = Machine(tmp_path / "other")
    one, two = tmp_path / "one.tar", tmp_path / "two.tar"
    assert machine.run(BUILD, "dev", one).returncode == 0
    assert other.run(BUILD, "dev", two, STRICT="1", TZ="Asia/Tokyo").returncode == 0
    assert one.read_bytes() == two.read_bytes()
    with tarfile.open(one) as archive:
        assert sorted(archive.getnames()) == [
            "release",
            "release/channel.json",
            "release/github",
            "release/github/asset",
        ]


def test_a_build_tells_its_version_and_images_to_the_jobs_after_it(machine: Machine, tmp_path: Path) -> None:
    machine.run(BUILD, "dev", tmp_path / "tar")
    assert machine.outputs.read_text() == "version=0.0.0-dev.1+abc1234\nimages=ghcr.io/o/n/a:dev ghcr.io/o/n/b:dev \n"
    assert machine.called.read_text().startswith("run --config=hermetic //release:dev -- --out ")


@pytest.mark.parametrize("on_main", [True, False])
def test_a_prod_tag_has_to_be_on_main(machine: Machine, tmp_path: Path, on_main: bool) -> None:
    machine.git("init")
    machine.git("commit", "--allow-empty", "-m", "one")
    machine.git("update-ref", "refs/remotes/origin/main", "HEAD")
    if not on_main:
        machine.git("commit", "--allow-empty", "-m", "beside")
    done = machine.run(BUILD, "prod", tmp_path / "tar", GITHUB_REF_NAME="v1.2.3")
    assert (done.returncode == 0) == on_main == machine.called.exists()
    assert done.stdout.endswith("which v1.2.3 names, is not on main\n") != on_main


@pytest.fixture
def tar(machine: Machine, tmp_path: Path) -> Path:
    machine.run(BUILD, "dev", tmp_path / "release.tar")
    machine.called.unlink()
    return tmp_path / "release.tar"


def test_what_both_made_is_released_and_the_page_of_the_run_says_where(machine: Machine, tar: Path) -> None:
    again = shutil.copy(tar, f"{tar}.again")
    done = machine.run(PUBLISH, "dev", tar, again)
    assert (done.returncode, done.stdout) == (0, "dev 1 is at npm\nnpm  in step\n")
    publish, status = machine.called.read_text().splitlines()
    assert publish.startswith("run --config=hermetic //release:publish -- --from /")
    assert publish.endswith("/release --to remote")
    assert status == "run --config=hermetic //release:status -- --channel dev"
    assert '"version": "0.0.0-dev.1+abc1234"' in done.stderr
    assert machine.summary.read_text() == "```\ndev 1 is at npm\n```\n```\nnpm  in step\n```\n"


def test_two_builders_that_differ_release_nothing(machine: Machine, tar: Path, tmp_path: Path) -> None:
    unpacked = tmp_path / "unpacked"
    shutil.unpack_archive(tar, unpacked, format="tar", filter="data")
    (unpacked / "release/github/asset").write_text("another")
    again = shutil.make_archive(str(tmp_path / "again"), "tar", unpacked, "release")
    done = machine.run(PUBLISH, "dev", tar, again)
    assert done.returncode == 3
    assert "::error::the two builders of this commit made different folders, and nothing was released\n" in done.stdout
    assert "release/github/asset differ" in machine.summary.read_text()
    assert not machine.called.exists()


def test_what_went_wrong_stands_on_the_page_and_the_places_too(machine: Machine, tar: Path) -> None:
    done = machine.run(PUBLISH, "dev", tar, tar, ERROR="release: 2 problems\\n  npm: one\\n  PyPI: two\\nINFO: end")
    assert done.returncode == 4
    assert "::error::release: 2 problems%0A  npm: one%0A  PyPI: two\nnpm  in step\n" in done.stdout
    assert "npm  in step" in machine.summary.read_text()


def test_a_warning_is_one_of_the_run(machine: Machine, tar: Path) -> None:
    done = machine.run(PUBLISH, "dev", tar, tar, WARNING="pypi: nearly full")
    assert (done.returncode, "::warning::pypi: nearly full\n" in done.stdout) == (0, True)
    assert "warning: pypi: nearly full" in machine.summary.read_text()


@pytest.mark.parametrize(
    ("channel", "variables", "arguments"),
    [
        ("dev", {"DRY_RUN": "true", "FORCE": "false", "KEEP": ""}, "--to remote --dry-run"),
        ("dev", {"FORCE": "true", "KEEP": "30"}, "--to remote --force --keep 30"),
        ("prod", {"DRY_RUN": "", "KEEP": "30"}, "--to remote"),
    ],
)
def test_what_was_asked_for_by_hand_goes_to_the_driver(
    machine: Machine, tar: Path, channel: str, variables: dict[str, str], arguments: str
) -> None:
    assert machine.run(PUBLISH, channel, tar, tar, **variables).returncode == 0
    publish, *status = machine.called.read_text().splitlines()
    assert publish.endswith(f"/release {arguments}")
    assert bool(status) == ("DRY_RUN" not in variables or not variables["DRY_RUN"])


@pytest.mark.parametrize(("arguments", "lines"), [([], 1), (["--built"], 3)])
def test_a_machine_keeps_downloads_where_the_caches_are(machine: Machine, arguments: list[str], lines: int) -> None:
    (programs := machine.folder / "programs").mkdir()
    (programs / "sudo").write_text(f'#!/bin/sh\necho "$@" >{machine.folder}/sudo\n')
    (programs / "sudo").chmod(0o755)
    assert machine.run(PREPARE, *arguments, PATH=f"{programs}:{os.environ['PATH']}").returncode == 0
    settings = (machine.folder / "user.bazelrc").read_text().splitlines()
    assert settings[0] == f"common --repository_cache={machine.folder}/.cache/viberun-downloads"
    assert len(settings) == lines
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists()
    assert (machine.folder / "sudo").exists() == restricted


# Says what it was called with; `gh attestation verify` without a bundle, as from GitHub's own store, may fail.
PROGRAM = """#!/bin/sh
echo "${0##*/} $(echo "$@" | tr '\\n' ' ')" >>"$CALLED"
case "$0 $*" in
*--bundle*) ;;
*"attestation verify"*) exit "${STORE-0}" ;;
esac
case "$*" in *"${FAILS-nothing fails}"*) exit 1 ;; esac
"""
IMAGES = ("ghcr.io/o/n/a:dev", "ghcr.io/o/n/b:dev")


def attest(machine: Machine, channel: str, version: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    (programs := machine.folder / "programs").mkdir()
    for name in ("gh", "docker"):
        (programs / name).write_text(PROGRAM)
        (programs / name).chmod(0o755)
    job = {"GITHUB_REPOSITORY": "o/n", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_SHA": "5a21"}
    path = f"{programs}:{os.environ['PATH']}"
    return machine.run(ATTEST, channel, version, *IMAGES, **{**job, "PATH": path, **variables})


@pytest.mark.parametrize(
    ("channel", "version", "tag", "ref"),
    [
        ("dev", "0.0.0-dev.1+abc1234", "dev", "refs/heads/main"),
        ("prod", "1.2.3", "v1.2.3", "refs/tags/v1.2.3"),
    ],
)
def test_who_made_a_release_is_asked_of_others_for_this_very_build(
    machine: Machine, channel: str, version: str, tag: str, ref: str
) -> None:
    done = attest(machine, channel, version)
    assert (done.returncode, done.stdout) == (0, "")
    *downloads, first, second, third, fourth, docker = machine.called.read_text().splitlines()
    oci = version.replace("+", "-")
    assert all(line.startswith(f"gh release download {tag} --repo o/n --dir /") for line in downloads)
    assert [line.split()[-1] for line in downloads] == [
        f"viberun-{oci}.json",
        f"viberun-{oci}-linux-amd64.tar.gz",
        f"viberun-{oci}.intoto.jsonl",
    ]
    for line, bundled in ((first, True), (second, False), (third, True), (fourth, False)):
        assert f"--source-ref {ref} --source-digest 5a21 --deny-self-hosted-runners" in line
        assert (f"/viberun-{oci}.intoto.jsonl" in line) is bundled
    assert f"--env IDENTITY=https://github.com/o/n/.github/workflows/release.yml@{ref}" in docker
    assert machine.called.read_text().rstrip().endswith(f" sh ghcr.io/o/n/a:{oci} ghcr.io/o/n/b:{oci}")


def test_githubs_own_store_need_not_vouch_for_it(machine: Machine) -> None:
    done = attest(machine, "prod", "1.2.3", STORE="1")
    assert done.returncode == 0
    assert "::warning::GitHub's own store does not vouch for viberun-1.2.3.json\n" in done.stdout


@pytest.mark.parametrize("fails", ["--bundle", "debian:testing-slim", "release download"])
def test_what_others_do_not_take_is_an_error(machine: Machine, fails: str) -> None:
    assert attest(machine, "prod", "1.2.3", FAILS=fails).returncode != 0
