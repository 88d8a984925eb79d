"""What is signed of a release: one in-toto Statement v1, whose predicate is SLSA provenance v1 as GitHub's own attestations
have it (https://actions.github.io/buildtypes/workflow/v1)."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from viberun.manifest import Manifest

_GITHUB = ("event_name", "repository_id", "repository_owner_id", "runner_environment")


def statement(manifest: Manifest, claims: Mapping[str, str]) -> bytes:
    """Writes it about a build, from the claims of the token of the job that releases it."""
    server, repository, ref = manifest.build.github, claims["repository"], claims["ref"]
    path, _, at = claims["workflow_ref"].removeprefix(f"{repository}/").partition("@")
    run = f"{server}/{repository}/actions/runs/{claims['run_id']}/attempts/{claims['run_attempt']}"
    fields = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in _subjects(manifest)],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {
                    "workflow": {"ref": at, "repository": f"{server}/{repository}", "path": path},
                },
                "internalParameters": {"github": {name: claims[name] for name in _GITHUB}},
                "resolvedDependencies": [
                    {"uri": f"git+{server}/{repository}@{ref}", "digest": {"gitCommit": claims["sha"]}}
                ],
            },
            "runDetails": {
                "builder": {"id": f"{server}/{claims['job_workflow_ref']}"},
                "metadata": {"invocationId": run},
            },
        },
    }
    return json.dumps(fields).encode()


def _subjects(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The manifest, every file, and each image by the digest of its index."""
    yield manifest.name, hashlib.sha256(manifest.to_json().encode()).hexdigest()
    yield from ((file.name, file.sha256) for file in manifest.files)
    for image in manifest.images.values():
        if image.ref:
            yield image.ref.rpartition(":")[0], image.digest.removeprefix("sha256:")
