# SPDX-License-Identifier: Apache-2.0
"""Losses against torch's own and against the published rule for weights."""

import pytest
import torch
import torch.nn.functional as F

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
