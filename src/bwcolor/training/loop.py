# SPDX-License-Identifier: Apache-2.0
"""The training loop: one visible order of steps, resumable at any of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bwcolor.errors import BwcolorError, OutputError, UsageError
from bwcolor.interrupts import exit_code_of, on_interrupt
from bwcolor.models.devices import resolve_device
from bwcolor.training import checkpoint, ranks
from bwcolor.training.configuration import as_toml, from_plain, resumed
from bwcolor.training.journal import Journal
from bwcolor.training.options import TrainOptions
from bwcolor.training.page import write_page
from bwcolor.training.trainer import Trainer

log = logging.getLogger("bwcolor.training")

LOG_SECONDS = 30.0
PAGE_SECONDS = 30.0
EARLY_STEPS = (1, 5)  # that are told at once


class Stopped(BwcolorError):
    """A signal asked for the end; everything is saved.

    Attributes:
        exit_code: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, number: int, run: Path) -> None:
        super().__init__("Stopped and saved.", f"Go on with: bwcolor train --resume {run}")
        self.exit_code = exit_code_of(number)


def train(trainer: Trainer) -> Path:
    """Run to the last step; save every few minutes, at signals, and at the end.

    Args:
        trainer: Fresh, or restored from a checkpoint.

    Returns:
        The inference weights.

    Raises:
        Stopped: A signal came; everything is saved.
        DivergedError: The gradients are no numbers any more.
        LostRankError: Another process of this training is gone.
    """
    options, run, team = trainer.options, trainer.run, trainer.ranks
    journal = Journal(run, trainer.step, trainer.columns, options.tensorboard, writes=team.first)
    clock = _Clock(trainer)
    trainer.set_training()
    if team.first:
        _write(run / "recipe.toml", as_toml(options))
    caught: list[int] = []
    with on_interrupt(caught.append), closing(trainer.batches()) as batches:
        for batch in batches:
            losses = trainer.learn(batch)
            journal.step({"step": trainer.step, "seen": trainer.seen, "seconds": clock.seconds(), **losses})
            clock.tell(losses)
            last = trainer.step == options.steps
            if last or trainer.step % options.evaluate_every == 0:
                trainer.evaluate(journal)
                trainer.set_training()
            # what one process wants, all do: to stop, to end before the last step, to save
            stop, over, due = team.highest(caught[0] if caught else 0, clock.over(), clock.save_due())
            if stop or over or due:
                trainer.save()
            if team.first and (clock.page_due() or stop):
                write_page(run, options, running=not stop)
            if stop:
                raise Stopped(stop, run)
            if over:
                break
    if trainer.step % options.evaluate_every and trainer.step != options.steps:
        trainer.evaluate(journal)
    trainer.save()
    journal.close()
    if team.first:
        write_page(run, options, running=False)
        trainer.write_weights()
    team.highest(0)  # nobody leaves before the weights are written
    return trainer.weights


class _Clock:
    """When to tell, to save and to end; only this depends on real time."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.first, self.first_seen, self.minutes = trainer.step, trainer.seen, trainer.minutes
        self.begun = self.told = self.saved = self.drawn = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds of this stretch, and note them as minutes of the run."""
        seconds = time.monotonic() - self.begun
        self.trainer.minutes = self.minutes + seconds / 60
        return round(seconds, 2)

    def tell(self, losses: Mapping[str, float]) -> None:
        """Log a line now and then."""
        trainer, now = self.trainer, time.monotonic()
        done = trainer.step - self.first
        if now - self.told < LOG_SECONDS and done not in EARLY_STEPS:
            return
        self.told = now
        speed = (trainer.seen - self.first_seen) / (now - self.begun)
        left = (trainer.options.steps - trainer.step) * (now - self.begun) / done / 60
        words = "  ".join(f"{name} {value:.4g}" for name, value in losses.items())
        log.info("step %d/%d  %s  %.1f crops/s  %.0f min left", trainer.step, trainer.options.steps, words, speed, left)

    def over(self) -> bool:
        """Return whether the run ends here: its minutes are spent, or its patience."""
        options = self.trainer.options
        late = 0 < options.max_minutes <= self.trainer.minutes
        return late or 0 < options.patience <= self.trainer.waited

    def save_due(self) -> bool:
        """Return whether a checkpoint is due; the next one counts from now."""
        due = time.monotonic() - self.saved >= self.trainer.options.checkpoint_minutes * 60
        self.saved = time.monotonic() if due else self.saved
        return due

    def page_due(self) -> bool:
        """Return whether the page is to be written: after the first step, and every half minute."""
        due = time.monotonic() - self.drawn >= PAGE_SECONDS or self.trainer.step == self.first + 1
        self.drawn = time.monotonic() if due else self.drawn
        return due


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error}.") from error


def start(options: TrainOptions, run: Path) -> Path:
    """Train from the start; restarted by torchrun, go on from the last checkpoint.

    Args:
        options: What to do.
        run: A folder that holds no run yet.

    Returns:
        The inference weights.

    Raises:
        UsageError: The folder holds a run already.
    """
    if checkpoint.has_any(run):
        if ranks.restarted():
            return resume(run, {})
        raise UsageError(
            f"{run} holds a run already.", f"Go on with: bwcolor train --resume {run}, or take another --out."
        )
    return _run(options, run, None)


def resume(run: Path, changes: Mapping[str, Any] | None = None) -> Path:
    """Go on with a run from its newest checkpoint, with the options it was started with.

    Args:
        run: Its folder.
        changes: What may be another machine's: see `configuration.resumed`.
    """
    state = checkpoint.load_newest(run)
    return _run(resumed(from_plain(state["options"]), changes or {}), run, state)


def _run(options: TrainOptions, run: Path, state: dict[str, Any] | None) -> Path:
    team = ranks.join(resolve_device(options.device).type == "cuda")
    try:
        return train(Trainer(options, run, state, team))
    finally:
        ranks.leave()
