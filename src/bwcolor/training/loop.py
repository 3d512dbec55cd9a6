# SPDX-License-Identifier: Apache-2.0
"""The training loop: one visible order of steps, resumable at any of them."""

from __future__ import annotations

import hashlib
import json
import logging
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bwcolor import __version__
from bwcolor.color import bins
from bwcolor.errors import BwcolorError, ExitCode, UsageError
from bwcolor.models import weights as weight_files
from bwcolor.models.devices import resolve_device, resolve_precision
from bwcolor.models.patchgan import PatchGan
from bwcolor.models.trunk import AB_STRIDE, Gan
from bwcolor.training import checkpoint
from bwcolor.training.batches import Batch, batches, make_batch
from bwcolor.training.data import open_photos
from bwcolor.training.journal import Journal
from bwcolor.training.losses import discriminator_loss, generator_loss, huber, rebalanced_cross_entropy
from bwcolor.training.preparation import (
    freeze,
    fresh_network,
    measure_prior,
    parameter_groups,
    set_training,
    untrained_network,
)
from bwcolor.training.recipes import TrainOptions, options_from_json, options_to_json
from bwcolor.training.validation import evaluate

log = logging.getLogger("bwcolor.training")

SETTLING_BATCHES = 20  # over which the averaged weights' batch norms are measured anew
LOG_SECONDS = 30.0
DISCRIMINATOR_BETAS = (0.5, 0.999)


class Stopped(BwcolorError):
    """A signal asked for the end; everything is saved.

    Attributes:
        exit_code: 130 after Ctrl-C, 143 after SIGTERM.
    """

    def __init__(self, number: int, run: Path) -> None:
        super().__init__("Stopped and saved.", f"Go on with: bwcolor train --resume {run}")
        self.exit_code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect the first SIGINT or SIGTERM instead of dying of it."""
    caught: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        caught.append(number)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Trainer:
    """A run in progress: network, averaged weights, optimizers, and how far it is.

    Args:
        options: What to do.
        run: The run's folder.
        state: A checkpoint to go on from; None for a fresh start.
    """

    def __init__(self, options: TrainOptions, run: Path, state: dict[str, Any] | None = None) -> None:
        self.options, self.run = options, run
        self.device = resolve_device(options.device)
        self.precision = resolve_precision(options.precision, self.device)
        photos = open_photos(options.data)
        for name in photos.unreadable:
            log.warning("left out, cannot be read: %s", name)
        held_out = min(options.held_out, len(photos) // 5)
        self.photos, self.held_out = photos.split(held_out)
        log.info("%d photographs to train on, %d held out", len(self.photos), len(self.held_out))
        self.pretrained = options.encoder != "scratch"
        if state is None:
            network = fresh_network(options)
            prior = measure_prior(self.photos, network.centers, options.seed)
        else:
            network = untrained_network(options)
            prior = state["prior"].numpy()
        self.prior = torch.from_numpy(prior)
        weights = bins.rebalancing_weights(prior, options.rebalancing_mix, options.rebalancing_power)
        self.weights = torch.from_numpy(weights).float().to(self.device)
        self.network = network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = untrained_network(options).to(self.device).requires_grad_(False).eval()
        self.average.load_state_dict(network.state_dict())
        if self.pretrained:
            freeze(self.network)
        self.optimizer = torch.optim.AdamW(parameter_groups(self.network, options, self.pretrained), lr=0.0)
        self.adversarial = isinstance(network, Gan) and options.adversarial_weight > 0
        torch.manual_seed(options.seed + 1)
        self.judge = PatchGan().to(self.device)
        self.judge_optimizer = torch.optim.Adam(
            self.judge.parameters(), lr=options.discriminator_rate, betas=DISCRIMINATOR_BETAS
        )
        self.step, self.seen = 0, 0
        if state is not None:
            self._restore(state)

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.judge.load_state_dict(state["judge"])
        self.judge_optimizer.load_state_dict(state["judge_optimizer"])
        self.step, self.seen = state["step"], state["seen"]

    def save(self) -> None:
        """Write a checkpoint with everything needed to go on."""
        state = {
            "version": __version__,
            "options": options_to_json(self.options),
            "step": self.step,
            "seen": self.seen,
            "prior": self.prior,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "judge": self.judge.state_dict(),
            "judge_optimizer": self.judge_optimizer.state_dict(),
        }
        path = checkpoint.save(self.run, self.step, state)
        log.info("saved %s", path.name)

    def learn(self, batch: Batch) -> dict[str, float]:
        """Do one optimizer step and return its losses."""
        options = self.options
        lightness = batch.lightness.to(self.device, memory_format=torch.channels_last)
        hints = None if batch.hints is None else batch.hints.to(self.device)
        ab = F.avg_pool2d(batch.ab.to(self.device), AB_STRIDE)  # (N, 2, c/4, c/4)
        index, share = bins.soft_encode(ab.movedim(1, -1), self.network.centers, options.neighbours)
        rate = options.rate_at(self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * rate
        network = self.network
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            features = network.decode(lightness, hints)
            logits = network.bins_head(features)
        loss, entropy = rebalanced_cross_entropy(logits, index, share, self.weights)
        losses = {"cross_entropy": float(entropy)}
        if isinstance(self.network, Gan) and self.step >= options.refine_from * options.steps:
            extra, told = self._refining_loss(features, logits, lightness, ab, index)
            loss, losses = loss + extra, losses | told
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for refines, name in ((False, "gradient"), (True, "gradient_refining")):
            members = [p for g in self.optimizer.param_groups if g["refines"] is refines for p in g["params"]]
            if any(p.grad is not None for p in members):
                losses[name] = float(nn.utils.clip_grad_norm_(members, options.clip))
        self.optimizer.step()
        self._average()
        return losses | {"rate": rate * options.rate}

    def _refining_loss(
        self, features: Tensor, logits: Tensor, lightness: Tensor, ab: Tensor, index: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of the ab head, and teach the discriminator one step."""
        options = self.options
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            fake = self.network.refine(features, logits.detach(), options.temperature)
        weight = self.weights[index[..., 0]][:, None]  # (N, 1, h, w)
        distance = huber(fake, ab, options.huber_delta, weight)
        loss = options.huber_weight * distance
        told = {"huber": float(distance.detach())}
        if self.adversarial:
            self.judge_optimizer.zero_grad(set_to_none=True)
            verdict = discriminator_loss(self.judge(lightness, ab), self.judge(lightness, fake.detach()))
            verdict.backward()  # type: ignore[no-untyped-call]
            self.judge_optimizer.step()
            self.judge.requires_grad_(False)
            fooling = generator_loss(self.judge(lightness, fake))
            self.judge.requires_grad_(True)
            loss = loss + options.adversarial_weight * fooling
            told |= {"discriminator": float(verdict.detach()), "generator": float(fooling.detach())}
        return loss, told

    @torch.no_grad()
    def _average(self) -> None:
        decay = min(self.options.ema, (1 + self.step) / (10 + self.step))
        for kept, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
            if new.requires_grad:
                kept.lerp_(new, 1 - decay)
        for held, now in zip(self.average.buffers(), self.network.buffers(), strict=True):
            held.copy_(now)

    @torch.no_grad()
    def settle(self) -> None:
        """Measure the batch norms of the averaged weights anew, over the same batches at every call.

        Running statistics lag behind weights that still move, and belong to the weights of the last steps, not to their
        average: with them, colors come out far too strong in the middle of a training.
        """
        set_training(self.average, self.pretrained)
        norms = [m for m in self.average.modules() if isinstance(m, nn.BatchNorm2d) and m.training]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain mean over all batches
        last = replace(self.options, hint_share=0.0)
        seen = 0
        for _ in range(SETTLING_BATCHES):
            batch = make_batch(self.photos, last, self.options.steps - 1, seen)
            seen += len(batch.lightness)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
                self.average(batch.lightness.to(self.device, memory_format=torch.channels_last))
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum
        self.average.eval()

    def evaluate(self, journal: Journal) -> None:
        """Measure the averaged weights on the held-out photographs and draw the sample sheet."""
        if len(self.held_out) == 0:
            return
        options = self.options
        self.settle()
        network = self.average.to("cpu")
        numbers, triples = evaluate(
            network,
            self.held_out,
            self.weights.cpu(),
            options.evaluation_photos,
            options.working_size,
            options.temperature,
        )
        self.average.to(self.device)
        journal.evaluation({"step": self.step, **numbers})
        journal.sheet(self.step, triples)

    def write_weights(self) -> Path:
        """Write the averaged weights for inference as ``<model>.safetensors`` in the run's folder."""
        self.settle()
        target = self.run / f"{self.options.model}.safetensors"
        about = {
            "model": self.options.model,
            "version": __version__,
            "training": {"steps": self.step, "crops": self.seen, **options_to_json(self.options, paths=False)},
        }
        weight_files.write_state(self.average.state_dict(), target, about)
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        log.info("wrote %s (sha256 %s)", target, digest)
        return target

    def train(self) -> Path:
        """Run to the last step; save every few minutes, at signals, and at the end.

        Returns:
            The inference weights.

        Raises:
            Stopped: A signal came; everything is saved.
        """
        journal = Journal(self.run, self.step)
        (self.run / "run.json").write_text(json.dumps(options_to_json(self.options), indent=2) + "\n", encoding="utf-8")
        set_training(self.network, self.pretrained)
        saved = told = begun = time.monotonic()
        first, first_seen = self.step, self.seen
        with _signals() as caught:
            for batch in batches(self.photos, self.options, self.step, self.seen):
                losses = self.learn(batch)
                self.step += 1
                self.seen += len(batch.lightness)
                now = time.monotonic()
                journal.step({"step": self.step, "seen": self.seen, "seconds": round(now - begun, 2), **losses})
                if now - told > LOG_SECONDS or self.step - first in (1, 5):
                    told = now
                    speed = (self.seen - first_seen) / (now - begun)
                    left = (self.options.steps - self.step) * (now - begun) / (self.step - first) / 60
                    words = "  ".join(f"{k} {v:.4g}" for k, v in losses.items())
                    log.info(
                        "step %d/%d  %s  %.1f crops/s  %.0f min left", self.step, self.options.steps, words, speed, left
                    )
                if caught:
                    self.save()
                    raise Stopped(caught[0], self.run)
                if self.step % self.options.evaluate_every == 0 or self.step == self.options.steps:
                    self.evaluate(journal)
                    set_training(self.network, self.pretrained)
                if now - saved > self.options.checkpoint_minutes * 60:
                    self.save()
                    saved = time.monotonic()
        self.save()
        return self.write_weights()


def start(options: TrainOptions, run: Path) -> Path:
    """Train from the start.

    Args:
        options: What to do.
        run: A folder that holds no run yet.

    Returns:
        The inference weights.

    Raises:
        UsageError: The folder holds a run already.
    """
    if (run / checkpoint.FOLDER).exists():
        raise UsageError(
            f"{run} holds a run already.", f"Go on with: bwcolor train --resume {run}, or take another --out."
        )
    return Trainer(options, run).train()


def resume(run: Path) -> Path:
    """Go on with a run from its newest checkpoint, with the options it was started with."""
    state = checkpoint.load_newest(run)
    return Trainer(options_from_json(state["options"]), run, state).train()
