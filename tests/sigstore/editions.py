"""The one instance that the editions (tests/editions) trust, and signatures of it as the release workflow would make them.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
https://slsa.dev/spec/v1.1/provenance
"""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.sigstore.claims import Claims, claims
from tests.sigstore.instance import Instance
from tests.sigstore.signing import sign

INSTANCE = Instance(seed="editions")


def signature(manifest: bytes, **varied: str) -> bytes:
    """The bundle for a channel.json, signed by the run of the repository's release workflow for its commit, when that was
    made; but for what is `varied` of that job's claims."""
    job, at = job_of(manifest, **varied), datetime.fromisoformat(json.loads(manifest)["committed"])
    return sign(INSTANCE, statement(manifest, job), job, at)


def signature_name(manifest: bytes) -> str:
    """The file beside the manifest that holds it."""
    return f"viberun-{json.loads(manifest)['spellings']['oci']}.intoto.jsonl"


def job_of(manifest: bytes, **varied: str) -> Claims:
    says = json.loads(manifest)
    ref = "refs/heads/main" if says["channel"] == "dev" else f"refs/tags/v{says['version']}"
    number = {"repository_id": says["repository_id"]} if "repository_id" in says else {}
    return claims(**{"repository": says["repository"], "ref": ref, "sha": says["commit"], **number, **varied})


def statement(manifest: bytes, job: Claims) -> bytes:
    """Provenance of the manifest and of all that it lists."""
    says = json.loads(manifest)
    digests = {f"viberun-{says['spellings']['oci']}.json": hashlib.sha256(manifest).hexdigest()}
    digests |= {file["name"]: file["sha256"] for file in says["files"]}
    for name, image in says["images"].items():
        digests[f"ghcr.io/{says['repository']}/{name}".lower()] = image["digest"].removeprefix("sha256:")
    repository = f"https://github.com/{job['repository']}"
    path = job["workflow_ref"].removeprefix(f"{job['repository']}/").partition("@")[0]
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in digests.items()],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                    "externalParameters": {"workflow": {"ref": job["ref"], "repository": repository, "path": path}},
                    "resolvedDependencies": [
                        {"uri": f"git+{repository}@{job['ref']}", "digest": {"gitCommit": job["sha"]}}
                    ],
                },
                "runDetails": {
                    "builder": {"id": f"https://github.com/{job['job_workflow_ref']}"},
                    "metadata": {"invocationId": f"{repository}/actions/runs/{job['run_id']}/attempts/1"},
                },
            },
        }
    ).encode()


def main(request: dict[str, Any]) -> None:
    """Takes {out}: where the instance's trusted root goes."""
    Path(request["out"]).write_text(json.dumps(INSTANCE.trusted_root(), indent=2) + "\n")
