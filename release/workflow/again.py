"""`python3 -m release.workflow.again`: runs the push run of COMMIT, which is not main's newest, again.

A run that is started by hand has the branch's newest commit in its certificates, whatever it builds: so none builds another.
"""

import os
import sys
from collections.abc import Mapping

from release.workflow.github import GitHubError, api


def again(environ: Mapping[str, str]) -> tuple[int, str]:
    """Starts it; returns the exit status, and what there is to say in one line."""
    repository, named = environ["GITHUB_REPOSITORY"], environ["COMMIT"]
    if environ["GITHUB_REF"] != "refs/heads/main":
        return 1, "::error::start this on the branch main: only what main has is released"
    try:
        commit = str(api(f"repos/{repository}/commits/{named}")["sha"])
    except GitHubError as refused:
        return 1, f"::error::there is no commit {named}: {refused}"
    path = f"repos/{repository}/actions/workflows/release.yml/runs"
    runs = api(path, branch="main", event="push", head_sha=commit, per_page="1")["workflow_runs"]
    gone = f"::error::{commit[:12]} has no push run any more that could run again"
    if not runs:
        return 1, f"{gone}: release a newer commit"
    if runs[0]["status"] != "completed":
        return 0, f"::notice::the run of {commit[:12]} has not ended yet: {runs[0]['html_url']}"
    try:
        api(f"repos/{repository}/actions/runs/{runs[0]['id']}/rerun", "POST")
    except GitHubError as refused:
        return 1, f"{gone}: {refused}"
    return 0, f"::notice::runs again: {runs[0]['html_url']}"


def main(environ: Mapping[str, str]) -> int:
    try:
        status, said = again(environ)
    except GitHubError as refused:
        status, said = 1, f"::error::GitHub does not say which runs there are: {refused}"
    print(said)
    return status


if __name__ == "__main__":
    sys.exit(main(os.environ))
