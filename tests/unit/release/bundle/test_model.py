from pathlib import Path

import pytest

from release.bundle import model as bundle
from release.bundle.model import BundleError
from tests.release import fabricated


def test_what_was_written_is_what_is_read(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path)
    again = tmp_path / "again.json"
    text = bundle.to_json(made.artifacts, made.images).replace(f"{tmp_path}/", "")
    again.write_text(text)
    assert bundle.read(again, tmp_path) == made


def test_packages_are_no_assets_of_the_github_release(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path, fabricated.PROD)
    apart = set(made.artifacts) - set(made.assets)
    assert {artifact.kind for artifact in apart} == {"npm", "wheel"}


def test_an_artifact_is_found_by_kind_and_platform(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path)
    found = made.artifact("client", "linux-arm64")
    assert found is not None
    assert found.name.endswith("-linux-arm64.tar.gz")
    assert made.artifact("client", "windows-amd64") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("{}", "KeyError: 'artifacts'"),
        ('{"artifacts": [], "images": []}', "ValueError"),
    ],
)
def test_a_bundle_that_cannot_be_read_says_what_to_do(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "bundle.json").write_text(text)
    with pytest.raises(BundleError, match=f"{reason}.*build it again"):
        bundle.read(tmp_path / "bundle.json", tmp_path)
