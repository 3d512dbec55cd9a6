# SPDX-License-Identifier: Apache-2.0
"""A run that stops goes on to the very weights of a run that did not."""

import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from bwcolor.errors import NothingToDoError, UsageError, WeightsError
from bwcolor.models import weights
from bwcolor.training import checkpoint, loop, trainer
from bwcolor.training.configuration import recipe
from bwcolor.training.options import TrainOptions
from bwcolor.training.preparation import fresh_network

STEPS = 6


def small(model: str, folder: Path, **changes) -> TrainOptions:
    values = {
        "data": (folder,), "steps": STEPS, "batch": 2, "crops": ((0.0, 32), (0.5, 64)), "evaluate_every": 3,
        "evaluation_photos": 2, "working_size": 64, "precision": "fp32", "device": "cpu", "encoder": "imagenet",
        "hint_share": 0.5, "workers": 1,
    }  # fmt: skip
    if model == "gan":
        values["refine_from"] = 0.34
    return recipe(model, **(values | changes))


def same(first: Path, second: Path) -> bool:
    one, other = weights.read_state(first)[0], weights.read_state(second)[0]
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


class StopAt:
    """Send ourselves a signal after a step."""

    def __init__(self, monkeypatch, step: int, number: int) -> None:
        learn = trainer.Trainer.learn

        def learn_and_stop(self, batch):
            losses = learn(self, batch)
            if self.step == step:
                os.kill(os.getpid(), number)
            return losses

        monkeypatch.setattr(trainer.Trainer, "learn", learn_and_stop)


@pytest.fixture(scope="module")
def undisturbed(photo_folder, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "undisturbed"
    return loop.start(small("gan", photo_folder), run)


def test_the_run_tells_what_it_did(undisturbed):
    run = undisturbed.parent
    steps = list(csv.DictReader((run / "steps.csv").open()))
    assert [int(r["step"]) for r in steps] == list(range(1, STEPS + 1))
    assert all(float(r["cross_entropy"]) > 0 for r in steps)
    assert steps[0]["huber"] == ""
    assert float(steps[-1]["discriminator"]) > 0
    evaluations = list(csv.DictReader((run / "evaluations.csv").open()))
    assert [int(r["step"]) for r in evaluations] == [3, 6]
    assert (run / "samples" / "step-00000006.png").read_bytes().startswith(b"\x89PNG")
    assert weights.read_state(undisturbed)[1]["model"] == "gan"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_resume_gives_the_same_weights(
    undisturbed, photo_folder, tmp_path, monkeypatch, number, code
):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        StopAt(patch, 3, number)
        with pytest.raises(loop.Stopped, match="--resume") as stopped:
            loop.start(small("gan", photo_folder), run)
    assert stopped.value.exit_code == code
    assert same(loop.resume(run), undisturbed)


def test_a_killed_run_resumes_to_the_same_weights(undisturbed, photo_folder, tmp_path):
    run = tmp_path / "run"
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[3]); import torch; torch.set_num_threads(1)\n"
        "from pathlib import Path\n"
        "from test_loop import small; from bwcolor.training import loop, trainer\n"
        "learn = trainer.Trainer.learn\n"
        "trainer.Trainer.learn = lambda self, batch: (time.sleep(0.3), learn(self, batch))[1]\n"
        "loop.start(small('gan', Path(sys.argv[1]), checkpoint_minutes=0.0), Path(sys.argv[2]))\n"
    )
    arguments = [sys.executable, "-c", code, str(photo_folder), str(run), str(Path(__file__).parent)]
    process = subprocess.Popen(arguments, env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)})
    deadline = time.monotonic() + 120
    while len(list((run / checkpoint.FOLDER).glob("step-*.pt"))) < 2 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert checkpoint.load_newest(run)["step"] < STEPS
    assert same(loop.resume(run), undisturbed)
    assert [int(r["step"]) for r in csv.DictReader((run / "steps.csv").open())] == list(range(1, STEPS + 1))


def test_a_torn_checkpoint_is_passed_over(photo_folder, tmp_path):
    run = tmp_path / "run"
    loop.start(small("classify", photo_folder, steps=2, evaluate_every=9), run)
    (run / checkpoint.FOLDER / "step-00000009.pt").write_bytes(b"PK torn")
    assert checkpoint.load_newest(run)["step"] == 2


def test_a_run_that_was_killed_before_its_first_checkpoint_can_be_started_anew(photo_folder, tmp_path):
    run = tmp_path / "run"
    (run / checkpoint.FOLDER).mkdir(parents=True)
    (run / checkpoint.FOLDER / "step-00000001.part").write_bytes(b"PK torn")
    assert loop.start(small("classify", photo_folder, steps=1, evaluate_every=9), run).is_file()


def test_going_on_from_weights(undisturbed, photo_folder):
    network = fresh_network(small("classify", photo_folder, init_from=str(undisturbed)))
    state = weights.read_state(undisturbed)[0]
    assert torch.equal(network.state_dict()["bins_head.weight"], state["bins_head.weight"])
    assert recipe("gan", init_from=str(undisturbed)).refine_from == 0.0


def test_weights_of_another_network_are_refused(photo_folder, tmp_path):
    weights.write_state({"something": torch.zeros(2)}, tmp_path / "x.safetensors", {})
    with pytest.raises(WeightsError, match="does not fit"):
        fresh_network(small("gan", photo_folder, init_from=str(tmp_path / "x.safetensors")))


def test_learning_makes_the_loss_small(photo_folder, tmp_path):
    quick = {"steps": 20, "batch": 8, "crops": ((0.0, 64),), "warm_up": 3, "rate": 3e-3, "evaluate_every": 99}
    options = small("classify", photo_folder, hint_share=0.0, **quick)
    loop.start(options, tmp_path / "run")
    entropy = [float(r["cross_entropy"]) for r in csv.DictReader((tmp_path / "run" / "steps.csv").open())]
    assert sum(entropy[-5:]) < 0.9 * sum(entropy[:5])


def test_a_used_folder_and_an_empty_one(undisturbed, photo_folder, tmp_path):
    with pytest.raises(UsageError, match="--resume"):
        loop.start(small("gan", photo_folder), undisturbed.parent)
    with pytest.raises(NothingToDoError, match="no checkpoint"):
        loop.resume(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"crops": ((0.0, 50),)}, "multiples of 32"), ({"steps": 0}, "steps must be at least 1")],
)
def test_senseless_options_are_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        recipe("gan", **changes)


def test_an_unknown_recipe_is_answered_with_the_known():
    with pytest.raises(UsageError, match=r"classify.*gan"):
        recipe("null")


def test_the_rate_warms_up_and_falls():
    options = recipe("classify", steps=100, warm_up=10)
    rates = [options.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] == pytest.approx(options.final_rate, abs=0.01)


RUN_UNTIL_KILLED = """
import sys, time
sys.path.insert(0, sys.argv[4])
import torch
torch.set_num_threads(1)
from pathlib import Path
from test_loop import small
from bwcolor.training import loop
model, photos, run = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if (run / "checkpoints").exists():
    loop.resume(run)
else:
    loop.start(small(model, photos, steps=30, evaluate_every=7, checkpoint_minutes=0.001), run)
"""


def steps_done(run):
    path = run / "steps.csv"
    return len(path.read_text().splitlines()) - 1 if path.exists() else 0


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gan", "classify"])
def test_five_kills_at_random_steps_change_nothing(model, photo_folder, tmp_path):
    arguments = [model, str(photo_folder), str(tmp_path / "run"), str(Path(__file__).parent)]
    chance = random.Random(5)
    kills = sorted(chance.sample(range(3, 28), 5))
    for step in kills:
        process = subprocess.Popen([sys.executable, "-c", RUN_UNTIL_KILLED, *arguments])
        deadline = time.monotonic() + 200
        while steps_done(tmp_path / "run") < step and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.3))  # anywhere in a step, or while a checkpoint is written
        process.kill()
        assert process.wait() == -signal.SIGKILL
    killed = loop.resume(tmp_path / "run")
    assert steps_done(tmp_path / "run") == 30
    whole = loop.start(small(model, photo_folder, steps=30, evaluate_every=7), tmp_path / "whole")
    assert same(killed, whole)
