# SPDX-License-Identifier: Apache-2.0
"""What lessons make small, computed again by other means; gradients reach the side they are meant for."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from skimage.color import lab2rgb, rgb2yuv

from bwcolor.color import bins
from bwcolor.models import weights
from bwcolor.models.network import build
from bwcolor.models.residual_encoder import BINS
from bwcolor.models.siggraph17 import Siggraph17
from bwcolor.models.table import find_model
from bwcolor.models.yuv import U_REACH, V_REACH
from bwcolor.training import preparation
from bwcolor.training.batches import Batch
from bwcolor.training.configuration import recipe
from bwcolor.training.lessons import grid_class
from bwcolor.training.recipes import RECIPES

CPU = torch.device("cpu")
FORMS = {
    "vgg-regression": {"backbone": "alexnet"},
    "vgg-classification": {"backbone": "alexnet"},
    "cnn": {"form": "small"},
    "gan-cifar": {"width": "narrow"},
}


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    lightness = torch.rand(2, 1, 32, 32, generator=generator) * 60 + 20
    ab = F.interpolate(torch.randn(2, 2, 4, 4, generator=generator) * 15, 32)
    return Batch(lightness, ab, None)


def lesson_of(model, network=None, **changes):
    torch.manual_seed(0)
    options = recipe(model, encoder="scratch", network=FORMS.get(model, {}), **changes)
    network = network or build(find_model(model), options.network)
    count = {"yuv-bins": 32, "eccv16": 313}.get(model, len(bins.srgb_centers()))
    prior = torch.full((count,), 1 / count, dtype=torch.float64)
    autocast = partial(torch.autocast, "cpu", torch.bfloat16, enabled=False)
    return preparation.make_lesson(options, network.train(), prior, CPU, autocast)


@pytest.mark.parametrize("model", sorted(set(RECIPES) - {"siggraph17", "eccv16", "koalarization"}))
def test_a_lesson_tells_its_terms_and_reaches_all_that_learns(model, batch):
    lesson = lesson_of(model, **({"refine_from": 0.0} if model == "gan" else {}))
    found = lesson.losses(batch, 0)
    assert set(found.told) <= set(lesson.terms)
    assert lesson.reconstruction in found.told
    assert not any(value.requires_grad for value in found.told.values())
    found.total.backward()
    without = [n for n, p in lesson.network.named_parameters() if p.grad is None and not n.startswith("hints.")]
    assert not [name for name in without if ".hint." not in name]
    if lesson.judge is not None:
        assert all(p.grad is not None and p.requires_grad for p in lesson.judge.parameters())


def test_mean_squares_of_document_001(batch):
    lesson = lesson_of("cnn")
    prediction = lesson.network(batch.lightness) / 128
    truth = F.avg_pool2d(batch.ab, 2) / 128
    expected = 2 * F.mse_loss(prediction, truth)  # summed over a and b
    torch.testing.assert_close(lesson.losses(batch, 0).total, expected)


def test_u_and_v_are_those_of_scikit_image(batch):
    lesson = lesson_of("vgg-regression", distance="uv")
    seen = lesson.look(lesson.network, batch.lightness)
    rgb = lab2rgb(torch.cat([batch.lightness, batch.ab], dim=1).movedim(1, -1).double().numpy())
    truth = torch.from_numpy(rgb2yuv(rgb)[..., 1:]).movedim(-1, 1)
    expected = (seen.more.double() - truth).square().sum(dim=1).mean()
    assert lesson.reconstruct(lesson.network, seen, batch.lightness, batch.ab)[0].item() == pytest.approx(
        expected.item(), rel=2e-2
    )  # scikit-image clips what sRGB has not


def test_the_classes_of_u_and_v_are_equal_bins(batch):
    lesson = lesson_of("vgg-classification")
    seen = lesson.look(lesson.network, batch.lightness)
    gray = torch.zeros_like(batch.ab)
    loss, _ = lesson.reconstruct(lesson.network, seen, batch.lightness, gray)
    middle = torch.full((2, 8, 8), BINS // 2)
    expected = [F.cross_entropy(logits, middle) for logits in seen.more]
    # gray lies on the edge between two bins: rounding may take either
    lower = [F.cross_entropy(logits, middle - 1) for logits in seen.more]
    assert min(sum(expected), sum(lower)) * 0.98 < loss < max(sum(expected), sum(lower)) * 1.02
    assert pytest.approx(0.436, abs=1e-3) == U_REACH
    assert pytest.approx(0.615, abs=1e-3) == V_REACH


def test_points_or_means_are_the_labels_of_cells(batch):
    for points in (True, False):
        lesson = lesson_of("classify", point_labels=points, neighbours=1)
        seen = lesson.look(lesson.network, batch.lightness)
        ab = torch.randn(2, 2, 32, 32) * 30
        index, share = lesson.targets(lesson.network, seen, batch.lightness, ab)
        small = ab[..., ::4, ::4] if points else F.avg_pool2d(ab, 4)
        assert torch.equal(index[..., 0], bins.quantize(small.movedim(1, -1), lesson.network.centers))
        assert share.eq(1).all()


def test_a_picture_without_color_counts_for_nothing(batch):
    lesson = lesson_of("classify", gray_mask=True)
    gray = Batch(batch.lightness, torch.zeros_like(batch.ab), None)
    assert lesson.losses(gray, 0).total.item() == 0
    assert lesson.losses(gray, 0).told["cross_entropy"] > 1


def test_the_class_head_of_siggraph17_only_looks_on(batch):
    lesson = lesson_of("siggraph17", network=Siggraph17(width=8), class_weight=1.0)
    seen = lesson.look(lesson.network, batch.lightness)
    whole = lesson.network(batch.lightness)
    torch.testing.assert_close(seen.ab, whole)
    F.cross_entropy(seen.logits, grid_class(F.avg_pool2d(batch.ab, 4))).backward()
    touched = {name.split(".")[0] for name, p in lesson.network.named_parameters() if p.grad is not None}
    assert touched == {"model_class"}


def test_the_grid_of_529_classes_runs_by_a_then_b():
    ab = torch.tensor([[-110.0, -110.0], [-110.0, -100.0], [0.0, 0.0], [110.0, 110.0], [300.0, 4.9]]).T[None, :, None]
    assert grid_class(ab)[0, 0].tolist() == [0, 1, 11 * 23 + 11, 528, 22 * 23 + 11]


@pytest.mark.parametrize("adversary", ["vanilla", "wgan-gp"])
def test_the_judge_learns_nothing_from_the_generators_loss(batch, adversary):
    lesson = lesson_of("gan-cifar", adversary=adversary, discriminator_every=2)
    lesson.losses(batch, 1).total.backward()  # the generator's turn
    assert all(p.grad is None for p in lesson.judge.parameters())
    assert all(p.grad is not None for p in lesson.network.parameters())
    lesson.losses(batch, 2).total.backward()
    assert all(p.grad is not None for p in lesson.judge.parameters())


def test_the_ab_head_leaves_the_bins_alone_and_joins_in_at_its_step(batch):
    lesson = lesson_of("gan", refine_from=0.5, steps=10)
    assert set(lesson.losses(batch, 4).told) == {"cross_entropy"}
    assert set(lesson.losses(batch, 5).told) == set(lesson.terms)
    seen = lesson.look(lesson.network, batch.lightness)
    lesson.colors(lesson.network, batch.lightness, seen).sum().backward()
    assert lesson.network.bins_head.weight.grad is None
    assert lesson.network.ab_head.weight.grad is not None


def test_a_teacher_pulls_the_distribution_towards_its_own(batch, tmp_path):
    torch.manual_seed(7)
    teacher = build(find_model("classify"))
    weights.write_state(teacher.state_dict(), tmp_path / "t.safetensors", {"model": "classify"}, half=False)
    lesson = lesson_of("classify", teacher=str(tmp_path / "t.safetensors"), teacher_weight=2.0)
    plain = lesson_of("classify")
    extra = lesson.losses(batch, 0).total - plain.losses(batch, 0).total
    assert extra > 0
    assert not any(p.requires_grad for p in lesson.teacher.parameters())


def test_a_frozen_backbone_does_not_learn():
    options = recipe("vgg-regression", network={"backbone": "alexnet"})
    network = build(find_model("vgg-regression"), options.network)
    assert preparation.is_pretrained(network, options)
    preparation.freeze(network, options)
    groups = preparation.parameter_groups(network, options, True)
    learning = {id(p) for group in groups for p in group["params"]}
    assert learning == {id(p) for name, p in network.named_parameters() if not name.startswith("backbone.")}
    assert not preparation.is_pretrained(network, recipe("vgg-regression", encoder="scratch"))
