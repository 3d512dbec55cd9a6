# SPDX-License-Identifier: Apache-2.0
"""What a study asks of each participant: which photos, whose fakes, in which order and on which side."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bwcolor.errors import UsageError

PAIRS = 40  # Zhang, Isola, Efros 2016
PRACTICE = 10  # the same; answered with feedback and not counted
VIGILANCE = 6  # about one trial in eight
SIDE = 400  # pixels; two of them fit side by side on any screen
MOST_MISSED = 0.2  # share of vigilance trials; who misses more is set aside

# What is shown where it is nobody's prediction
TRUTH = "truth"
DECOY = "decoy"


class Form(StrEnum):
    """What a trial shows."""

    PAIRS = "pairs"  # the real picture and a fake: which is the fake?
    SINGLE = "single"  # one of them: is it real?


class Kind(StrEnum):
    """What a trial is for."""

    PRACTICE = "practice"
    TEST = "test"
    VIGILANCE = "vigilance"


@dataclass(frozen=True)
class Settings:
    """What a study is, apart from its pictures.

    Attributes:
        form: What a trial shows.
        pairs: Photos that are tested; every participant sees each of them once.
        practice: Photos for practice.
        vigilance: Photos for vigilance trials.
        side: Most pixels of a picture's longer side.
        seed: Of the draw of the photos.
    """

    form: Form = Form.PAIRS
    pairs: int = PAIRS
    practice: int = PRACTICE
    vigilance: int = VIGILANCE
    side: int = SIDE
    seed: int = 0

    @property
    def photos(self) -> int:
        """Photos of all kinds; each participant sees each of them once."""
        return self.practice + self.vigilance + self.pairs

    def kind(self, photo: int) -> Kind:
        """Return what a photo is for: practice, then vigilance, then test, as they were drawn."""
        if photo < self.practice:
            return Kind.PRACTICE
        return Kind.VIGILANCE if photo < self.practice + self.vigilance else Kind.TEST


@dataclass(frozen=True)
class Trial:
    """One question to one participant.

    Attributes:
        kind: What it is for.
        photo: Number of the photo.
        system: Whose fake it is; `DECOY` in vigilance trials, `TRUTH` where a single picture is the real one.
        fake: The right answer. Pairs: which picture is the fake, 0 the first, 1 the second. Single: 1 if it is one.
    """

    kind: Kind
    photo: int
    system: str
    fake: int


def fit(found: int, form: Form, pairs: int | None, practice: int, vigilance: int, side: int, seed: int) -> Settings:
    """Return settings that so many photos allow.

    Args:
        found: Photos that have all predictions.
        form: What a trial shows.
        pairs: Photos to test; None for 40, or as many as there are.
        practice: Photos for practice.
        vigilance: Photos for vigilance trials.
        side: Most pixels of a picture's longer side.
        seed: Of the draw.

    Raises:
        UsageError: There are too few photos: none is shown twice to a participant.
    """
    left = found - practice - vigilance
    wanted = min(PAIRS, left) if pairs is None else pairs
    if wanted < 1 or wanted > left:
        raise UsageError(
            f"{found} photos have all predictions: too few for {max(wanted, 1)} pairs, {practice} practice trials and "
            f"{vigilance} vigilance trials.",
            "None is shown twice to a participant. Lower --pairs, --practice or --vigilance, or give more photos.",
        )
    return Settings(form, wanted, practice, vigilance, side, seed)


def draw(settings: Settings, systems: Sequence[str], participant: int, chance: random.Random) -> tuple[Trial, ...]:
    """Draw a participant's trials: practice first, then tests with vigilance trials among them.

    Which system's fake of a photo is shown goes round from participant to participant, so that every system meets every
    photo equally often. The fake lies as often on one side as on the other; a single picture is as often real as fake.

    Args:
        settings: Of the study.
        systems: Names of those who made fakes.
        participant: Counted from 1.
        chance: Of order and sides; not to be foreseen by participants.
    """
    trials: dict[Kind, list[Trial]] = {kind: [] for kind in Kind}
    photos = {kind: [n for n in range(settings.photos) if settings.kind(n) == kind] for kind in Kind}
    for kind, numbers in photos.items():
        for photo, fake in zip(numbers, _halves(len(numbers), chance), strict=True):
            system = systems[(photo + participant) % len(systems)]
            if kind == Kind.VIGILANCE:
                system, fake = DECOY, 1 if settings.form == Form.SINGLE else fake
            elif settings.form == Form.SINGLE and not fake:
                system = TRUTH
            trials[kind].append(Trial(kind, photo, system, fake))
    later = trials[Kind.TEST] + trials[Kind.VIGILANCE]
    chance.shuffle(trials[Kind.PRACTICE])
    chance.shuffle(later)
    return (*trials[Kind.PRACTICE], *later)


def _halves(count: int, chance: random.Random) -> list[int]:
    """Return zeros and ones in random order, as many of each, give or take one by chance."""
    odd = chance.randrange(2)
    sides = [(number + odd) % 2 for number in range(count)]
    chance.shuffle(sides)
    return sides
