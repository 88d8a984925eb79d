import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.tools.debian.fabricated import ROOT, SUITE, Mirror, deb, gpgv
from tools.debian import request
from tools.debian.errors import DebianError, LockError
from tools.debian.files import Files
from tools.debian.mirror import Mirrors
from tools.debian.request import Request
from tools.debian.review import Terminal
from tools.debian.update import Options, renew, require_current

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PATH = "images/app/image.json"
ONE, TWO = deb({"postinst": "one"}), deb({"postinst": "two"})
POSTINST_ONE, POSTINST_TWO = (
    "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
    "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3",
)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "tools/debian").mkdir(parents=True)
    return Files(tmp_path)


def asking(*packages: str) -> Request:
    return request.parse(PATH, json.dumps({"layers": [{"name": "base", "packages": packages}]}))


def run(
    files: Files,
    mirror: Mirror,
    *packages: str,
    decide: dict[str, str] | None = None,
    pending: bool = False,
    scripts: Path | None = None,
    answers: str | None = None,
) -> None:
    options = Options(False, pending, tuple((decide or {}).items()), scripts)
    terminal = Terminal(io.StringIO(answers), io.StringIO()) if answers is not None else None
    mirrors = Mirrors({"debian": [ROOT]}, mirror)
    renew(files, SUITE, [asking(*packages)], options, mirrors, gpgv, NOW, terminal)


def state(files: Files) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (files.workspace / "tools/debian").iterdir()}


def test_the_lock_has_the_archives_newest_and_dates_from_its_release_file(files: Files) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", deb()), "other": ("1", deb())})
    run(files, mirror, "bash")
    lock = files.read_lock()
    assert lock
    assert (lock.timestamp, lock.snapshot) == ("20261121T021046Z", "20261121T081046Z")
    assert [(p.package, p.version, p.path, p.scripts) for p in lock.packages] == [("bash", "5", "pool/bash_5.deb", {})]
    require_current(files, [asking("bash")])


def test_a_second_run_changes_nothing_asks_nothing_and_downloads_no_package(
    files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", ONE)})
    run(files, mirror, "bash", decide={POSTINST_ONE: "ignored because x"}, answers="")
    before = state(files)
    mirror.publish({"bash": ("5", ONE)}, date="Sun, 22 Nov 2026 02:10:46 UTC")
    mirror.asked.clear()
    capsys.readouterr()
    run(files, mirror, "bash")
    assert state(files) == before
    assert not [url for url in mirror.asked if "/pool/" in url]
    assert capsys.readouterr().out.startswith("nothing changed")


def test_a_new_version_with_the_same_script_asks_nothing(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", ONE)})
    run(files, mirror, "bash", decide={POSTINST_ONE: "ignored because x"})
    mirror.publish({"bash": ("6", deb({"postinst": "one"}, salt="newer"))})
    run(files, mirror, "bash")
    assert "bash 5 -> 6" in capsys.readouterr().out
    require_current(files, [asking("bash")])


def test_an_undecided_script_leaves_the_lock_alone_and_is_named(files: Files) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", ONE)})
    run(files, mirror, "bash", decide={POSTINST_ONE: "ignored because x"})
    lock = files.read_lock()
    mirror.publish({"bash": ("6", TWO), "dash": ("1", deb({"prerm": "three"}))})
    with pytest.raises(LockError) as caught:
        run(files, mirror, "bash", "dash")
    assert [problem.split(" ", 1)[1] for problem in caught.value.problems] == ["bash postinst", "dash prerm"]
    assert files.read_lock() == lock
    require_current(files, [asking("bash")])


def test_what_was_decided_is_kept_when_something_else_is_not(files: Files) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("6", TWO), "dash": ("1", deb({"prerm": "three"}))})
    with pytest.raises(LockError, match="dash prerm"):
        run(files, mirror, "bash", "dash", decide={POSTINST_TWO[:8]: "ignored because y"})
    assert [entry.decision for entry in files.read_ledger().scripts.values()] == ["ignored because y"]
    assert files.read_lock() is None


def test_on_a_terminal_the_decision_is_asked_and_what_is_gone_is_dropped(files: Files) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", ONE)})
    run(files, mirror, "bash", answers="ignored because x\n")
    mirror.publish({"bash": ("6", TWO)})
    run(files, mirror, "bash", answers="reproduced by y\n")
    assert {d: e.decision for d, e in files.read_ledger().scripts.items()} == {POSTINST_TWO: "reproduced by y"}


def test_pending_renews_and_check_refuses_until_the_ledger_was_edited(files: Files) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", ONE)})
    run(files, mirror, "bash", pending=True)
    assert files.read_lock()
    with pytest.raises(LockError, match="bash postinst"):
        require_current(files, [asking("bash")])
    files.write_ledger(files.read_ledger().decide([(POSTINST_ONE, "ignored because x")]))
    require_current(files, [asking("bash")])


def test_pending_scripts_can_be_read_in_a_later_run(files: Files, tmp_path: Path) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", ONE)})
    run(files, mirror, "bash", pending=True)
    with pytest.raises(LockError):
        run(files, mirror, "bash", scripts=tmp_path / "scripts")
    assert (tmp_path / "scripts" / f"bash.postinst.{POSTINST_ONE[:12]}").read_text() == "one"


def test_all_packages_that_no_mirror_has_are_named_with_the_command(files: Files) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", ONE), "dash": ("1", TWO), "jq": ("1", deb())})
    del mirror.files[f"{ROOT}pool/bash_5.deb"]
    mirror.files[f"{ROOT}pool/dash_1.deb"] = b"something else"
    with pytest.raises(DebianError) as caught:
        run(files, mirror, "bash", "dash", "jq")
    message = str(caught.value)
    assert message.startswith(
        "2 of Debian's packages cannot be had:\n  bash 5 amd64: no mirror has debian/pool/bash_5.deb"
    )
    assert "\n  dash 1 amd64: pool/dash_1.deb should have the sha256" in message
    assert "bazel run //tools/debian:update" in message
    assert state(files) == {}


def test_a_request_that_asks_for_something_else_makes_the_lock_stale(files: Files) -> None:
    mirror = Mirror()
    mirror.publish({"bash": ("5", deb())})
    run(files, mirror, "bash")
    with pytest.raises(LockError, match=r"images/app/image\.json .*; renew it: bazel run //tools/debian:update"):
        require_current(files, [asking("bash", "jq")])
    with pytest.raises(LockError, match=r"images/app/image\.json"):
        require_current(files, [])


def test_without_a_lock_every_request_is_unanswered(files: Files) -> None:
    with pytest.raises(LockError, match=r"images/app/image\.json"):
        require_current(files, [asking("bash")])
