# SPDX-License-Identifier: Apache-2.0
"""One training in several processes, as torchrun starts them: gradients and batch statistics are averaged over all.

Every process holds the whole network and learns from its share of each batch. The gradients travel in one piece after
the backward pass, so that the loop reads the same for one process and for many. torch's SyncBatchNorm refuses CPU
tensors; `SharedBatchNorm2d` sums the statistics by an all_reduce of its own, which runs everywhere.
"""

from __future__ import annotations

import importlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.distributed_c10d import PrefixStore, Store
from torch.distributed.rendezvous import rendezvous

from bwcolor.errors import BwcolorError, ExitCode

MEETING_SECONDS = 300.0  # after which a process that has not come is given up
ASKING_SECONDS = 0.05  # between two looks at who has come
LONGEST_WAIT = timedelta(hours=1)  # for a process that lives: it may be decoding photographs; a dead one shows at once
GO_ON = "Go on from the last checkpoint: torchrun ... -m bwcolor train --resume RUN."


class LostRankError(BwcolorError):
    """Another process of this training has died or cannot be reached."""

    exit_code = ExitCode.TERMINATED


@dataclass(frozen=True)
class Ranks:
    """This process among the others.

    Attributes:
        rank: Its number; 0 writes.
        size: How many there are.
        local: Its number on this machine.
    """

    rank: int = 0
    size: int = 1
    local: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def mean_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Replace every gradient by its mean over the processes."""
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        with _reaching_the_others():
            flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
            dist.all_reduce(flat)
        flat /= self.size
        begin = 0
        for gradient in gradients:
            gradient.copy_(flat[begin : begin + gradient.numel()].view_as(gradient))
            begin += gradient.numel()

    def mean(self, told: Mapping[str, Tensor]) -> dict[str, float]:
        """Return the mean of every value over the processes."""
        values = torch.stack([value.detach().float() for value in told.values()])
        if self.size > 1:
            with _reaching_the_others():
                dist.all_reduce(values)
            values /= self.size
        return dict(zip(told, values.tolist(), strict=True))

    def highest(self, *numbers: int) -> list[int]:
        """Return the highest of each number over the processes: what one wants, all do."""
        if self.size == 1:
            return list(numbers)
        device = f"cuda:{self.local}" if dist.get_backend() == "nccl" else "cpu"
        values = torch.tensor(numbers, device=device)
        with _reaching_the_others():
            dist.all_reduce(values, op=dist.ReduceOp.MAX)
        return [int(value) for value in values]

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, by their rank."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with _reaching_the_others():
            dist.all_gather_object(values, value)
        return values

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Let the first process of each machine go ahead, and the others follow."""
        if self.local:
            self.highest(0)
        yield
        if not self.local:
            self.highest(0)


@contextmanager
def _reaching_the_others() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        why = str(error).partition("\n")[0]
        raise LostRankError(
            f"Another process of this training is gone: {why}",
            GO_ON,
        ) from error


def number() -> int:
    """Return the number of this process among those that torchrun has started; 0 for one by itself."""
    return int(os.environ["RANK"]) if started_by_torchrun() else 0


def started_by_torchrun() -> bool:
    """Return whether torchrun has started this process beside others, or may have to restart it."""
    return "TORCHELASTIC_RUN_ID" in os.environ and "RANK" in os.environ


def restarted() -> bool:
    """Return whether torchrun has started this process again after one of them died."""
    return started_by_torchrun() and os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def join(cuda: bool) -> Ranks:
    """Meet the other processes that torchrun has started; a process by itself is rank 0 of 1.

    Args:
        cuda: Whether they talk over NCCL, between GPUs, or over gloo.
    """
    if not started_by_torchrun() or os.environ.get("WORLD_SIZE", "1") == "1":
        return Ranks()
    ranks = Ranks(*(int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")))
    if not dist.is_initialized():
        # An optimizer's first step loads it. Its functions take the group that there is then as their default and would
        # keep it, and its threads, beyond `leave` until the interpreter's end, where those abort the process.
        importlib.import_module("torch.distributed.nn.functional")
        with _reaching_the_others():
            store, *_ = next(rendezvous("env://", timeout=timedelta(seconds=MEETING_SECONDS)))
            store = meet(store, ranks, MEETING_SECONDS)
            backend = "nccl" if cuda else "gloo"
            dist.init_process_group(backend, store=store, rank=ranks.rank, world_size=ranks.size, timeout=LONGEST_WAIT)
    return ranks


def meet(store: Store, ranks: Ranks, seconds: float) -> Store:
    """Return a store that holds nothing of processes that are gone.

    After a restart torchrun hands out the same store again, with the addresses of the dead still in it: whoever reads
    one before it is overwritten calls a process that no longer answers, and another one waits for a call that never
    comes. So the first process makes up a name for this meeting. Each other one asks for it under a name that it makes
    up itself, which no answer to the dead can have, and confirms.

    Args:
        store: That all of them reach.
        ranks: This process.
        seconds: How long to wait for the others.

    Raises:
        LostRankError: Not all have come.
    """
    name = uuid.uuid4().hex
    if not ranks.first:
        store.set(f"asks/{ranks.rank}", name)
        _wait_for(lambda: [] if store.check([f"answer/{name}"]) else [0], seconds)
        name = store.get(f"answer/{name}").decode()
        store.set(f"{name}/{ranks.rank}", "here")
        return PrefixStore(name, store)

    def absent() -> list[int]:
        missing = [rank for rank in range(1, ranks.size) if not store.check([f"{name}/{rank}"])]
        for rank in missing:
            if store.check([f"asks/{rank}"]):  # perhaps one of the dead; then the living one will overwrite it
                store.set(f"answer/{store.get(f'asks/{rank}').decode()}", name)
        return missing

    _wait_for(absent, seconds)
    return PrefixStore(name, store)


def _wait_for(absent: Callable[[], list[int]], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while missing := absent():
        if time.monotonic() > deadline:
            names = ", ".join(map(str, missing))
            raise LostRankError(f"Of this training's processes, {names} did not come within {seconds:g} s.", GO_ON)
        time.sleep(ASKING_SECONDS)


def leave() -> None:
    """Part from the other processes."""
    if dist.is_initialized():
        dist.destroy_process_group()


class _Sum(torch.autograd.Function):
    """The sum of a tensor over the processes; every process's loss depends on it, so its gradients are summed too."""

    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        total = own.clone()
        with _reaching_the_others():
            dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous()
        with _reaching_the_others():
            dist.all_reduce(total)
        return total


class SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm whose statistics are those of the batches of all processes together."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalize ``(N, C, h, w)``; like `torch.nn.BatchNorm2d` in evaluation."""
        if not self.training:
            return super().forward(input)
        x = input.float()
        own = torch.stack([x.sum(dim=(0, 2, 3)), x.square().sum(dim=(0, 2, 3))])  # (2, C)
        sums: Tensor = _Sum.apply(own)  # type: ignore[no-untyped-call]
        count = x.numel() // x.shape[1] * dist.get_world_size()
        mean = sums[0] / count
        variance = (sums[1] / count - mean.square()).clamp_min(0.0)
        with torch.no_grad():
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
            share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum  # type: ignore[arg-type]
            self.running_mean.lerp_(mean, share)  # type: ignore[union-attr]
            self.running_var.lerp_(variance * (count / max(count - 1, 1)), share)  # type: ignore[union-attr]
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shape = (1, -1, 1, 1)
        y = (x - mean.view(shape)) * scale.view(shape) + self.bias.view(shape)
        normed: Tensor = y.to(input.dtype)
        return normed


def share_batch_norms(network: nn.Module) -> None:
    """Make every batch norm of a network a shared one, with the same weights under the same names."""
    for module in list(network.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                shared = SharedBatchNorm2d(child.num_features, child.eps, child.momentum)
                shared.weight, shared.bias = child.weight, child.bias
                shared.running_mean, shared.running_var = child.running_mean, child.running_var
                shared.num_batches_tracked = child.num_batches_tracked
                shared.train(child.training)
                setattr(module, name, shared)
