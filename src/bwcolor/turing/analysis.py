# SPDX-License-Identifier: Apache-2.0
"""From answers to numbers: whose answers count, how often people were fooled, and how sure that is.

People differ and photos differ, and each person answers many times: so trials are no independent throws. The interval
is a bootstrap that draws participants and photos, both with replacement, and weighs each answer by the product of the
two (Owen: The pigeonhole bootstrap, 2007); it is wide enough for other people and other photos of the same kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bwcolor.metrics.intervals import PERCENTILES
from bwcolor.turing.plan import MOST_MISSED, TRUTH, Form, Kind
from bwcolor.turing.store import Answered, Study

DRAWS = 10_000
SEED = 19_50  # any number; fixed, so that the same answers give the same interval
_CHUNK = 4_000_000  # draws times participants held at once
Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """How often a picture was taken for real.

    Attributes:
        value: In percent; NaN where nobody saw one.
        low: Lower end of the 95 % interval; NaN with fewer than two participants or photos.
        high: Upper end.
        answers: How many there are.
    """

    value: float
    low: float
    high: float
    answers: int


@dataclass(frozen=True)
class Findings:
    """What a study has found.

    Attributes:
        study: What it is.
        finished: Participants who answered every trial and are counted.
        set_aside: Who answered every trial and missed too many vigilance trials.
        unfinished: Who left some trials without an answer; not counted.
        seen_again: Answers of counted participants after more than one look; not counted.
        shares: By system; of a study of single pictures also of the real ones.
        differences: By pair of systems, the first less the second, in percentage points.
        photos: Answers and those that took the picture for real, by photo and system.
        counted: Which of the answers are counted, as places in the list that was given.
    """

    study: Study
    finished: int
    set_aside: int
    unfinished: int
    seen_again: int
    shares: dict[str, Share]
    differences: dict[tuple[str, str], Share]
    photos: dict[tuple[int, str], tuple[int, int]]
    counted: frozenset[int]


def taken_for_real(form: Form, answered: Answered) -> bool:
    """Say whether an answer took the fake (of single pictures: the picture) for real."""
    return answered.choice != answered.trial.fake if form == Form.PAIRS else answered.choice == 0


def analyze(study: Study, answers: Sequence[Answered]) -> Findings:
    """Return what a study has found.

    Args:
        study: What it is.
        answers: All its trials, also those without an answer.
    """
    whose = defaultdict(list)
    for place, each in enumerate(answers):
        whose[each.participant].append(place)
    unfinished = {who for who, places in whose.items() if any(answers[place].choice is None for place in places)}
    aside = {
        who for who, places in whose.items() if who not in unfinished and _inattentive([answers[p] for p in places])
    }
    kept = sorted(whose.keys() - unfinished - aside)
    tests = [place for who in kept for place in whose[who] if answers[place].trial.kind == Kind.TEST]
    counted = [place for place in tests if (answers[place].views or 0) <= 1]
    systems = [*study.systems, *([TRUTH] if study.settings.form == Form.SINGLE else [])]
    seen, fooled = _tables(study, [answers[place] for place in counted], kept, systems)
    shares, differences = _shares(systems, seen, fooled)
    photos = {
        (photo, system): (int(seen[at, :, photo].sum()), int(fooled[at, :, photo].sum()))
        for photo in range(study.settings.photos)
        for at, system in enumerate(systems)
        if seen[at, :, photo].any()
    }
    return Findings(
        study, len(kept), len(aside), len(unfinished), len(tests) - len(counted), shares, differences, photos,
        frozenset(counted),
    )  # fmt: skip


def _inattentive(answers: Sequence[Answered]) -> bool:
    """Say whether a participant is set aside: who took more than a fifth of the obvious fakes for real."""
    checks = [each for each in answers if each.trial.kind == Kind.VIGILANCE]
    return sum(each.choice != each.trial.fake for each in checks) > MOST_MISSED * len(checks)


def _tables(
    study: Study, answers: Sequence[Answered], participants: Sequence[int], systems: Sequence[str]
) -> tuple[Counts, Counts]:
    """Return (systems, participants, photos) counts: of answers, and of those that took the picture for real."""
    row = {who: at for at, who in enumerate(participants)}
    layer = {system: at for at, system in enumerate(systems)}
    seen = np.zeros((len(systems), len(participants), study.settings.photos))
    fooled = np.zeros_like(seen)
    for each in answers:
        place = layer[each.trial.system], row[each.participant], each.trial.photo
        seen[place] += 1
        fooled[place] += taken_for_real(study.settings.form, each)
    return seen, fooled


def _shares(
    systems: Sequence[str], seen: Counts, fooled: Counts
) -> tuple[dict[str, Share], dict[tuple[str, str], Share]]:
    """Return each system's share, and the differences of the later ones from the first, from the same draws."""
    tested = seen.any(axis=(0, 1))
    seen, fooled = seen[..., tested], fooled[..., tested]
    totals = seen.sum(axis=(1, 2))
    values = _percent(fooled.sum(axis=(1, 2)), totals)
    draws = np.concatenate(
        [
            _percent(np.einsum("dp,spq,dq->ds", people, fooled, photos, optimize=True),
                     np.einsum("dp,spq,dq->ds", people, seen, photos, optimize=True))
            for people, photos in _draws(*seen.shape[1:])
        ]
        or [np.full((1, len(systems)), np.nan)]
    )  # fmt: skip
    shares = {
        system: Share(float(values[at]), *_interval(draws[:, at]), int(totals[at])) for at, system in enumerate(systems)
    }
    differences = {
        (system, systems[0]): Share(
            float(values[at] - values[0]), *_interval(draws[:, at] - draws[:, 0]), int(totals[at] + totals[0])
        )
        for at, system in enumerate(systems)
        if at and system != TRUTH
    }
    return shares, differences


def _draws(participants: int, photos: int) -> Iterator[tuple[Counts, Counts]]:
    """Yield how often each participant and each photo is drawn, (draws, participants) and (draws, photos).

    Nothing where there are fewer than two of either: then nothing can be said of others.
    """
    if participants < 2 or photos < 2:
        return
    generator = np.random.default_rng(SEED)
    step = max(_CHUNK // (participants + photos), 1)
    for start in range(0, DRAWS, step):
        size = min(step, DRAWS - start)
        yield (
            generator.multinomial(participants, np.full(participants, 1 / participants), size=size).astype(np.float64),
            generator.multinomial(photos, np.full(photos, 1 / photos), size=size).astype(np.float64),
        )


def _percent(part: Counts, whole: Counts) -> Counts:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, 100 * part / whole, np.nan)


def _interval(draws: Counts) -> tuple[float, float]:
    known = draws[~np.isnan(draws)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.percentile(known, PERCENTILES, method="nearest")
    return float(low), float(high)
