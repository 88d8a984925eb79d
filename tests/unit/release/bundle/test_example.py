"""What the rules make of the example beside them."""

import os
from pathlib import Path

from release.bundle import model
from tests.release.fabricated import DEV

RUNFILES = Path(os.environ["RUNFILES_DIR"])


def test_a_bundle_describes_what_its_labels_make() -> None:
    bundle = model.read(Path(os.environ["EXAMPLE"]), RUNFILES)
    assert bundle.manifest.build == DEV
    assert [(a.kind, a.platform) for a in bundle.artifacts] == [
        ("client", "linux-amd64"),
        ("sums", None),
        ("install", None),
        ("manifest", None),
    ]
    assert all(artifact.path.is_file() for artifact in bundle.artifacts)


def test_the_install_script_knows_whose_releases_it_installs() -> None:
    script = model.read(Path(os.environ["EXAMPLE"]), RUNFILES).artifact("install")
    assert script
    assert f"repository='{DEV.repository}'" in script.path.read_text()
