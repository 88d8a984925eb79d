"""Which Bazel the wrapper finds or gets, with programs that stand in for those of a machine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

BAZELW = Path(os.environ["BAZELW"])
FROM_DEBIAN = Path(os.environ["FROM_DEBIAN"])
SHA256SUMS = Path(os.environ["SHA256SUMS"])
VERSION = Path(os.environ["BAZELVERSION"]).read_text().strip()
TOOLS = [
    "sh",
    "cat",
    "chmod",
    "cp",
    "dirname",
    "env",
    "find",
    "head",
    "ln",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sleep",
    "sort",
    "timeout",
    "uname",
]

# What is in the one package of a stand-in for Debian testing: a loader that starts scripts, the programs that get wrapped, a
# jar, a link that leads out. Given to dpkg-deb as the folder to unpack into.
PACKAGE = """
at=$1/usr
mkdir -p $at/lib/triplet $at/libexec/bazel $at/bin $at/lib/jvm/java/bin $at/lib/jvm/java/lib/security
mkdir -p $at/share/bazel $at/share/java $at/share/ca-certificates/mozilla
printf '#!/bin/sh\nshift 4\nexec sh "$@"\n' >$at/lib/triplet/ld-linux-stand-in.so.2
printf 'if [ "$5" = --version ]; then echo bazel 7.7.1; else echo "unpacked bazel $*"; fi\n' >$at/bin/bazel
printf 'for last; do :; done; echo certificates >"$last"\n' >$at/bin/openssl
for program in libexec/bazel/linux-sandbox lib/jvm/java/bin/java lib/jvm/java/lib/jspawnhelper; do
    printf 'echo %s "$@"\n' $program >$at/$program
done
chmod 755 $at/lib/triplet/* $at/libexec/bazel/* $at/lib/jvm/java/bin/*
echo /usr/share/java/listed.jar >$at/share/bazel/bazel_classpath_debian_depends.txt
: >$at/share/java/listed.jar
: >$at/share/java/named-by-it.jar
: >$at/share/ca-certificates/mozilla/ca.crt
ln -s /etc/java/java.security $at/lib/jvm/java/lib/security/java.security
"""


class Machine:
    """A checkout with the wrapper, and a PATH on which nothing is but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir()
        for tool in TOOLS:
            (self.programs / tool).symlink_to(str(shutil.which(tool)))
        self.checkout = folder / "checkout"
        (self.checkout / "tools/bazelisk").mkdir(parents=True)
        shutil.copy(BAZELW, self.checkout / "bazelw")
        (self.checkout / ".bazelversion").write_text("7.7.1\n")
        for name in ("package.json", "package-lock.json"):
            (self.checkout / "tools/bazelisk" / name).write_text("{}")
        (self.checkout / "tools/bazel").mkdir()
        shutil.copy(FROM_DEBIAN, self.checkout / "tools/bazel")
        self.has_sums("7.7.1")
        (self.checkout / "tools/debian/keys").mkdir(parents=True)
        (self.checkout / "tools/debian/keys/stable.gpg").write_text("a key")
        self.unpacked = self.folder / ".cache/viberun-bazel/7.7.1"

    def has(self, name: str, script: str) -> None:
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def has_sums(self, version: str) -> None:
        """Names what is downloaded by bazelisk: the sha256 of arm64 is all `a`, that of amd64 all `b`."""
        lines = (f"{letter * 64}  bazel-{version}-linux-{name}\n" for letter, name in (("a", "arm64"), ("b", "x86_64")))
        (self.checkout / "tools/bazel/SHA256SUMS").write_text("".join(lines))

    def has_bazel(self, name: str, version: str) -> None:
        self.has(name, f'if [ "$1" = --version ]; then echo "bazel {version}"; else echo "{name} $*"; fi')

    def has_debian(self, testing: str = "7.7.1+ds-8", install: str = ':>"$work/archives/bazel.deb"') -> None:
        """Gives the machine apt, whose testing has Bazel `testing`, and dpkg; each call of apt-get is written down."""
        log = self.folder / "apt"
        self.has(
            "apt-get",
            f"""echo "$@" >>{log}
case $* in
indextargets*) echo "http://mirror.test/debian/ Debian" ;;
*update) cp "${{1#-c=}}" {self.folder}/apt.conf
    cp "$(dirname "${{1#-c=}}")/testing.sources" {self.folder} ;;
*install*) work=$(dirname "${{1#-c=}}"); {install} ;;
esac""",
        )
        self.has("apt-cache", f"echo Version: {testing}")
        self.has("dpkg", "echo amd64")
        self.has("dpkg-deb", f"set -- $3\n{PACKAGE}")

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", str(self.checkout / "bazelw"), *arguments],
            cwd=self.folder,
            env={"PATH": str(self.programs), "HOME": str(self.folder), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_bazel_of_the_version_is_taken_with_the_machines_sandbox(machine: Machine) -> None:
    machine.has_bazel("bazel", "7.7.1")
    machine.has_bazel("bazelisk", "7.7.1")
    rc = machine.checkout / f"tools/sandbox/{os.uname().machine}.bazelrc"
    assert machine.run("build", "//a b").stdout == f"bazel --bazelrc={rc} build //a b\n"


def test_a_bazel_of_another_version_is_passed_over(machine: Machine) -> None:
    machine.has_bazel("bazel", "8.0.0")
    machine.has_bazel("bazelisk", "7.7.1")
    assert machine.run("info").stdout.startswith("bazelisk ")


def test_bazelisk_comes_from_npm_where_there_is_none(machine: Machine) -> None:
    bazelisk = '#!/bin/sh\\nif [ "$1" = --version ]; then echo bazel 7.7.1; else echo from npm "$@"; fi\\n'
    machine.has(
        "npm",
        f"""while [ "$1" != --prefix ]; do shift; done
mkdir -p "$2/node_modules/.bin"
printf '{bazelisk}' >"$2/node_modules/.bin/bazelisk"
chmod 755 "$2/node_modules/.bin/bazelisk" """,
    )
    assert machine.run("info").stdout.startswith("from npm ")
    machine.has("npm", "exit 1")  # it is kept
    assert machine.run("info").stdout.startswith("from npm ")


def test_an_install_of_npm_that_was_cut_short_is_made_again(machine: Machine) -> None:
    machine.has("npm", 'while [ "$1" != --prefix ]; do shift; done; mkdir -p "$2/node_modules/.bin"; exit 1')
    assert machine.run("info").returncode == 1
    assert not (machine.folder / ".cache/bazelisk/npm").exists()


def test_without_any_bazel_one_line_says_what_to_install(machine: Machine) -> None:
    done = machine.run("info")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("bazelw: no Bazel 7.7.1 here: install bazelisk")


def test_bazel_of_debian_testing_is_unpacked_once_below_the_cache(machine: Machine) -> None:
    machine.has_debian()
    first = machine.run("info")
    assert first.returncode == 0, first.stderr
    install_base, java = f"--install_base={machine.unpacked}/usr/share/bazel", f"{machine.unpacked}/usr/lib/jvm/java"
    assert first.stdout.startswith(
        f"unpacked bazel --nosystem_rc --trust_install_base {install_base} --server_javabase={java} "
    )
    assert "unpacking Bazel 7.7.1 from Debian testing" in first.stderr
    calls = (machine.folder / "apt").read_text()
    again = machine.run("info")
    assert again.stdout == first.stdout
    assert "unpacking" not in again.stderr
    assert (machine.folder / "apt").read_text() == calls
    assert [path.name for path in machine.unpacked.parent.iterdir()] == ["7.7.1"]


def test_what_is_unpacked_starts_and_finds_its_files_where_it_lies(machine: Machine) -> None:
    machine.has_debian()
    machine.run("info")
    for program in (
        "usr/libexec/bazel/linux-sandbox",
        "usr/lib/jvm/java/bin/java",
        "usr/lib/jvm/java/lib/jspawnhelper",
    ):
        shown = subprocess.run([machine.unpacked / program, "a b"], capture_output=True, text=True, check=True).stdout
        assert shown == f"{program.removeprefix('usr/')} a b\n"
    jars = (machine.unpacked / "usr/share/bazel/bazel_classpath_debian_depends.txt").read_text().splitlines()
    assert list(dict.fromkeys(jars)) == [
        f"{machine.unpacked}/usr/share/java/{name}.jar" for name in ("listed", "named-by-it")
    ]
    security = machine.unpacked / "usr/lib/jvm/java/lib/security"
    assert str((security / "java.security").readlink()) == f"{machine.unpacked}/etc/java/java.security"
    assert (security / "cacerts").read_text() == "certificates\n"


def test_apt_works_on_no_folder_of_the_system_and_runs_none_of_its_hooks(machine: Machine) -> None:
    machine.has_debian()
    machine.run("info")
    for call in (machine.folder / "apt").read_text().splitlines():
        assert call.startswith(("indextargets", f"-c={machine.unpacked}.")), call
        assert "install" not in call or "--download-only" in call
    settings = (machine.folder / "apt.conf").read_text()
    assert "#clear APT::Update;" in settings
    for name in ("State", "State::status", "Cache", "Etc::SourceList"):
        assert f'Dir::{name} "{machine.unpacked}.' in settings
    assert "URIs: http://mirror.test/debian/\n" in (machine.folder / "testing.sources").read_text()


@pytest.mark.parametrize("address", ["http://own.test/debian", "http://own.test/debian/", "http://own.test"])
def test_the_mirror_that_is_named_goes_before_the_machines(machine: Machine, address: str) -> None:
    machine.has_debian()
    machine.run("info", DEBIAN_MIRROR=address)
    assert "URIs: http://own.test/debian/\n" in (machine.folder / "testing.sources").read_text()


def test_another_bazel_in_testing_is_refused_and_leaves_nothing(machine: Machine) -> None:
    machine.has_debian(testing="8.4.0+ds-1")
    done = machine.run("info")
    assert done.returncode == 1
    assert "bazelw: Debian testing has no Bazel 7.7.1 any more\n" in done.stderr
    assert list(machine.unpacked.parent.iterdir()) == []


def test_an_unpacking_that_was_killed_is_made_again_and_its_leavings_go(machine: Machine) -> None:
    machine.has_debian(install="kill -KILL $PPID")
    assert machine.run("info").returncode == 1
    assert not machine.unpacked.exists()
    assert len(list(machine.unpacked.parent.iterdir())) == 1
    machine.has_debian()
    assert machine.run("info").returncode == 0
    assert list(machine.unpacked.parent.iterdir()) == [machine.unpacked]


def test_a_bazelisk_that_gives_another_version_counts_as_absent(machine: Machine) -> None:
    machine.has_bazel("bazelisk", "6.0.0")
    assert machine.run("info").returncode == 1


@pytest.mark.parametrize(("machine_name", "letter"), [("aarch64", "a"), ("x86_64", "b")])
def test_bazelisk_is_told_the_sha256_of_what_it_downloads(machine: Machine, machine_name: str, letter: str) -> None:
    machine.has("uname", f"case $1 in -s) echo Linux ;; -m) echo {machine_name} ;; esac")
    machine.has("bazelisk", f'[ "$BAZELISK_VERIFY_SHA256" = {letter * 64} ] && echo "bazel 7.7.1"')
    assert machine.run("info", BAZELISK_VERIFY_SHA256="c").returncode == 0


def test_a_version_whose_sha256_is_not_known_is_never_fetched(machine: Machine) -> None:
    machine.has_bazel("bazelisk", "7.7.1")
    machine.has_sums("7.7.0")
    done = machine.run("info")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("bazelw: tools/bazel/SHA256SUMS has no bazel-7.7.1-linux-")


def test_the_sha256_of_this_version_is_known_for_each_architecture() -> None:
    named = [line.split("  ")[1] for line in SHA256SUMS.read_text().splitlines()]
    assert named == [f"bazel-{VERSION}-linux-{name}" for name in ("arm64", "x86_64")]
