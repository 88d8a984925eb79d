from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import requests
from twine.auth import Resolver
from twine.exceptions import TrustedPublishingFailure

from release.destinations.pypi.settings import Settings, TwineError, index_beside
from release.destinations.pypi.twine import Twine, TwineUploadError
from release.transport.http import UnansweredError
from release.transport.patience import Patience
from release.transport.programs import Ended
from viberun.errors import UsageError


def upload(folder: Path, ended: Ended, *, attestation: bool = False) -> Sequence[str]:
    """What twine is started with."""
    commands: list[Sequence[str]] = []

    def run(command: Sequence[str], variables: Mapping[str, str], where: Path, seconds: float) -> Ended:
        commands.append(command)
        return ended

    wheel = folder / "viberun-1.2.3-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    Twine(run, Patience()).upload(wheel, attestation=attestation)
    return commands[0]


def refused(status: int, reason: str) -> Ended:
    return Ended(
        1, "Uploading distributions\n", f"ERROR HTTPError: {status} {reason} from http://127.0.0.1:1/\n{reason}\n"
    )


@pytest.mark.parametrize(("status", "reason"), [(400, "Bad Request"), (401, "Unauthorized"), (403, "Forbidden")])
def test_what_another_try_would_not_change_is_an_error(tmp_path: Path, status: int, reason: str) -> None:
    with pytest.raises(TwineUploadError, match=f"twine upload viberun-1.2.3-py3-none-any.whl: .*{status} {reason}"):
        upload(tmp_path, refused(status, reason))


@pytest.mark.parametrize(
    "ended",
    [
        refused(400, "File already exists"),
        refused(409, "Conflict"),
        refused(429, "Too Many Requests"),
        refused(502, "Bad Gateway"),
        Ended(1, "", "ConnectionError: ('Connection aborted.', ConnectionResetError(104))"),
        Ended(None, "", ""),
    ],
)
def test_what_may_have_been_done_or_may_pass_is_left_for_the_index_to_say(tmp_path: Path, ended: Ended) -> None:
    with pytest.raises(UnansweredError):
        upload(tmp_path, ended)


def test_an_attestation_beside_the_wheel_goes_with_it_when_asked_and_nothing_is_ever_skipped(tmp_path: Path) -> None:
    (tmp_path / "viberun-1.2.3-py3-none-any.whl.publish.attestation").write_text("{}")
    plain = upload(tmp_path, Ended(0, "", ""))
    attested = upload(tmp_path, Ended(0, "", ""), attestation=True)
    assert "--attestations" not in plain
    assert "--attestations" in attested
    assert attested[-1].endswith(".publish.attestation")
    assert "--skip-existing" not in [*plain, *attested]


def test_where_to_read_follows_from_where_to_upload(tmp_path: Path) -> None:
    from twine.repository import WAREHOUSE_WEB
    from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

    assert index_beside(DEFAULT_REPOSITORY) == f"{WAREHOUSE_WEB}simple/"
    assert index_beside(TEST_REPOSITORY) == TEST_REPOSITORY.replace("legacy/", "simple/")
    assert index_beside("https://packages.example/root/") == "https://packages.example/root/simple/"
    own = {
        "HOME": str(tmp_path),
        "TWINE_REPOSITORY_URL": "https://a.example/up/",
        "VIBERUN_PYPI_INDEX": "https://b.example/+s",
    }
    assert Settings.of(own).index == "https://b.example/+s/"


def test_pypirc_is_read_where_the_environment_has_its_home(tmp_path: Path) -> None:
    (tmp_path / ".pypirc").write_text(
        "[distutils]\nindex-servers = own\n[own]\nrepository = https://packages.example/\nusername = me\npassword = s3cret\n"
    )
    settings = Settings.of({"HOME": str(tmp_path), "TWINE_REPOSITORY": "own"})
    settings.log_in()
    assert settings.upload == "https://packages.example/"
    assert "s3cret" not in repr(settings)
    with pytest.raises(TwineError, match="Missing 'other' section"):
        Settings.of({"HOME": str(tmp_path), "TWINE_REPOSITORY": "other"})


@pytest.mark.parametrize(
    ("trouble", "kind", "text"),
    [
        (
            requests.ConnectTimeout(),
            UnansweredError,
            "nobody answers who trusts this job: no answer in time; run the same",
        ),
        (KeyError("errors"), UnansweredError, "it gives no 'errors'; run the same"),
        (
            TrustedPublishingFailure("The token-minting request returned invalid JSON"),
            UnansweredError,
            "no JSON; run the",
        ),
        (TrustedPublishingFailure("* `invalid-publisher`: none"), TwineError, "invalid-publisher.*; register this"),
    ],
)
def test_an_outage_is_told_from_a_publisher_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception, kind: type[Exception], text: str
) -> None:
    def ask(resolver: Resolver) -> str:
        raise trouble

    monkeypatch.setattr(Resolver, "make_trusted_publishing_token", ask)
    with pytest.raises(kind, match=text):
        Settings.of({"HOME": str(tmp_path)}).log_in()


def test_credentials_go_over_https_or_to_this_machine_alone() -> None:
    with pytest.raises(UsageError, match="over https only"):
        Settings.of({"TWINE_REPOSITORY_URL": "http://packages.example/"})


def test_a_login_in_an_address_is_in_no_text(tmp_path: Path) -> None:
    upload_url, index = "https://me:s3cret@packages.example/root/", "https://me:s3cret@read.example/simple"
    (tmp_path / ".pypirc").write_text(
        f"[distutils]\nindex-servers = own\n[own]\nrepository = {upload_url}\nusername = me\n"
    )
    for variables in (
        {"TWINE_REPOSITORY_URL": upload_url},
        {"TWINE_REPOSITORY": "own"},
        {"TWINE_REPOSITORY": "own", "VIBERUN_PYPI_INDEX": index},
    ):
        settings = Settings.of({"HOME": str(tmp_path), **variables})
        assert settings.upload == "https://packages.example/root/"
        assert settings.index in ("https://packages.example/root/simple/", "https://read.example/simple/")
    with pytest.raises(TwineError) as caught:
        Settings.of({"HOME": str(tmp_path), "TWINE_REPOSITORY_URL": "ftp://me:s3cret@packages.example/"})
    assert "s3cret" not in str(caught.value)
    with pytest.raises(TwineUploadError, match=r"Forbidden from https://packages\.example/"):
        upload(tmp_path, Ended(1, "", f"ERROR HTTPError: 403 Forbidden from {upload_url}"))
