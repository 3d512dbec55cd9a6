# SPDX-License-Identifier: Apache-2.0
"""Two processes train as one would with twice the batch; a dead one ends the run, and a restart goes on."""

import csv
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import distributed as dist
from torch import nn

from bwcolor.cli.wall import run as run_command
from bwcolor.models import weights
from bwcolor.training import checkpoint, ranks

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
# a network with batch norms that costs little
RECIPE = ["--model", "vgg-classification", "--backbone", "alexnet", "--encoder", "scratch", "--crop-sizes", "32"]
RECIPE += ["--precision", "fp32", "--threads", "1", "--device", "cpu", "--workers", "1", "--held-out", "0"]
RECIPE += ["--set", "warm_up=0", "--set", "optimizer=sgd", "--lr", "0.02"]
WEIGHTS = "vgg-classification.safetensors"


def typed(*words):
    return ["-m", "bwcolor", "train", *RECIPE, *map(str, words)]


def start(command):
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def losses_of(run):
    with (run / "steps.csv").open() as stream:
        return [float(row["cross_entropy"]) for row in csv.DictReader(stream)]


@pytest.fixture(scope="module")
def both_runs(photo_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ranks")
    words = ["--data", photo_folder, "--steps", 8]
    one = start([sys.executable, *typed(*words, "--batch-size", 8, "--out", folder / "one")])
    two = start([*TORCHRUN, *typed(*words, "--batch-size", 4, "--out", folder / "two")])
    for process in (one, two):
        told, _ = process.communicate(timeout=200)
        assert process.returncode == 0, told
    return folder


def test_two_processes_learn_as_one_with_twice_the_batch(both_runs):
    one, two = losses_of(both_runs / "one"), losses_of(both_runs / "two")
    assert len(one) == len(two) == 8
    # float32 sums in another order, fed back through eight steps
    assert two == pytest.approx(one, rel=1e-3)
    assert two[0] == pytest.approx(one[0], rel=1e-5)
    assert one[-1] < 0.99 * one[0]


def test_they_end_with_the_same_weights(both_runs):
    one, two = (weights.read_state(both_runs / name / WEIGHTS)[0] for name in ("one", "two"))
    near = [
        torch.nn.functional.cosine_similarity(one[n].flatten(), two[n].flatten(), dim=0) for n in one if one[n].ndim > 1
    ]
    assert min(near) > 0.999


def rank_of(pid):
    try:
        return dict(e.split("=", 1) for e in Path(f"/proc/{pid}/environ").read_text().split("\0") if "=" in e).get(
            "RANK"
        )
    except OSError:
        return None


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill_the_second(process, run):
    """Kill rank 1 as soon as there is a checkpoint; returns the step of that checkpoint."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list((run / checkpoint.FOLDER).glob("step-*.pt")):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    (victim,) = [pid for pid in children(process.pid) if rank_of(pid) == "1"]
    os.kill(victim, signal.SIGKILL)
    return checkpoint.load_newest(run)["step"]


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds the processes by Linux's /proc")
@pytest.mark.slow  # it starts eight processes
@pytest.mark.parametrize("restarts", [0, 1])
def test_a_dead_process_ends_the_run_and_a_restart_goes_on(photo_folder, tmp_path, restarts):
    run = tmp_path / "run"
    words = ["--data", photo_folder, "--steps", 24, "--batch-size", 2, "--checkpoint-minutes", 0, "--out", run]
    process = start([*TORCHRUN, "--max-restarts", str(restarts), *typed(*words)])
    reached = kill_the_second(process, run)
    told, _ = process.communicate(timeout=200)
    assert 0 < reached < 24
    if restarts:
        assert process.returncode == 0, told
        assert [int(r["step"]) for r in csv.DictReader((run / "steps.csv").open())] == list(range(1, 25))
    else:
        assert process.returncode != 0
        assert "Another process of this training is gone" in told or "Stopped and saved" in told
        assert not (run / WEIGHTS).exists()


def meet_all(store, size, seconds=20):
    """Let processes meet in threads, the first one last; returns their stores by rank."""
    with ThreadPoolExecutor(size) as pool:
        coming = {}
        for rank in reversed(range(size)):
            coming[rank] = pool.submit(ranks.meet, store, ranks.Ranks(rank, size, rank), seconds)
            time.sleep(0.1)
        return [coming[rank].result() for rank in range(size)]


def test_who_meets_again_in_the_same_store_finds_nothing_of_the_dead():
    store = dist.HashStore()
    for rank, found in enumerate(meet_all(store, 3)):
        found.set(f"address/{rank}", "of the first meeting")
    store.set("asks/2", "somebody who died before an answer came")
    again = meet_all(store, 3)
    assert not any(found.check([f"address/{rank}"]) for found in again for rank in range(3))
    again[0].set("address/0", "new")
    assert [found.get("address/0") for found in again] == [b"new"] * 3


@pytest.mark.parametrize(("rank", "missing"), [(0, "1, 2"), (1, "0")])
def test_who_does_not_come_is_named(rank, missing):
    with pytest.raises(ranks.LostRankError, match=rf"{missing} did not come within 0\.2 s.*--resume"):
        ranks.meet(dist.HashStore(), ranks.Ranks(rank, 3, rank), 0.2)


LEAVES = """
import glob
import torch
from bwcolor.training import ranks
weight = torch.nn.Parameter(torch.ones(3))
team = ranks.join(cuda=False)
weight.grad = torch.ones(3)
team.mean_gradients([weight])
torch.optim.SGD([weight], lr=0.1).step()
threads = lambda: [open(name).read().strip() for name in glob.glob("/proc/self/task/*/comm")]
assert "pt_gloo_runloop" in threads()
ranks.leave()
assert "pt_gloo_runloop" not in threads(), "aborted at the interpreter's end, now and then"
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="names threads by Linux's /proc")
def test_no_thread_of_the_group_is_left_for_the_end_of_the_interpreter():
    process = start([*TORCHRUN, "--no-python", sys.executable, "-c", LEAVES])
    told, _ = process.communicate(timeout=200)
    assert process.returncode == 0, told


def test_torchrun_needs_a_named_folder(photo_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    monkeypatch.setenv("RANK", "0")
    assert run_command(["train", "--data", str(photo_folder), "--steps", "1"]) == 2
    assert "must be named" in capsys.readouterr().err


def test_a_shared_batch_norm_has_the_names_and_weights_of_the_plain_one():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.BatchNorm2d(4, momentum=0.01)))
    before = network.state_dict()
    ranks.share_batch_norms(network)
    assert isinstance(network[1], ranks.SharedBatchNorm2d)
    assert network[2][0].momentum == 0.01
    assert all(
        network.state_dict()[name] is not None and torch.equal(network.state_dict()[name], before[name])
        for name in before
    )
    assert [p.data_ptr() for p in network.parameters()] == [before[n].data_ptr() for n, _ in network.named_parameters()]


@pytest.mark.parametrize("momentum", [0.1, None])
def test_a_shared_batch_norm_alone_is_torchs_own(momentum, tmp_path):
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'meet'}", rank=0, world_size=1)
    try:
        own = nn.Sequential(nn.BatchNorm2d(5, momentum=momentum))
        shared = nn.Sequential(nn.BatchNorm2d(5, momentum=momentum))
        ranks.share_batch_norms(shared)
        for _ in range(3):
            x = torch.randn(4, 5, 6, 7) * 3 + 1
            mine, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
            a, b = shared(mine), own(theirs)
            torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
            a.square().sum().backward()
            b.square().sum().backward()
            torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-3, rtol=1e-3)
        for name, value in own.state_dict().items():
            torch.testing.assert_close(shared.state_dict()[name], value, atol=1e-5, rtol=1e-4)
    finally:
        torch.distributed.destroy_process_group()
