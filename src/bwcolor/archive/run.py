# SPDX-License-Identifier: Apache-2.0
"""A run: plan, lock, hold against the ledger, and work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bwcolor.archive import machine
from bwcolor.archive.album import ALONE, Album
from bwcolor.archive.desk import Desk, check_writable
from bwcolor.archive.job import Job
from bwcolor.archive.plan import Plan, Task, make_plan
from bwcolor.archive.rows import UNSAID, Entry
from bwcolor.archive.settle import Book, Expected, Settled, settle
from bwcolor.archive.shards import Ledgers
from bwcolor.archive.summary import Silence, Summary, Watch
from bwcolor.archive.walk import is_output
from bwcolor.archive.work import Work
from bwcolor.errors import UsageError
from bwcolor.models.row import ModelRow
from bwcolor.models.table import DEFAULT_MODEL, find_model
from bwcolor.models.weights import known_sha256

if TYPE_CHECKING:
    from bwcolor.archive.hands import Hands
    from bwcolor.archive.stages import Stages
    from bwcolor.models.inference import Small


def look_ahead(job: Job) -> tuple[Plan, Settled]:
    """Plan a run and hold the plan against the ledgers, without torch and without writing anything.

    Raises:
        BwcolorError: As `colorize` would.
    """
    row = find_model(job.color.model)
    job.check()
    plan = make_plan(job.request, job.suffixes())
    _check_samples(job, plan, row)
    weights = known_sha256(row) if job.color.weights is None else None
    with ExitStack() as opened:

        def book_of(out: Path) -> Ledgers | None:
            if not is_output(out):
                return None
            ledgers = Ledgers(out)
            opened.callback(ledgers.close)
            return ledgers

        album = _film(plan, book_of) if job.sequence else ALONE  # a folder's white is not known yet
        expected = Expected(job.color.known() | job.file_options(), weights, album)
        return plan, settle(plan.tasks, book_of, job, expected)


def colorize(job: Job, watch: Watch | None = None) -> Summary:
    """Color everything that a job asks for and that is not done yet.

    Each photo ends as a row of its output folder's ledger. A photo's failure is such a row, not an exception.

    Args:
        job: What is asked for.
        watch: Is told how it goes.

    Returns:
        How it went; `Summary.trouble` holds what ended it before its end.

    Raises:
        UsageError: Wrong options; nothing was begun.
        MissingExtraError: Copies are to be signed, and the package that signs is missing; nothing was begun.
        NothingToDoError: No input, no photos, no weights; nothing was begun.
        OutputError: The output cannot be written; nothing was begun.
    """
    job.check()
    plan = make_plan(job.request, job.suffixes())
    _check_samples(job, plan, find_model(job.color.model))
    for out in plan.outs:
        check_writable(out)
    with ExitStack() as opened:
        hands, expected, stages = opened.enter_context(_hands(job, plan))
        desks = {out: opened.enter_context(Desk.at(out, job.request.shard)) for out in plan.outs}
        if stages is not None:
            stages.album = _album(job, plan, stages, desks)
            expected = replace(expected, album=stages.album)
        settled = settle(plan.tasks, desks.__getitem__, job, expected)
        return Work(job, plan, settled, hands, desks, watch or Silence()).run()


@contextmanager
def _hands(job: Job, plan: Plan) -> Iterator[tuple[Hands, Expected, Stages | None]]:
    """Give who does the work, what their rows will say, and what this process itself does with a photo."""
    if job.engine == "ray":
        from bwcolor.archive.cluster import Cluster

        with Cluster(job, plan.targets) as cluster:
            yield cluster, Expected({**UNSAID, **cluster.options}, cluster.weights_sha256), None
        return
    from bwcolor.archive.hands import Local
    from bwcolor.archive.stages import Stages
    from bwcolor.colorizer import load

    colorizer = load(**job.color.arguments())
    if job.request.samples is not None:
        colorizer.check_samples()
    stages = Stages(job, colorizer, plan.targets)
    yield (
        Local(stages, job),
        Expected({**UNSAID, **stages.options}, colorizer.weights_sha256),
        stages,
    )


def _album(job: Job, plan: Plan, stages: Stages, desks: dict[Path, Desk]) -> Album:
    """Return what the photos of a folder share."""
    if job.consistent:
        from bwcolor.archive.consistent import OneWhite, find_whites

        machine.use_one_thread()
        return OneWhite(find_whites(plan.tasks, stages, job), stages.stride)
    if job.sequence:
        return _film(plan, desks.__getitem__, stages.prepared)
    return ALONE


def _film(plan: Plan, book_of: Callable[[Path], Book | None], prepared: Callable[[Task], Small] | None = None) -> Album:
    """Return the frames of a plan; without a way to prepare them they are only told apart."""
    from bwcolor.archive.sequence import Film

    books = {out: book_of(out) for out in plan.outs}

    def known(task: Task) -> Entry | None:
        book = books[task.out]
        return None if book is None else book.entries_of([task.name]).get(task.name)

    return Film(plan.tasks, known, prepared)


def _check_samples(job: Job, plan: Plan, row: ModelRow) -> None:
    """See that photos which were rejected without hints can be colored otherwise.

    Raises:
        UsageError: The network knows one coloring only.
    """
    if job.request.decisions is None:
        return
    rejected = [task.name for task in plan.tasks if task.wanted is not None and task.wanted.sample is not None]
    if rejected and row.temperature is None:
        raise UsageError(
            f"{row.name} knows one coloring of a photo only, and {rejected[0]} (of {len(rejected)} so) was rejected "
            "without new hints.",
            f"Place hints on it on the review page, or take --model {DEFAULT_MODEL}.",
        )
