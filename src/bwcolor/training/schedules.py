# SPDX-License-Identifier: Apache-2.0
"""Learning rates, as pure functions of the step: a resumed run has the rates of an uninterrupted one.

Each gives a share of the peak rate, 0..1.
"""

from __future__ import annotations

import math

SCHEDULES = ("cosine", "step", "exponential", "constant")


def warm_up(step: int, steps: int) -> float:
    """Rise linearly over the first ``steps`` steps (step 0 learns already), then stay at 1."""
    return min((step + 1) / steps, 1.0) if steps > 0 else 1.0


def cosine(step: int, begin: int, end: int, final: float) -> float:
    """Fall from 1 at step ``begin`` to ``final`` at step ``end`` along half a cosine (Loshchilov & Hutter 2017)."""
    progress = min(max((step - begin) / max(end - begin, 1), 0.0), 1.0)
    return final + (1.0 - final) * 0.5 * (1.0 + math.cos(math.pi * progress))


def step_decay(step: int, every: int, factor: float) -> float:
    """Multiply by ``factor`` every ``every`` steps."""
    return float(factor ** (step // every))


def exponential(step: int, every: int, factor: float) -> float:
    """Multiply by ``factor`` over every ``every`` steps, a little at each."""
    return float(factor ** (step / every))


def rate_share(
    schedule: str, step: int, steps: int, rising: int, final: float, decay: float, decay_every: int
) -> float:
    """Return the share of the peak rate at a step.

    Args:
        schedule: One of SCHEDULES.
        step: Counted from 0.
        steps: In all.
        rising: Steps of the warm-up; the cosine begins after it, the others run beside it.
        final: No schedule falls below this.
        decay: Factor of "step" and "exponential".
        decay_every: Steps over which the factor is applied once.
    """
    shares = {
        "cosine": cosine(step, rising, steps, final),
        "step": step_decay(step, decay_every, decay),
        "exponential": exponential(step, decay_every, decay),
        "constant": 1.0,
    }
    return warm_up(step, rising) * max(shares[schedule], final)
