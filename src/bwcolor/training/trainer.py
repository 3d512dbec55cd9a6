# SPDX-License-Identifier: Apache-2.0
"""A run in progress: network, averaged weights, optimizers, how far it is, and one step of it. `loop` runs it."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from bwcolor import __version__
from bwcolor.errors import UsageError
from bwcolor.models import weights as weight_files
from bwcolor.models.devices import PRECISIONS, is_out_of_memory, resolve_device, resolve_precision
from bwcolor.training import averaging, checkpoint, preparation
from bwcolor.training.batches import Batch, batches, make_batch
from bwcolor.training.configuration import as_plain
from bwcolor.training.data import find_photographs
from bwcolor.training.journal import Journal
from bwcolor.training.options import TrainOptions
from bwcolor.training.ranks import Ranks, share_batch_norms
from bwcolor.training.validation import evaluate

log = logging.getLogger("bwcolor.training")

SETTLING_BATCHES = 20  # over which the averaged weights' batch norms are measured anew
MOST_SKIPPED = 20  # steps in a row without a finite gradient; fp16's scale needs up to 16 to find itself


class DivergedError(UsageError):
    """The gradients stay infinite, or no numbers at all."""


class Trainer:
    """Network, averaged weights, optimizers, photographs.

    Args:
        options: What to do.
        run: The run's folder.
        state: A checkpoint to go on from; None for a fresh start.
        ranks: This process among the others.
    """

    def __init__(
        self, options: TrainOptions, run: Path, state: dict[str, Any] | None = None, ranks: Ranks | None = None
    ) -> None:
        self.run, self.ranks = run, ranks or Ranks()
        self.device = resolve_device(options.device)
        if self.device == torch.device("cuda"):
            self.device = torch.device("cuda", self.ranks.local)
        self.precision = resolve_precision(options.precision, self.device)
        options = options if state else preparation.with_form(options)
        with self.ranks.in_turn():
            self.photos, self.held_out = find_photographs(options)
        if state is None:
            options = replace(options, steps=options.steps_for(len(self.photos), self.ranks.size))
        self.options = options
        network, prior = preparation.first_network(options, self.photos, state)
        self.network: Any = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.pretrained = preparation.is_pretrained(network, options)
        if self.pretrained:
            preparation.freeze(self.network, options)
        self.frozen = averaging.frozen_norms(self.network)
        self.average = preparation.untrained_network(options).to(self.device).requires_grad_(False).eval()
        self.average.load_state_dict(network.state_dict())
        autocast = partial(
            torch.autocast, self.device.type, PRECISIONS[self.precision], enabled=self.precision != "fp32"
        )
        self.lesson = preparation.make_lesson(options, self.network, prior, self.device, autocast)
        self.optimizers = preparation.make_optimizers(self.lesson, options, self.pretrained)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")
        self.step, self.seen, self.minutes = 0, 0, 0.0
        self.skipped, self.in_a_row = 0, 0
        self.best, self.waited = float("inf"), 0
        torch.manual_seed(options.seed + 2 + self.ranks.rank)
        if state is not None:
            self._restore(state)
        if self.ranks.size > 1:
            for module in (self.network, self.lesson.judge):
                if module is not None:
                    share_batch_norms(module)
        if options.compile:
            name = self.lesson.compiled
            setattr(self.network, name, torch.compile(getattr(self.network, name)))

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        if self.lesson.judge is not None:
            self.lesson.judge.load_state_dict(state["judge"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][name])
        self.scaler.load_state_dict(state["scaler"])
        self.step, self.seen, self.minutes = state["step"], state["seen"], state["minutes"]
        self.skipped, self.best, self.waited = state["skipped"], state["best"], state["waited"]
        if self.ranks.rank < len(state["random"]):
            random = state["random"][self.ranks.rank]
            torch.set_rng_state(random["cpu"])
            if "cuda" in random and self.device.type == "cuda":
                torch.cuda.set_rng_state(random["cuda"], self.device)

    def save(self, best: bool = False) -> None:
        """Write a checkpoint with everything needed to go on; all processes take part, but for the best one."""
        random = {"cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            random["cuda"] = torch.cuda.get_rng_state(self.device)
        everyones = [random] if best else self.ranks.gather(random)
        if not self.ranks.first:
            return
        state = {
            "version": __version__,
            "options": as_plain(self.options),
            "step": self.step,
            "seen": self.seen,
            "minutes": self.minutes,
            "skipped": self.skipped,
            "best": self.best,
            "waited": self.waited,
            "prior": self.lesson.prior,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "judge": None if self.lesson.judge is None else self.lesson.judge.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "scaler": self.scaler.state_dict(),
            "random": everyones,
        }
        path = checkpoint.save(self.run, self.step, state, best)
        log.info("saved %s", path.name)

    def batches(self) -> Generator[Batch]:
        """Yield the batches of this process from the next step on."""
        return batches(self.photos, self.options, self.step, self.seen, self.ranks.rank, self.ranks.size)

    def learn(self, batch: Batch) -> dict[str, float]:
        """Do one optimizer step and return its losses.

        Raises:
            DivergedError: Too many steps in a row had no finite gradient.
            UsageError: The batch does not fit the memory.
        """
        share = self.options.rate_at(self.step)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * (1.0 if group.get("steady") else share)
        held = [buffer.clone() for buffer in self._buffers()]
        while (terms := self._gradients(batch)) is None:
            self._put_back(held)
        told = self.ranks.mean(terms)
        self.ranks.mean_gradients(p for o in self.optimizers.values() for g in o.param_groups for p in g["params"])
        norms, finite = self._apply()
        if finite:
            averaging.follow(self.average, self.network, self.step, self.options.ema)
            self.in_a_row = 0
        else:
            self._put_back(held)
            self.skipped, self.in_a_row = self.skipped + 1, self.in_a_row + 1
            if self.in_a_row >= MOST_SKIPPED:
                raise DivergedError(
                    f"{self.in_a_row} steps in a row had no finite gradient; the last checkpoint is kept.",
                    "Start anew with a smaller --lr, or with --precision fp32.",
                )
        self.step += 1
        self.seen += len(batch) * self.ranks.size
        return {"rate": share * self.options.rate, **told, **norms, "skipped": self.skipped}

    def _gradients(self, batch: Batch) -> dict[str, Tensor] | None:
        """Add up the gradients of a batch and return its losses; None where it has to be done again in more parts."""
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        terms: dict[str, Tensor] = {}
        try:
            for part in batch.split(self.options.parts):
                share = len(part) / len(batch)
                losses = self.lesson.losses(part.to(self.device), self.step)
                self.scaler.scale(losses.total * share).backward()  # type: ignore[no-untyped-call]
                for name, value in losses.told.items():
                    terms[name] = terms.get(name, 0) + value * share
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            self._make_smaller_parts(len(batch), error)
            return None
        return terms

    def _make_smaller_parts(self, count: int, error: RuntimeError) -> None:
        parts = self.options.parts
        if not self.options.fit_memory or parts >= count or self.ranks.size > 1:
            raise UsageError(
                f"{count} crops in {parts} part{'s' * (parts > 1)} do not fit into memory.",
                f"Take --batch-size auto, --parts {parts * 2}, or a smaller --batch-size.",
            ) from error
        self.options = replace(self.options, parts=parts * 2)
        log.warning("out of memory: batches go through the network in %d parts from now on", parts * 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _apply(self) -> tuple[dict[str, float], bool]:
        """Clip the gradients and do the step, unless they are not finite; returns their norms, and whether they are."""
        learning = [
            optimizer
            for optimizer in self.optimizers.values()
            if any(p.grad is not None for group in optimizer.param_groups for p in group["params"])
        ]
        parts: dict[str, list[Tensor]] = {}
        for optimizer in learning:
            self.scaler.unscale_(optimizer)
            for group in optimizer.param_groups:
                moved = [p for p in group["params"] if p.grad is not None]
                parts.setdefault(group["part"], []).extend(moved)
        norms = {}
        for name, moved in parts.items():
            if moved:
                most = self.options.clip if self.options.clip and name != "gradient_judge" else float("inf")
                norms[name] = nn.utils.clip_grad_norm_(moved, most)
        numbers = torch.stack(list(norms.values())).tolist()
        finite = all(number - number == 0 for number in numbers)  # neither infinite nor NaN
        for optimizer in learning:
            if finite:
                self.scaler.step(optimizer)
        self.scaler.update()
        return dict(zip(norms, numbers, strict=True)), finite

    def _buffers(self) -> list[Tensor]:
        modules = [self.network] if self.lesson.judge is None else [self.network, self.lesson.judge]
        return [buffer for module in modules for buffer in module.buffers()]

    @torch.no_grad()
    def _put_back(self, held: list[Tensor]) -> None:
        """Give the batch statistics back what they were: a batch that is no good has touched them already."""
        for buffer, before in zip(self._buffers(), held, strict=True):
            buffer.copy_(before)

    def set_training(self) -> None:
        """Switch the network to training mode, its frozen batch norms excepted."""
        averaging.set_training(self.network, self.frozen)

    @property
    def columns(self) -> tuple[str, ...]:
        """What a step tells besides its number: the lesson's terms and the norms of the gradients."""
        groups = [group["part"] for optimizer in self.optimizers.values() for group in optimizer.param_groups]
        return (*self.lesson.terms, *dict.fromkeys(groups))

    @property
    def weights(self) -> Path:
        """Where the inference weights are written."""
        return self.run / f"{self.options.model}.safetensors"

    def settle(self) -> None:
        """Measure the batch norms of the averaged weights anew, over the same batches at every call."""
        last = replace(self.options, hint_share=0.0)

        def inputs() -> Iterator[Tensor]:
            seen = 0
            for _ in range(SETTLING_BATCHES):
                batch = make_batch(self.photos, last, last.steps - 1, seen)
                seen += len(batch)
                for part in batch.split(self.options.parts):
                    yield part.lightness.to(self.device, memory_format=torch.channels_last)

        averaging.settle(self.average, self.frozen, inputs(), self.lesson.look)

    def evaluate(self, journal: Journal) -> None:
        """Measure the averaged weights on the held-out photographs, draw the sample sheet, keep the best checkpoint."""
        if len(self.held_out) == 0 or not self.ranks.first:
            return
        self.settle()
        numbers, triples = evaluate(self.lesson, self.average, self.held_out, self.options.evaluation_photos)
        self.waited += 1
        if numbers["loss"] < self.best:
            self.best, self.waited = numbers["loss"], 0
            self.save(best=True)
        journal.evaluation({"step": self.step, **numbers})
        journal.sheet(self.step, triples)

    def write_weights(self) -> None:
        """Write the averaged weights for inference.

        They are those of the last step; of the best evaluation where the recipe has patience.
        """
        steps = self.step
        best = checkpoint.load_best(self.run) if self.options.patience else None
        if best is not None:
            self.average.load_state_dict(best["average"])
            steps = best["step"]
        self.settle()
        about = {
            "model": self.options.model,
            "options": self.options.network,
            "version": __version__,
            "training": {"steps_done": steps, "crops": self.seen, **as_plain(self.options, paths=False)},
        }
        weight_files.write_state(self.average.state_dict(), self.weights, about)
        log.info("wrote %s (sha256 %s)", self.weights, weight_files.file_sha256(self.weights))
