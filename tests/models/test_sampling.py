# SPDX-License-Identifier: Apache-2.0
"""Samples follow the things in a picture: they move what is unsure, together, and leave alone what is sure."""

import pytest
import torch

from bwcolor.color import bins
from bwcolor.models.sampling import REACH, mood_of, move

CENTERS = torch.from_numpy(bins.srgb_centers())
RED, BLUE, GREEN, GRAY = (bins.quantize(torch.tensor(ab), CENTERS).item() for ab in (
    [40.0, 20.0], [0.0, -40.0], [-40.0, 40.0], [0.0, 0.0]))  # fmt: skip
TEMPERATURE = 0.6


def scores(height=24, width=36, **shares):
    """Return logits ``(1, Q, height, width)`` that give the named bins these shares, and the others next to none."""
    logits = torch.full((1, len(CENTERS), height, width), -12.0)
    for name, share in shares.items():
        logits[:, {"red": RED, "blue": BLUE, "green": GREEN, "gray": GRAY}[name]] = torch.log(torch.tensor(share))
    return logits


def moved(logits, seed, photo="a"):
    ab = bins.annealed_mean(logits, CENTERS, TEMPERATURE)
    return move(ab, logits, mood_of(seed, photo, CENTERS), CENTERS, TEMPERATURE) - ab


def test_moods_repeat_and_are_as_strong_as_they_say():
    assert torch.equal(mood_of(1, "a", CENTERS), mood_of(1, "a", CENTERS))
    moods = torch.cat([mood_of(seed, photo, CENTERS) for seed in range(40) for photo in "abcde"])
    assert not torch.equal(moods[0], moods[1])
    assert moods.mean().abs() < 0.15
    assert moods.std().item() == pytest.approx(REACH, rel=0.1)


def test_no_mood_moves_nothing_at_all():
    logits = torch.randn(2, len(CENTERS), 8, 8)
    ab = torch.randn(2, 2, 8, 8)
    assert torch.equal(move(ab, logits, torch.zeros(2, len(CENTERS), 3, 3), CENTERS, TEMPERATURE), ab)


def test_what_could_be_red_or_blue_becomes_one_of_them():
    unsure = scores(red=0.5, blue=0.5)
    chosen = torch.stack([moved(unsure, seed)[0, 1].mean() for seed in range(40)])  # b: up is red, down is blue
    assert (chosen > 10).any()
    assert (chosen < -10).any()
    assert (chosen.abs() > 10).float().mean() > 0.6


def test_what_is_sure_stays():
    for seed in range(20):
        assert moved(scores(green=1.0), seed).abs().max() < 2.0


def test_samples_neither_fade_nor_flood():
    """Half gray stays half gray, whichever colors the other half takes."""
    for seed in range(20):
        logits = scores(gray=0.5, red=0.25, blue=0.25)
        ab = bins.annealed_mean(logits, CENTERS, TEMPERATURE)
        drawn = moved(logits, seed) + ab
        alone = torch.stack([CENTERS[RED], CENTERS[BLUE]]).norm(dim=1)
        # along the line between the two colors at most as far as one of them, with the share that gray leaves
        assert drawn.norm(dim=1).max() < 0.9 * alone.max()
        assert drawn.norm(dim=1).mean() > 0.15 * alone.min()


def test_what_looks_alike_moves_together():
    """Two halves, two kinds of thing: within each a sample is even, and it changes at their border."""
    logits = scores(red=0.5, green=0.5)
    logits[..., 18:] = scores(blue=0.5, gray=0.5)[..., 18:]
    for seed in range(10):
        change = moved(logits, seed)
        steps = (change[..., 1:] - change[..., :-1]).abs().sum(dim=1)
        elsewhere = torch.cat([steps[..., :17], steps[..., 18:]], dim=-1)
        assert elsewhere.mean() < 2.0  # Lab units from one cell to the next, between colors that are 83 apart
        assert elsewhere.max() < 15.0
