# SPDX-License-Identifier: Apache-2.0
"""The averaged weights, which are evaluated and shipped, and the settling of their batch norms."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, step: int, decay: float) -> None:
    """Move averaged weights towards those of a step; slower, up to ``decay``, the more steps there were.

    Args:
        average: Of the weights (exponential moving average); its buffers become the network's.
        network: That learns.
        step: Done before this one.
        decay: Share of the old average that stays; 0 copies.
    """
    share = min(decay, (1 + step) / (10 + step))
    pairs = [
        (kept, new) for kept, new in zip(average.parameters(), network.parameters(), strict=True) if new.requires_grad
    ]
    if pairs:
        kept, new = zip(*pairs, strict=True)
        torch._foreach_lerp_(list(kept), list(new), 1 - share)
    for held, now in zip(average.buffers(), network.buffers(), strict=True):
        held.copy_(now)


def frozen_norms(network: nn.Module) -> set[str]:
    """Return the names of the batch norms whose weights do not learn: their statistics stay as they are."""
    return {
        name
        for name, module in network.named_modules()
        if isinstance(module, nn.BatchNorm2d) and module.weight is not None and not module.weight.requires_grad
    }


def set_training(network: nn.Module, frozen: set[str]) -> None:
    """Switch to training mode but for the batch norms that are frozen (see `frozen_norms`)."""
    network.train()
    for name in frozen:
        network.get_submodule(name).eval()


@torch.no_grad()
def settle(
    average: nn.Module, frozen: set[str], inputs: Iterable[Tensor], run: Callable[[nn.Module, Tensor], object]
) -> None:
    """Measure the batch norms of averaged weights anew.

    Running statistics lag behind weights that still move, and belong to the weights of the last steps, not to their
    average: with them, colors come out far too strong in the middle of a training.

    Args:
        average: Left in evaluation mode.
        frozen: Names of the batch norms that keep their statistics.
        inputs: Batches to measure over; not touched where there is nothing to measure.
        run: Runs the network on one of them.
    """
    norms = [
        module for name, module in average.named_modules() if isinstance(module, nn.BatchNorm2d) and name not in frozen
    ]
    average.eval()
    if not norms:
        return
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.train()  # the norms only: dropout would disturb what they measure
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    for batch in inputs:
        run(average, batch)
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    average.eval()
