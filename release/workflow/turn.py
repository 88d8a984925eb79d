"""`python3 -m release.workflow.turn wait|leave`: what a run for main asks before it releases.

`wait` ends when no run before this one is left to release. `leave` says whether this run has nothing to release any more, as
the line `left=true` in GITHUB_OUTPUT: a newer commit has the channel, or takes it in a moment.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from release.workflow.github import GitHubError, api
from release.workflow.queue import Job, Run, leaves_to, run_of, waits_for

_WORKFLOW = "release.yml"
_PAUSE = 60.0
_LONGEST_PAUSE = 600.0


def wait(environ: Mapping[str, str], sleep: Callable[[float], None]) -> None:
    """Returns when this run may begin: at once on another ref than main's, and where runs leave to newer ones."""
    if _of_main(environ) and not _leaves(environ):
        while before := waits_for(_runs(environ), int(environ["GITHUB_RUN_NUMBER"])):
            print(f"waits for {len(before)} runs before this one, first that of {before[0].commit[:12]}", flush=True)
            # The further behind, the less often: a repository's token has 1,000 requests an hour.
            sleep(min(_PAUSE * len(before), _LONGEST_PAUSE))


def leave(environ: Mapping[str, str]) -> str | None:
    """Why this run has nothing to release, in one line, or None."""
    if not _of_main(environ):
        return None
    commit = environ["GITHUB_SHA"]
    if (holder := _newer_holder(environ, commit)) is not None:
        return f"overtaken: dev stands at {holder[:12]} already, which comes after {commit[:12]}"
    if _leaves(environ) and (newer := leaves_to(_runs(environ), int(environ["GITHUB_RUN_NUMBER"]), _jobs_of(environ))):
        return f"left to the run of {newer.commit[:12]}, which is ready and has all of {commit[:12]}"
    return None


def _of_main(environ: Mapping[str, str]) -> bool:
    return environ["GITHUB_REF"] == "refs/heads/main"


def _leaves(environ: Mapping[str, str]) -> bool:
    return environ.get("LEAVE_TO_NEWER", "").lower() in ("1", "true", "yes")


def _runs(environ: Mapping[str, str]) -> list[Run]:
    path = f"repos/{environ['GITHUB_REPOSITORY']}/actions/workflows/{_WORKFLOW}/runs"
    return [run_of(each) for each in api(path, branch="main", per_page="100")["workflow_runs"]]


def _jobs_of(environ: Mapping[str, str]) -> Callable[[Run], list[Job]]:
    def jobs_of(run: Run) -> list[Job]:
        answer = api(f"repos/{environ['GITHUB_REPOSITORY']}/actions/runs/{run.id}/jobs", per_page="100")
        return [Job(each["name"], each["status"], each["conclusion"]) for each in answer["jobs"]]

    return jobs_of


def _newer_holder(environ: Mapping[str, str], commit: str) -> str | None:
    """The commit that dev stands at if it comes after this one; None also where GitHub can't tell: the driver asks again."""
    try:
        holder = api(f"repos/{environ['GITHUB_REPOSITORY']}/git/ref/tags/dev")["object"]["sha"]
        compared = api(f"repos/{environ['GITHUB_REPOSITORY']}/compare/{commit}...{holder}")
    except GitHubError:
        return None
    return str(holder) if compared["status"] == "ahead" else None


def main(arguments: list[str], environ: Mapping[str, str], sleep: Callable[[float], None]) -> int:
    try:
        if arguments == ["wait"]:
            wait(environ, sleep)
        elif arguments == ["leave"]:
            if why := leave(environ):
                print(f"::notice::{why}")
                with Path(environ["GITHUB_OUTPUT"]).open("a") as outputs:
                    outputs.write("left=true\n")
                with Path(environ["GITHUB_STEP_SUMMARY"]).open("a") as summary:
                    summary.write(f"Nothing released: {why}.\n")
        else:
            print("turn: give wait or leave", file=sys.stderr)
            return 2
    except GitHubError as refused:
        print(f"::error::GitHub does not say which runs there are: {refused}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, time.sleep))
