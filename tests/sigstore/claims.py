"""What GitHub's OIDC token says of a run of Actions, and the extensions that Fulcio makes of it.

https://docs.github.com/actions/concepts/security/openid-connect
https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
"""

from collections.abc import Mapping

from tests.sigstore import der

ISSUER = "https://token.actions.githubusercontent.com"
_FULCIO = "1.3.6.1.4.1.57264.1"
GITHUB = "https://github.com"

Claims = Mapping[str, str]


def claims(**varied: str) -> Claims:
    """The run of `release.yml` for a push to main, but for what is `varied`; what follows from that varies along.

    Raises TypeError for a claim that GitHub's token does not have.
    """
    repository = varied.get("repository", "acme/viberun")
    ref = varied.get("ref", "refs/heads/main")
    commit = varied.get("sha", "5a21af2e1e694a81d837e2d095c30b2bda4dce00")
    workflow = varied.get("workflow_ref", f"{repository}/.github/workflows/release.yml@{ref}")
    said = {
        "iss": ISSUER,
        "sub": f"repo:{repository}:ref:{ref}",
        "actor": "developer",
        "repository": repository,
        "repository_id": "900100200",
        "repository_owner": repository.partition("/")[0],
        "repository_owner_id": "70080090",
        "repository_visibility": "public",
        "event_name": "push",
        "ref": ref,
        "ref_type": "tag" if ref.startswith("refs/tags/") else "branch",
        "sha": commit,
        "workflow": "release",
        "workflow_ref": workflow,
        "workflow_sha": commit,
        "job_workflow_ref": workflow,
        "job_workflow_sha": commit,
        "runner_environment": "github-hosted",
        "run_id": "4711",
        "run_attempt": "1",
        "run_number": "7",
    }
    if unknown := varied.keys() - said.keys():
        raise TypeError(f"no claims of GitHub's: {', '.join(sorted(unknown))}")
    return said | varied


def identity(of: Claims, server: str = GITHUB) -> str:
    """The certificate's subject alternative name."""
    return f"{server}/{of['job_workflow_ref']}"


def extensions(of: Claims, server: str = GITHUB) -> dict[str, bytes]:
    """By OID; 1 to 6 are raw text, 8 to 22 DER. `server` is GitHub's address."""
    repository = f"{server}/{of['repository']}"
    raw = (of["iss"], of["event_name"], of["sha"], of["workflow"], of["repository"], of["ref"])
    encoded = (
        of["iss"],
        identity(of, server),
        of["job_workflow_sha"],
        of["runner_environment"],
        repository,
        of["sha"],
        of["ref"],
        of["repository_id"],
        f"{server}/{of['repository_owner']}",
        of["repository_owner_id"],
        f"{server}/{of['workflow_ref']}",
        of["workflow_sha"],
        of["event_name"],
        f"{repository}/actions/runs/{of['run_id']}/attempts/{of['run_attempt']}",
        of["repository_visibility"],
    )
    return {
        **{f"{_FULCIO}.{number}": text.encode() for number, text in enumerate(raw, 1)},
        **{f"{_FULCIO}.{number}": der.encode(der.UTF8_STRING, text.encode()) for number, text in enumerate(encoded, 8)},
    }
