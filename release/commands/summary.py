"""The text on standard output: what a release would do, and what it did. Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from release.bundle.model import Bundle
from release.destinations.destination import Receipt, Row
from release.driver.outcome import Plan
from release.driver.progress import size_text
from release.transport.traffic import Traffic


@dataclass(frozen=True)
class Cost:
    """What a release took at one destination; `content` are the bytes of all that it has there."""

    destination: str
    traffic: Traffic
    content: int
    seconds: float


def plan_text(bundle: Bundle, destination: str, plan: Plan, content: int) -> str:
    """Tells what would change at one destination, which is to have so many bytes in all."""
    build = bundle.manifest.build
    if not plan.changes:
        return f"{build.channel} {build.version} is at {destination} already, {size_text(content)}: nothing to do\n"
    lines = [f"{build.channel} {build.version} would go to {destination}:"]
    width = max((len(change.subject) for change in plan.changes if change.size is not None), default=0)
    for change in plan.changes:
        size = "" if change.size is None else f"{size_text(change.size):>10}"
        lines.append(f"  {change.verb:<7} {change.subject:<{width}} {size}".rstrip())
    total = sum(change.size or 0 for change in plan.changes)
    there = f", {size_text(content - total)} of {size_text(content)} there already" if total < content else ""
    return "\n".join([*lines, f"  {size_text(total)} to write{there}", ""])


def release_text(bundle: Bundle, receipt: Receipt, *, changed: bool) -> str:
    """Tells what stands at one destination after a release, and how to try it."""
    build = bundle.manifest.build
    lines = [f"{build.channel} {build.version} is in {receipt.place}"]
    if changed:
        lines += ["", *_rows(receipt.rows)]
    else:
        lines[0] += " already: nothing has changed"
    lines += ["", "Try it:", *(f"  {command}" for command in receipt.commands), ""]
    return "\n".join(lines)


def cost_text(costs: Sequence[Cost]) -> str:
    """Tells what went over the wire to each destination."""
    head = ("", "sent", "there already", "requests", "that change", "seconds")
    rows = [
        (
            cost.destination,
            size_text(cost.traffic.sent),
            size_text(max(0, cost.content - cost.traffic.sent)),
            str(cost.traffic.requests),
            str(cost.traffic.writes),
            f"{cost.seconds:.1f}",
        )
        for cost in costs
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        f"  {row[0]:<{widths[0]}}"
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in (head, *rows)
    ]
    return "\n".join([*lines, ""])


def _rows(rows: tuple[Row, ...]) -> Iterator[str]:
    width = max(len(row.path) for row in rows)
    for row in rows:
        yield f"  {row.path:<{width}} {size_text(row.size):>10}  {row.digest or ''}".rstrip()
    total = size_text(sum(row.size for row in rows))
    yield f"  {f'{len(rows)} in all':<{width}} {total:>10}"
