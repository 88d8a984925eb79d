"""Several runs and readers at one local channel, in processes and threads of their own."""

import os
import resource
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest

from release.bundle.model import Bundle
from release.driver.steps import StepError
from tests.release import fabricated
from tests.release.local.channels import content, read_as_client, release


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Bundle]:
    root = tmp_path_factory.mktemp("builds")
    one = fabricated.make(root / "one", fabricated.DEV, platforms=["linux-amd64"], images=False)
    two = fabricated.make(root / "two", fabricated.NEWER, platforms=["linux-amd64"], images=False)
    return one, two


def start(bundle: Bundle, out: Path, gate: Path) -> int:
    """Starts a process that releases as soon as `gate` is there, and returns its id."""
    child = os.fork()
    if child == 0:
        status = 70
        try:
            while not gate.exists():
                pass
            release(bundle, out)
            status = 0
        finally:
            os._exit(status)
    return child


def test_runs_at_the_same_time_all_succeed_and_leave_one_whole_channel(
    tmp_path: Path, builds: tuple[Bundle, Bundle]
) -> None:
    expected = []
    for number, bundle in enumerate(builds):
        release(bundle, tmp_path / f"clean{number}")
        expected.append(content((tmp_path / f"clean{number}").resolve()))
    for attempt in range(10):
        parent = tmp_path / str(attempt)
        parent.mkdir()
        gate = parent / "gate"
        children = [start(builds[n % 2], parent / "out", gate) for n in range(4)]
        gate.touch()
        statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        assert statuses == [0, 0, 0, 0]
        assert content((parent / "out").resolve()) in expected
        assert len(list((parent / ".out.editions").iterdir())) <= 2


def test_a_reader_that_resolves_the_folder_once_never_sees_a_mixture(
    tmp_path: Path, builds: tuple[Bundle, Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    out = tmp_path / "out"
    release(builds[0], out)
    seen: Counter[str] = Counter()
    errors: list[Exception] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                seen[read_as_client(out).build.commit[:7]] += 1
            except Exception as error:
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for swap in range(60):
        release(builds[(swap + 1) % 2], out)
        # An edition lives on for one swap more, so readers must not fall two behind.
        enough = seen.total() + len(errors) + 2
        while seen.total() + len(errors) < enough:
            over.wait(0.001)
    over.set()
    reader.join()
    assert errors == []
    assert min(seen["abc1234"], seen["def5678"]) >= 60, seen


def test_a_channel_that_does_not_fit_leaves_the_old_one_and_no_litter(
    tmp_path: Path, builds: tuple[Bundle, Bundle]
) -> None:
    out = tmp_path / "out"
    release(builds[0], out)
    before = content(tmp_path)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, limit[1]))
    try:
        with pytest.raises(StepError, match=r"stage failed: local: .*File too large"):
            release(builds[1], out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert content(tmp_path) == before
    release(builds[1], out)
    assert read_as_client(out).build == fabricated.NEWER
