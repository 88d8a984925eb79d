"""`python3 -m release.workflow.report COMMAND…`: runs a check, and keeps one issue open for as long as it fails.

What the command prints is the issue's text. Ends as the command did.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from release.workflow.github import GitHubError, gh

TITLE = "The releases are not in step"
_MOST = 60_000  # characters of GitHub's 65,536


def report(command: Sequence[str], environ: Mapping[str, str]) -> int:
    """Returns the command's exit status. Raises GitHubError."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(done.stdout, end="", flush=True)
    run = f"{environ['GITHUB_SERVER_URL']}/{environ['GITHUB_REPOSITORY']}/actions/runs/{environ['GITHUB_RUN_ID']}"
    text = f"{run}\n\n```\n{done.stdout[-_MOST:]}\n```\n"
    listing = ("issue", "list", "--state", "open", "--limit", "1000", "--json", "number,title")
    listed = json.loads(gh(*listing, repeatable=True))
    issues = [str(issue["number"]) for issue in listed if issue["title"] == TITLE]
    if done.returncode == 0:
        for issue in issues:
            gh("issue", "close", issue, "--comment", f"They are again: {run}")
    elif issues:
        gh("issue", "edit", issues[0], "--body-file", "-", text=text)
    else:
        gh("issue", "create", "--title", TITLE, "--body-file", "-", text=text)
    return done.returncode


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    try:
        return report(arguments, environ)
    except GitHubError as refused:
        print(f"::error::the issue could not be brought up to date: {refused}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
