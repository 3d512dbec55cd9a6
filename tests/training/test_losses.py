# SPDX-License-Identifier: Apache-2.0
"""Losses against torch's and SciPy's own, and against the published rule for weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import ndimage
from scipy.stats import entropy

from bwcolor.training import losses


@pytest.fixture
def scores():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 5, 3, 4, generator=generator, requires_grad=True)
    hard = torch.randint(0, 5, (2, 3, 4), generator=generator)
    return logits, hard


def test_without_weights_it_is_cross_entropy(scores):
    logits, hard = scores
    loss, told = losses.rebalanced_cross_entropy(logits, hard[..., None], torch.ones(2, 3, 4, 1), torch.ones(5))
    torch.testing.assert_close(loss, F.cross_entropy(logits, hard))
    torch.testing.assert_close(told, loss.detach())


def test_weights_multiply_the_gradient_and_not_the_reported_value(scores):
    logits, hard = scores
    weights = torch.tensor([0.5, 1.0, 2.0, 4.0, 8.0])
    ones = torch.ones(2, 3, 4, 1)
    plain, told_plain = losses.rebalanced_cross_entropy(logits, hard[..., None], ones, torch.ones(5))
    (unweighted,) = torch.autograd.grad(plain, logits)
    loss, told = losses.rebalanced_cross_entropy(logits, hard[..., None], ones, weights)
    (gradient,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(gradient, unweighted * weights[hard][:, None])
    torch.testing.assert_close(told, told_plain)


def test_huber_is_square_below_its_bend_and_straight_above():
    truth = torch.zeros(1, 2, 1, 2)
    prediction = torch.tensor([[[[2.0, 20.0]], [[0.0, 0.0]]]])
    weight = torch.ones(1, 1, 1, 2)
    expected = (0.5 * (2 / 5) ** 2 + (20 / 5 - 0.5)) / 2
    assert losses.huber(prediction, truth, 5.0, weight).item() == pytest.approx(expected)


def test_the_judge_is_smoothed_on_one_side_only():
    sure_real, sure_fake = torch.full((4,), 30.0), torch.full((4,), -30.0)
    optimum = torch.full((4,), torch.logit(torch.tensor(losses.REAL_LABEL)).item())
    assert losses.discriminator_loss(optimum, sure_fake) < losses.discriminator_loss(sure_real, sure_fake)
    assert losses.generator_loss(sure_real) < 1e-6 < losses.generator_loss(sure_fake)


@pytest.fixture
def planes():
    """Return predicted and true colors (2, 2, 9, 11) and a lightness (2, 1, 9, 11), Lab units."""
    rng = np.random.default_rng(3)
    return rng.normal(0, 20, (2, 2, 9, 11)), rng.normal(0, 20, (2, 2, 9, 11)), rng.uniform(0, 100, (2, 1, 9, 11))


def tensors(*arrays):
    return [torch.from_numpy(array) for array in arrays]


def test_l_reg_of_document_000_per_pixel(planes):
    prediction, truth, _ = planes
    (u, v), (u_true, v_true) = prediction.swapaxes(0, 1), truth.swapaxes(0, 1)
    regression = np.linalg.norm(u - u_true) ** 2 + np.linalg.norm(v - v_true) ** 2
    assert losses.squared_distance(*tensors(prediction, truth)).item() == pytest.approx(regression / u.size)


def test_l1_is_the_mean_absolute_error(planes):
    prediction, truth, _ = planes
    expected = F.l1_loss(*tensors(prediction, truth))
    torch.testing.assert_close(losses.absolute_distance(*tensors(prediction, truth)), expected)


def test_dahls_distance_blurs_both_pictures_each_channel_by_itself(planes):
    prediction, truth, _ = planes
    kernels = [np.array(losses.BLUR_3) / 16, np.array(losses.BLUR_5) / 273]
    total = ((prediction - truth) ** 2).sum() / (2 * 9 * 11)
    for kernel in kernels:
        blurred = [
            np.stack([[ndimage.correlate(plane, kernel, mode="nearest") for plane in sample] for sample in picture])
            for picture in (prediction, truth)
        ]
        total += ((blurred[0] - blurred[1]) ** 2).sum() / (2 * 9 * 11)
    assert losses.blurred_distance(*tensors(prediction, truth)).item() == pytest.approx(total / 3)


def test_edges_are_those_of_sobel(planes):
    prediction, truth, _ = planes
    errors = (prediction - truth).reshape(-1, 9, 11)
    expected = [np.abs(ndimage.sobel(plane, axis, mode="nearest")).mean() / 8 for plane in errors for axis in (0, 1)]
    assert losses.edge_distance(*tensors(prediction, truth)).item() == pytest.approx(np.mean(expected))
    assert losses.edge_distance(*tensors(truth + 7.0, truth)).item() == pytest.approx(0, abs=1e-9)


def test_a_leak_is_a_color_edge_without_an_edge_of_lightness():
    color = torch.zeros(1, 2, 8, 8)
    color[..., 4:] = 30.0
    flat, stepped = torch.full((1, 1, 8, 8), 50.0), torch.full((1, 1, 8, 8), 50.0)
    stepped[..., 4:] = 90.0
    # one of seven differences along each row; its height is that of both channels together
    assert losses.leak(color, flat).item() == pytest.approx(30 * np.sqrt(2) / 7 / 2, rel=1e-4)
    assert losses.leak(color, stepped) < 0.05 * losses.leak(color, flat)


def test_soft_targets_and_the_gray_mask(scores):
    logits, _ = scores
    share = torch.softmax(torch.randn(2, 3, 4, 5), -1)
    index = torch.arange(5).expand(2, 3, 4, 5)
    loss, _ = losses.rebalanced_cross_entropy(logits, index, share, torch.ones(5))
    torch.testing.assert_close(loss, F.cross_entropy(logits, share.movedim(-1, 1)))
    half, _ = losses.rebalanced_cross_entropy(logits, index, share, torch.ones(5), torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(half, F.cross_entropy(logits[:1], share[:1].movedim(-1, 1)) / 2)


def test_a_picture_counts_as_colored_by_its_strongest_value():
    ab = torch.zeros(3, 2, 4, 4)
    ab[1, 1, 2, 3], ab[2, 0, 0, 0] = -5.1, 4.9
    assert losses.colored(ab).tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("shape", [(6, 10), (2, 10, 3, 3)])
def test_the_teachers_distance_is_the_kullback_leibler_divergence(shape):
    mine, teacher = torch.randn(shape, requires_grad=True), torch.randn(shape, requires_grad=True)
    loss = losses.teacher_distance(mine, teacher)
    p, q = (torch.softmax(x.detach().movedim(1, -1), -1).double().numpy().reshape(-1, 10) for x in (teacher, mine))
    assert loss.item() == pytest.approx(np.mean([entropy(a, b) for a, b in zip(p, q, strict=True)]), rel=1e-5)
    loss.backward()
    assert teacher.grad is None


def test_the_gradient_penalty_of_a_linear_critic_is_known():
    slope = torch.randn(2, 4, 4)
    real, fake = torch.randn(3, 2, 4, 4), torch.randn(3, 2, 4, 4, requires_grad=True)
    penalty = losses.gradient_penalty(lambda x: (x * slope).sum(dim=(1, 2, 3)), real, fake)
    assert penalty.item() == pytest.approx((slope.norm().item() - 1) ** 2, rel=1e-5)


def test_the_gradient_penalty_lies_between_real_and_fake_anew_for_each_sample():
    seen = []
    real, fake = torch.ones(64, 1, 2, 2), torch.zeros(64, 1, 2, 2)
    losses.gradient_penalty(lambda x: seen.append(x.detach()) or x.square().sum(dim=(1, 2, 3)), real, fake)
    mix = seen[0][:, 0, 0, 0]
    assert torch.equal(seen[0], mix.view(-1, 1, 1, 1).expand(64, 1, 2, 2))
    assert mix.min() < 0.2 < 0.8 < mix.max()


def test_the_critic_wants_real_above_fake():
    assert losses.critic_loss(torch.tensor([3.0, 5.0]), torch.tensor([1.0])).item() == -3.0
