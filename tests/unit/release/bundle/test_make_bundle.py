import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from release.bundle import make_bundle
from release.bundle.model import Bundle
from tests.release import fabricated
from tests.unit import golden
from viberun.build import Build
from viberun.errors import InvalidError
from viberun.manifest import Manifest


def listing(made: Bundle) -> str:
    return "".join(f"{a.kind:<9} {a.platform or '-':<12} {a.name}\n" for a in made.artifacts)


@pytest.mark.parametrize("build", [fabricated.DEV, fabricated.PROD], ids=["dev", "prod"])
def test_every_artifact_gets_the_name_that_its_place_wants(tmp_path: Path, build: Build) -> None:
    golden.check(f"tests/unit/release/golden/artifacts.{build.channel}", listing(fabricated.make(tmp_path, build)))


def test_the_manifest_describes_the_versioned_files(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path)
    golden.check("tests/unit/release/golden/channel.json", made.manifest.to_json())


def test_the_manifest_of_prod_has_no_plain_names_which_would_be_ambiguous(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path, fabricated.PROD)
    described = [(file.kind, file.platform) for file in made.manifest.files]
    assert len(described) == len(set(described))
    assert not {a.name for a in made.artifacts if a.kind == "plain"} & {file.name for file in made.manifest.files}


def test_digests_and_paths_are_those_of_the_built_files(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path)
    for artifact in made.artifacts:
        data = artifact.path.read_bytes()
        assert artifact.digest.sha256 == hashlib.sha256(data).hexdigest()
        assert artifact.digest.size == len(data)


def test_a_plain_name_is_the_very_file_of_the_versioned_one(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path, fabricated.PROD)
    by_name = {artifact.name: artifact for artifact in made.artifacts}
    plain = by_name["viberun-server-linux-arm64.tar.gz"]
    assert plain.path == by_name["viberun-server-1.2.3-linux-arm64.tar.gz"].path


def test_sha256sum_accepts_the_sums(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path / "runfiles", fabricated.PROD)
    folder = tmp_path / "downloads"
    folder.mkdir()
    for artifact in made.assets:
        (folder / artifact.name).write_bytes(artifact.path.read_bytes())
    checks = [a.name for a in made.assets if a.name.endswith(".sha256") or a.kind == "sums"]
    assert len(checks) == 1 + 6
    subprocess.run(["sha256sum", "--strict", "-c", *checks], cwd=folder, check=True)
    (folder / "viberun-linux-amd64.tar.gz").write_bytes(b"another")
    failed = subprocess.run(["sha256sum", "-c", "viberun-linux-amd64.tar.gz.sha256"], cwd=folder, check=False)
    assert failed.returncode == 1


def test_the_sums_are_of_what_lies_beside_them_on_the_release(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path)
    sums = made.artifact("sums")
    assert sums is not None
    summed = {line.split("  ")[1] for line in sums.path.read_text().splitlines()}
    assert summed == {a.name for a in made.assets if a.kind in ("client", "server", "install")}


def test_an_image_goes_by_the_digest_of_its_index(tmp_path: Path) -> None:
    made = fabricated.make(tmp_path)
    layout = json.loads((tmp_path / "viberun/images/viberun-proxy/index.json").read_text())
    assert made.manifest.images["viberun-proxy"].digest == layout["manifests"][0]["digest"]


def test_a_release_without_images_says_so(tmp_path: Path) -> None:
    assert fabricated.make(tmp_path, images=False).manifest.images == {}


def test_the_same_products_make_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        fabricated.make(tmp_path / name, fabricated.PROD)
        texts.append((tmp_path / name / fabricated.BUNDLE).read_bytes())
    assert texts[0] == texts[1]


def test_nothing_of_this_machine_is_in_the_bundle(tmp_path: Path) -> None:
    fabricated.make(tmp_path)
    assert str(tmp_path) not in (tmp_path / fabricated.BUNDLE).read_text()


def test_a_damaged_version_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "version.json").write_text("{}")
    request = make_bundle.Request(
        tmp_path / "version.json",
        (),
        {},
        make_bundle.Output(tmp_path / "m", Path("m")),
        tmp_path / "b",
        make_bundle.Output(tmp_path, Path()),
    )
    with pytest.raises(InvalidError, match=r"version\.json"):
        make_bundle.make(request)


def test_the_manifest_that_readers_get_parses(tmp_path: Path) -> None:
    fabricated.make(tmp_path)
    read = Manifest.parse((tmp_path / "viberun/channel.json").read_bytes())
    assert read.files_at == ""
    assert read.build == fabricated.DEV
