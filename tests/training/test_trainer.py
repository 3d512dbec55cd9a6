# SPDX-License-Identifier: Apache-2.0
"""Steps that go wrong, batches that do not fit, ends before the last step, and other ways to take the same step."""

import csv
import logging
from dataclasses import replace

import pytest
import torch

from bwcolor.errors import UsageError
from bwcolor.models import weights
from bwcolor.training import checkpoint, loop, trainer
from bwcolor.training.configuration import recipe
from bwcolor.training.lessons import Lesson, Losses


def small(folder, model="cnn", **changes):
    values = {"data": (folder,), "steps": 6, "batch": 4, "crops": ((0.0, 32),), "evaluate_every": 100, "workers": 1}
    values |= {"evaluation_photos": 2, "working_size": 32, "precision": "fp32", "device": "cpu", "encoder": "scratch"}
    if model == "cnn":
        values |= {"network": {"form": "small"}, "turn": 0.0, "shear": 0.0}
    return recipe(model, **(values | changes))


def rows(run, name="steps.csv"):
    with (run / name).open() as stream:
        return list(csv.DictReader(stream))


def spoil(monkeypatch, steps, value=float("nan")):
    """Make the loss of some steps no number."""
    losses = Lesson.losses

    def spoiled(self, batch, step):
        found = losses(self, batch, step)
        return Losses(found.total * value, found.told) if step in steps else found

    monkeypatch.setattr(Lesson, "losses", spoiled)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_step_without_a_finite_gradient_is_skipped_and_counted(photo_folder, tmp_path, monkeypatch, value):
    spoil(monkeypatch, {2, 4}, value)
    written = loop.start(small(photo_folder), tmp_path / "run")
    assert [row["skipped"] for row in rows(tmp_path / "run")] == ["0", "0", "1", "1", "2", "2"]
    assert all(torch.isfinite(tensor).all() for tensor in weights.read_state(written)[0].values())


def test_a_skipped_step_leaves_everything_as_it_was(photo_folder, tmp_path, monkeypatch):
    made = trainer.Trainer(small(photo_folder, "vgg-classification", network={"backbone": "alexnet"}), tmp_path)
    made.set_training()
    losses = type(made.lesson).losses
    monkeypatch.setattr(
        type(made.lesson), "losses", lambda self, batch, step: Losses(losses(self, batch, step).total * float("nan"))
    )
    before = {name: value.clone() for name, value in made.network.state_dict().items()}
    batch = next(made.batches())
    monkeypatch.setattr(made.ranks.__class__, "mean", lambda self, told: {})
    made.learn(batch)
    assert made.skipped == 1
    assert all(torch.equal(value, before[name]) for name, value in made.network.state_dict().items())


def test_endless_skipping_stops_and_keeps_the_last_good_checkpoint(photo_folder, tmp_path, monkeypatch):
    spoil(monkeypatch, set(range(3, 100)))
    with pytest.raises(trainer.DivergedError, match=r"20 steps in a row.*--lr"):
        loop.start(small(photo_folder, steps=50, checkpoint_minutes=0.0), tmp_path / "run")
    state = checkpoint.load_newest(tmp_path / "run")
    assert state["step"] > 3
    assert all(torch.isfinite(value).all() for value in state["network"].values())


def test_parts_add_up_to_the_gradient_of_the_whole_batch(photo_folder, tmp_path):
    whole = loop.start(small(photo_folder, optimizer="sgd", rate=0.1), tmp_path / "whole")
    parts = loop.start(small(photo_folder, optimizer="sgd", rate=0.1, parts=2), tmp_path / "parts")
    one, other = weights.read_state(whole)[0], weights.read_state(parts)[0]
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, atol=2e-3, rtol=2e-3)  # weights are written as float16


def short_of_memory(monkeypatch, most):
    """Let the processor's memory end above a number of samples."""
    losses = Lesson.losses

    def frugal(self, batch, step):
        if len(batch) > most:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return losses(self, batch, step)

    monkeypatch.setattr(Lesson, "losses", frugal)


def test_out_of_memory_the_batch_is_split_and_the_run_goes_on(photo_folder, tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    whole = loop.start(small(photo_folder, optimizer="sgd", rate=0.1, batch=8), tmp_path / "whole")
    short_of_memory(monkeypatch, 2)
    split = loop.start(small(photo_folder, optimizer="sgd", rate=0.1, batch=8, fit_memory=True), tmp_path / "split")
    assert "in 4 parts from now on" in caplog.text
    assert checkpoint.load_newest(tmp_path / "split")["options"]["parts"] == 4
    one, other = weights.read_state(whole)[0], weights.read_state(split)[0]
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, atol=2e-3, rtol=2e-3)


def test_out_of_memory_without_leave_to_split_says_what_to_do(photo_folder, tmp_path, monkeypatch):
    short_of_memory(monkeypatch, 2)
    with pytest.raises(UsageError, match=r"4 crops in 1 part do not fit.*--batch-size auto"):
        loop.start(small(photo_folder), tmp_path / "run")
    short_of_memory(monkeypatch, 0)
    with pytest.raises(UsageError, match="1 crops in 1 part do not fit"):
        loop.start(small(photo_folder, batch=1, fit_memory=True), tmp_path / "one")


def test_another_error_is_not_taken_for_a_lack_of_memory(photo_folder, tmp_path, monkeypatch):
    def broken(self, batch, step):
        raise RuntimeError("sizes do not match")

    monkeypatch.setattr(Lesson, "losses", broken)
    with pytest.raises(RuntimeError, match="sizes do not match"):
        loop.start(small(photo_folder, fit_memory=True), tmp_path / "run")


def test_minutes_end_a_run_early_and_resume_does_not_begin_them_anew(photo_folder, tmp_path):
    written = loop.start(small(photo_folder, steps=10_000, max_minutes=0.005), tmp_path / "run")
    assert written.is_file()
    reached = len(rows(tmp_path / "run"))
    assert 0 < reached < 10_000
    assert rows(tmp_path / "run", "evaluations.csv")[-1]["step"] == str(reached)
    loop.resume(tmp_path / "run")
    assert len(rows(tmp_path / "run")) == reached + 1
    loop.resume(tmp_path / "run", {"max_minutes": 0.01})
    assert len(rows(tmp_path / "run")) > reached + 1


def test_patience_ends_a_run_with_its_best_weights(photo_folder, tmp_path):
    # a rate far too high: after some step nothing gets better any more
    options = small(photo_folder, steps=400, evaluate_every=2, patience=3, rate=0.05, ema=0.0)
    written = loop.start(options, tmp_path / "run")
    losses = [float(row["loss"]) for row in rows(tmp_path / "run", "evaluations.csv")]
    best = losses.index(min(losses))
    assert len(losses) == best + 4
    state = checkpoint.load_best(tmp_path / "run")
    assert state["step"] == 2 * (best + 1)
    assert weights.read_about(written)["training"]["steps_done"] == state["step"]


def test_the_last_three_checkpoints_and_the_best_stay(photo_folder, tmp_path):
    loop.start(small(photo_folder, checkpoint_minutes=0.0, evaluate_every=2), tmp_path / "run")
    names = sorted(path.name for path in (tmp_path / "run" / checkpoint.FOLDER).iterdir())
    assert names == ["best.pt", "step-00000004.pt", "step-00000005.pt", "step-00000006.pt"]


def test_a_checkpoint_holds_everything(photo_folder, tmp_path):
    loop.start(small(photo_folder, "gan-cifar", epochs=0.0, network={"width": "narrow"}), tmp_path / "run")
    state = checkpoint.load_newest(tmp_path / "run")
    assert set(state["optimizers"]) == {"network", "judge"}
    assert {"version", "options", "step", "seen", "network", "average", "judge", "scaler", "random", "best"} <= set(
        state
    )
    assert state["options"]["model"] == "gan-cifar"


def test_dropout_goes_on_where_it_stopped(photo_folder, tmp_path):
    options = small(photo_folder, "gan-cifar", epochs=0.0, network={"width": "narrow"}, checkpoint_minutes=0.0)
    whole = weights.read_state(loop.start(options, tmp_path / "whole"))[0]
    loop.start(replace(options), tmp_path / "cut")
    for step in (5, 6):
        (tmp_path / "cut" / checkpoint.FOLDER / f"step-0000000{step}.pt").unlink()
    (tmp_path / "cut" / checkpoint.FOLDER / "best.pt").unlink()
    again = weights.read_state(loop.resume(tmp_path / "cut"))[0]
    assert all(torch.equal(again[name], value) for name, value in whole.items())


def test_fp16_scales_and_its_first_overflows_are_skipped(photo_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "resolve_precision", lambda name, device: "fp16")
    made = torch.amp.GradScaler
    monkeypatch.setattr(
        torch.amp, "GradScaler", lambda device, enabled: made(device, enabled=enabled, init_scale=2.0**30)
    )
    loop.start(small(photo_folder, steps=30), tmp_path / "run")
    skipped = [int(row["skipped"]) for row in rows(tmp_path / "run")]
    assert 0 < skipped[-1] < 20
    state = checkpoint.load_newest(tmp_path / "run")
    assert state["scaler"]["scale"] == pytest.approx(2.0 ** (30 - skipped[-1]))


def test_a_wasserstein_critic_and_losses_against_leaks_train(photo_folder, tmp_path):
    changes = {"adversary": "wgan-gp", "edge_weight": 10.0, "leak_weight": 0.1, "epochs": 0.0}
    loop.start(small(photo_folder, "gan-cifar", network={"width": "narrow"}, **changes), tmp_path / "run")
    assert all(float(row["gradient_judge"]) > 0 for row in rows(tmp_path / "run")[::2])
    assert [row["gradient_judge"] for row in rows(tmp_path / "run")[1::2]] == [""] * 3


@pytest.mark.slow
def test_a_compiled_network_learns_the_same(photo_folder, tmp_path):
    plain = loop.start(small(photo_folder, optimizer="sgd", rate=0.1), tmp_path / "plain")
    compiled = loop.start(small(photo_folder, optimizer="sgd", rate=0.1, compile=True), tmp_path / "compiled")
    one, other = weights.read_state(plain)[0], weights.read_state(compiled)[0]
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, atol=2e-3, rtol=2e-3)


def test_where_only_hints_are_learned_a_photo_without_hints_keeps_its_colors(photo_folder, tmp_path):
    before = loop.start(small(photo_folder, "gan", steps=2), tmp_path / "before")
    changes = {"init_from": str(before), "hints_only": True, "hint_share": 1.0, "encoder": "auto"}
    after = loop.start(small(photo_folder, "gan", steps=3, rate=1e-2, **changes), tmp_path / "after")
    states = [weights.read_state(path)[0] for path in (before, after)]
    changed = {name for name, value in states[0].items() if not torch.equal(value, states[1][name])}
    assert changed
    assert all(name.startswith("hints.") or ".hint." in name for name in changed)


def test_only_hints_cannot_be_learned_from_samples_that_show_none(photo_folder):
    with pytest.raises(UsageError, match="hint_share=1"):
        small(photo_folder, "classify", hints_only=True)


def test_dropout_disturbs_learning_and_not_what_is_judged(photo_folder, tmp_path):
    made = trainer.Trainer(small(photo_folder, "classify", dropout=0.5), tmp_path)
    lightness = torch.rand(1, 1, 64, 64) * 100
    made.set_training()
    for name, module in made.network.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            made.network.get_submodule(name).eval()
    one, other = (made.network.distribution(lightness) for _ in range(2))
    assert not torch.equal(one, other)
    calm = made.average.distribution(lightness)
    assert torch.equal(calm, made.average.distribution(lightness))
    made.network.eval()
    torch.testing.assert_close(made.network.distribution(lightness), calm)
