# SPDX-License-Identifier: Apache-2.0
"""What ``bwcolor colorize`` tells: what a run would do, and what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from bwcolor.archive.estimate import Estimate
    from bwcolor.archive.job import Job
    from bwcolor.archive.plan import Plan
    from bwcolor.archive.settle import Settled
    from bwcolor.archive.summary import Summary

FAILURES_SHOWN = 20
MEANINGS = {
    "failed": "before",
    "changed": "the scan or its hints, since",
    "rejected": "another coloring is wanted; see --decisions",
    "accepted": "as they are; see --decisions",
    "missing": "the color copy",
    "outdated": "other options, weights or version; see --overwrite",
    "altered": "the color copy is not what bwcolor wrote; see --overwrite",
    "foreign": "a file of others is in the place; see --overwrite",
    "deadly": "bwcolor died of them; see --overwrite",
}


def run_and_tell(job: Job, as_json: bool, *, quiet: bool, verbose: int, log: Path | None) -> None:
    """Do a job and tell how it went."""
    from bwcolor.archive.run import colorize as color_all
    from bwcolor.cli.progress import Progress

    progress = Progress(quiet=quiet, verbose=verbose, log=log)
    try:
        summary = color_all(job, progress)
    finally:
        progress.close()
    if as_json:
        from bwcolor.cli.terminal import print_json

        print_json(summary.plain())
    else:
        print_summary(summary, progress.on_screen)
    if summary.trouble is not None:
        raise summary.trouble
    raise typer.Exit(int(summary.exit_code))


def print_summary(summary: Summary, on_screen: frozenset[str]) -> None:
    """Print how a run went, without the failures that stand on the screen already."""
    from bwcolor.archive.settle import State
    from bwcolor.cli.terminal import console, duration, print_table

    plan, settled = summary.plan, summary.settled
    speed = f" in {duration(summary.seconds)}, {summary.pixels / 1e6 / max(summary.seconds, 1e-3):.1f} MP/s"
    rows = [
        ("colored", summary.done, speed.removeprefix(" ") if summary.done else ""),
        ("done before", settled.count(State.DONE, State.SKIPPED), ""),
        ("accepted", settled.count(State.ACCEPTED), "as they are; see --decisions"),
        ("skipped", summary.skipped, "in color already; see --if-color"),
        ("failed", len(summary.failures), ""),
        (
            "left as they were",
            settled.count(State.OUTDATED, State.ALTERED),
            "other options or changed; see --overwrite",
        ),
        ("not begun", summary.left, summary.stopped),
        ("no photos, left alone", sum(plan.left_alone.values()), _kinds(plan)),
    ]
    print_table("", ("photos", "#", ""), [row for row in rows if row[1] or row[0] == "colored"])
    told = console()
    untold = [failure for failure in summary.failures if failure.name not in on_screen]
    for failure in untold[:FAILURES_SHOWN]:
        told.print(f"failed: {_safe(failure.name)}: {_safe(failure.reason)}")
    if len(untold) > FAILURES_SHOWN:
        told.print(f"... and {len(untold) - FAILURES_SHOWN} more; the ledger names them all.")
    for out in plan.outs:
        told.print(f"Color copies: {_safe(str(out))}")


def tell_plan(job: Job, as_json: bool) -> None:
    """Tell what a job would do."""
    from bwcolor.archive.estimate import estimate
    from bwcolor.archive.run import look_ahead
    from bwcolor.cli.terminal import print_json

    plan, settled = look_ahead(job)
    wanted = estimate(settled.tasks(), job)
    if as_json:
        print_json(_plain_plan(plan, settled) | {"estimate": wanted.plain()})
    else:
        _print_plan(plan, settled, wanted)


def _print_plan(plan: Plan, settled: Settled, wanted: Estimate) -> None:
    from bwcolor.cli.terminal import amount, console, duration, print_table

    rows: list[tuple[object, ...]] = [("to color", wanted.photos, f"{wanted.megapixels:,.0f} megapixels")]
    rows += [(f"  {state.value}", count, MEANINGS.get(state.value, "")) for state, count in settled.states.items()]
    rows += [("excluded", plan.excluded, ""), ("not drawn", plan.not_drawn, "by --limit or --sample")]
    rows.append(("no photos, left alone", sum(plan.left_alone.values()), _kinds(plan)))
    print_table("", ("photos", "#", ""), [row for row in rows if row[1] or row[0] == "to color"])
    told = console()
    if wanted.photos:
        told.print(f"About {duration(wanted.seconds)}, {amount(wanted.bytes)} of {amount(wanted.free)} free.")
    if not wanted.fits:
        told.print("There is not enough room: the run would stop when the disk is full.")
    for why, name in wanted.converted:
        told.print(f"Written as TIFF: {_safe(name)} and the like ({why}).")
    if wanted.unreadable:
        told.print(f"Damaged: {wanted.unreadable} of the {wanted.probed} photos looked at.")
    for path, reason in plan.unreadable:
        told.print(f"Not readable: {_safe(str(path))} ({reason}).")
    for folder in plan.outputs:
        told.print(f"Left out, an earlier output: {_safe(str(folder))}")
    for out in plan.outs:
        told.print(f"Color copies: {_safe(str(out))}")


def _plain_plan(plan: Plan, settled: Settled) -> dict[str, object]:
    return {
        "to_color": settled.left,
        "states": {state.value: count for state, count in settled.states.items()},
        "left_alone": dict(plan.left_alone),
        "excluded": plan.excluded,
        "outputs": [str(out) for out in plan.outs],
        "left_out": [str(out) for out in plan.outputs],
        "unreadable": [[str(path), reason] for path, reason in plan.unreadable],
        "photos": ({"source": str(task.source), "target": str(task.target)} for task in settled.tasks()),
    }


def _kinds(plan: Plan) -> str:
    return ", ".join(f"{count} {suffix}" for suffix, count in list(plan.left_alone.items())[:6])


def _safe(text: str) -> str:
    from bwcolor.cli.terminal import shown

    return shown(text)
