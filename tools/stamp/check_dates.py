"""Says which commits are dated in the future: `python3 -m tools.stamp.check_dates RANGE`.

A version is its commit's time, and never falls: what is merged with such a date would stay in all later ones.
"""

import subprocess
import sys
import time
from datetime import UTC, datetime

AHEAD = 3600
"""So many seconds may a commit be ahead: clocks differ."""

_LAST_YEAR = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def dated_ahead(commits: str, now: float) -> list[str]:
    """Returns a line for each commit of a range as git takes it (`main..HEAD`) that is dated over AHEAD after `now`.

    Raises CalledProcessError where git refuses the range.
    """
    command = ["git", "rev-list", "--timestamp", commits, "--"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    dates = (line.split() for line in listed.splitlines())
    return [f"{commit} is dated {_day(int(date))}, in the future" for date, commit in dates if int(date) > now + AHEAD]


def _day(date: int) -> str:
    return (
        f"{datetime.fromtimestamp(date, UTC):%Y-%m-%d %H:%M} UTC" if date < _LAST_YEAR else "in the year 9999 or later"
    )


def main(arguments: list[str], now: float) -> int:
    (commits,) = arguments
    try:
        found = dated_ahead(commits, now)
    except subprocess.CalledProcessError as error:
        return error.returncode
    if found:
        print(*found, "set the clock and date them again: git rebase --force-rebase", sep="\n", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], time.time()))
