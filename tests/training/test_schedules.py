# SPDX-License-Identifier: Apache-2.0
"""Rates against torch's own schedulers."""

import pytest
import torch
from torch.optim import lr_scheduler

from bwcolor.training import schedules


def of_torch(make, steps):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("own", "make"),
    [
        (lambda t: schedules.cosine(t, 0, 50, 0.1), lambda o: lr_scheduler.CosineAnnealingLR(o, 50, eta_min=0.1)),
        (lambda t: schedules.step_decay(t, 7, 0.3), lambda o: lr_scheduler.StepLR(o, 7, 0.3)),
        (lambda t: schedules.exponential(t, 10, 0.5), lambda o: lr_scheduler.ExponentialLR(o, 0.5 ** (1 / 10))),
        (lambda t: schedules.warm_up(t, 8), lambda o: lr_scheduler.LinearLR(o, 1 / 8, 1.0, 7)),
    ],
)
def test_schedules_are_those_of_torch(own, make):
    assert [own(t) for t in range(50)] == pytest.approx(of_torch(make, 50), abs=1e-9)


def test_a_rate_depends_on_its_step_alone_and_stays_above_the_final_one():
    def rate(schedule, step):
        return schedules.rate_share(schedule, step, 100, 10, 0.02, 0.1, 5)

    for schedule in schedules.SCHEDULES:
        rates = [rate(schedule, step) for step in range(130)]
        assert rates == [rate(schedule, step) for step in reversed(range(130))][::-1]
        assert min(rates[10:]) >= 0.02
        assert rates[0] == pytest.approx(0.1)


def test_without_a_warm_up_the_first_step_has_the_peak():
    assert schedules.rate_share("constant", 0, 10, 0, 0.0, 0.1, 5) == 1.0
