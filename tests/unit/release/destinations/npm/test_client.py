import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from release.destinations.npm.client import Npm, NpmError, PublishedError, UnsignedError
from release.transport.http import UnansweredError
from release.transport.patience import Patience
from release.transport.programs import Ended


class Fake:
    """Stands in for the run of npm, and notes the commands."""

    def __init__(self, ended: Ended) -> None:
        self._ended = ended
        self.commands: list[Sequence[str]] = []
        self.seconds: list[float] = []

    def __call__(self, command: Sequence[str], variables: Mapping[str, str], folder: Path, seconds: float) -> Ended:
        assert not list(folder.iterdir())
        self.commands.append(command)
        self.seconds.append(seconds)
        return self._ended


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "viberun-1.2.3.tgz"
    path.write_bytes(b"x" * 1_000_000)
    return path


def said(code: str) -> Ended:
    return Ended(1, "", f"npm error code {code}\nnpm error something went wrong\n")


@pytest.mark.parametrize(
    "code", ["E401", "E402", "E403", "E404", "E400", "E422", "ENEEDAUTH", "EOTP", "EPRIVATE", "ENOENT"]
)
def test_what_another_try_would_not_change_is_an_error(package: Path, code: str) -> None:
    with pytest.raises(NpmError, match=f"npm publish .*: {code} "):
        Npm(Fake(said(code)), Patience()).publish(package, "dev")


@pytest.mark.parametrize(
    "code", ["E408", "E409", "E429", "E500", "E502", "E503", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN"]
)
def test_what_may_have_been_done_or_may_pass_is_left_for_the_registry_to_say(package: Path, code: str) -> None:
    with pytest.raises(UnansweredError, match=code):
        Npm(Fake(said(code)), Patience()).publish(package, "dev")


@pytest.mark.parametrize(
    "said",
    [
        "npm error code E403\nnpm error 403 You cannot publish over the previously published versions: 1.2.3.",
        "npm error code EPUBLISHCONFLICT\nnpm error publish fail Cannot publish over existing version.",
        "npm error You cannot publish over the previously published versions",
        "npm error code E409\nnpm error 409 Conflict - PUT https://registry.example/viberun - this package is already present",
        "npm error code E409\nnpm error 409 Conflict - Cannot publish over previously staged version",
    ],
)
def test_a_version_that_is_taken_is_told_from_one_that_may_not_be_published(package: Path, said: str) -> None:
    with pytest.raises(PublishedError):
        Npm(Fake(Ended(1, "", said)), Patience()).publish(package, "dev")


def test_a_failure_without_a_code_and_a_silence_are_left_for_the_registry_to_say(package: Path) -> None:
    for ended in (
        Ended(1, "", "npm error something went wrong"),
        Ended(None, "", ""),
    ):
        with pytest.raises(UnansweredError):
            Npm(Fake(ended), Patience()).publish(package, "dev")


def test_an_error_names_what_npm_was_to_do_without_the_options() -> None:
    with pytest.raises(NpmError, match=r"^npm whoami: ENEEDAUTH "):
        Npm(Fake(said("ENEEDAUTH")), Patience()).user()


def test_of_what_npm_says_the_words_are_kept_and_not_what_stands_around_them() -> None:
    lines = [
        "code ENEEDAUTH",
        "need auth You need to log in",
        "Log files were not written due to the config logs-max=0",
    ]
    said = Ended(1, "", "".join(f"npm error {line}\n" for line in lines))
    with pytest.raises(NpmError) as caught:
        Npm(Fake(said), Patience()).user()
    assert caught.value.message == "npm whoami: ENEEDAUTH need auth You need to log in"


@pytest.mark.parametrize("code", ["TLOG_CREATE_ENTRY_ERROR", "CA_CREATE_SIGNING_CERTIFICATE_ERROR"])
def test_a_signing_service_that_fails_is_told_from_the_registry(package: Path, code: str) -> None:
    with pytest.raises(UnsignedError):
        Npm(Fake(said(code)), Patience()).publish(package, "dev")


def test_npm_makes_one_try_and_has_time_for_the_size_of_the_package(package: Path) -> None:
    fake = Fake(Ended(0, "", ""))
    Npm(fake, Patience(silence=7)).publish(package, "dev", provenance=False)
    (command,) = fake.commands
    assert command[:5] == ["npm", "publish", str(package), "--tag", "dev"]
    assert {"--provenance=false", "--fetch-retries=0", "--fetch-timeout=7000"} <= set(command)
    assert 7 + 1_000_000 / 65_536 < fake.seconds[0] < 60


def test_the_registry_and_the_version_are_npms_own() -> None:
    assert (
        Npm(Fake(Ended(0, "https://registry.example/npm\n", "")), Patience()).registry()
        == "https://registry.example/npm/"
    )
    assert Npm(Fake(Ended(0, "11.5.1\n", "")), Patience()).version() == (11, 5, 1)
    assert Npm(Fake(Ended(0, "v22.14.0\n", "")), Patience()).node() == (22, 14, 0)


def test_provenance_is_asked_for_in_words_since_npm_leaves_it_out_in_silence(package: Path) -> None:
    fake = Fake(Ended(0, "", ""))
    Npm(fake, Patience()).publish(package, "dev", provenance=True)
    Npm(fake, Patience()).publish(package, "dev")
    asked, left_to_npm = fake.commands
    assert asked[5:8] == ["--provenance", "--access", "public"]
    assert not any(option.startswith("--provenance") for option in left_to_npm)


@pytest.mark.parametrize(
    ("code", "kind"), [("ENEEDAUTH", UnansweredError), ("E401", NpmError), ("E403", NpmError), ("E404", NpmError)]
)
def test_a_job_that_the_registry_takes_for_nobody_is_told_the_remedy_of_trust(
    package: Path, code: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=f"{code} .*; name the publisher"):
        Npm(Fake(said(code)), Patience()).publish(package, "dev", trusted="name the publisher")


def test_a_login_in_the_registrys_address_is_npms_own(package: Path) -> None:
    address = "https://me:s3cret@registry.example/"
    assert Npm(Fake(Ended(0, address, "")), Patience()).registry() == "https://registry.example/"
    refused = Ended(1, "", f"npm error code E403\nnpm error 403 Forbidden - PUT {address}viberun")
    with pytest.raises(NpmError, match=r"PUT https://registry\.example/viberun"):
        Npm(Fake(refused), Patience()).publish(package, "dev")


def test_without_a_folder_to_run_in_npm_is_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(NpmError, match=r"there is no folder to run npm in: .*; see TMPDIR"):
        Npm(Fake(Ended(0, "", "")), Patience()).user()
