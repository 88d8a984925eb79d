"""What a release is said to be made of, and how."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from release.signing.statement import statement
from tests.release import fabricated
from tests.release.signing import varied
from tests.sigstore.claims import claims


def test_it_is_about_the_manifest_every_file_and_each_image(tmp_path: Path) -> None:
    manifest = fabricated.make(tmp_path).manifest
    said = json.loads(statement(manifest, claims(**varied(replace(manifest.build, repository_id="4711")))))
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in said["subject"]}
    files = {file.name: file.sha256 for file in manifest.files}
    images = {
        f"ghcr.io/some-owner/viberun/{name}": image.digest.removeprefix("sha256:")
        for name, image in manifest.images.items()
    }
    own = {manifest.name: sha256(manifest.to_json().encode()).hexdigest()}
    assert subjects == own | files | images
    assert len(said["subject"]) == len(subjects) == 1 + len(files) + 2


def test_it_says_which_run_of_which_workflow_made_it_of_what(tmp_path: Path) -> None:
    manifest = fabricated.make(tmp_path).manifest
    job = claims(**varied(manifest.build), repository_owner_id="7", run_id="12", run_attempt="3")
    said = json.loads(statement(manifest, job))
    assert (said["_type"], said["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://slsa.dev/provenance/v1",
    )
    repository = "https://github.com/Some-Owner/viberun"
    workflow = {"ref": "refs/heads/main", "repository": repository, "path": ".github/workflows/release.yml"}
    built = said["predicate"]["buildDefinition"]
    assert built["externalParameters"] == {"workflow": workflow}
    assert built["internalParameters"]["github"]["event_name"] == "push"
    assert built["resolvedDependencies"] == [
        {"uri": f"git+{repository}@refs/heads/main", "digest": {"gitCommit": manifest.build.commit}}
    ]
    assert said["predicate"]["runDetails"] == {
        "builder": {"id": f"{repository}/.github/workflows/release.yml@refs/heads/main"},
        "metadata": {"invocationId": f"{repository}/actions/runs/12/attempts/3"},
    }
