# SPDX-License-Identifier: Apache-2.0
"""From answers to numbers: who is counted, shares, and intervals held against loops and against simulations."""

import csv
import io

import numpy as np
import pytest

from bwcolor.turing import analysis, report
from bwcolor.turing.analysis import analyze
from bwcolor.turing.plan import DECOY, TRUTH, Form, Kind, Settings, Trial
from bwcolor.turing.store import Answered, Study

PAIRS, VIGILANCE = 6, 5


def study(systems=("ours",), form=Form.PAIRS, pairs=PAIRS, vigilance=VIGILANCE):
    settings = Settings(form, pairs, 0, vigilance)
    return Study(settings, systems, tuple(f"{n}.jpg" for n in range(settings.photos)), "0")


def person(number, fooled, missed=0, left=0, systems=("ours",), form=Form.PAIRS, views=1, vigilance=VIGILANCE):
    """Answers of one participant: whether each test fooled them, and how many obvious fakes did."""
    trials = [Trial(Kind.VIGILANCE, photo, DECOY, 1) for photo in range(vigilance)]
    wrong = [place < missed for place in range(vigilance)]
    for place, was_fooled in enumerate(fooled):
        system, fake = systems[(place + number) % len(systems)], place % 2
        if form == Form.SINGLE:
            system, fake = (system, 1) if fake else (TRUTH, 0)
            was_fooled = was_fooled if fake else not was_fooled
        trials.append(Trial(Kind.TEST, vigilance + place, system, fake))
        wrong.append(was_fooled)
    answers = [
        Answered(number, place, trial, 1 - trial.fake if fooled_by else trial.fake, views)
        for place, (trial, fooled_by) in enumerate(zip(trials, wrong, strict=True))
    ]
    return answers[: len(answers) - left] + [
        Answered(each.participant, each.number, each.trial, None, None) for each in answers[len(answers) - left :]
    ]


def test_shares_and_who_is_counted():
    answers = [
        *person(1, [1, 0, 0, 0, 0, 0]),
        *person(2, [1, 1, 0, 0, 0, 0], missed=1),
        *person(3, [1, 1, 1, 1, 1, 1], missed=2),  # set aside
        *person(4, [1, 1, 1, 1, 1, 1], left=1),
        *person(5, [0, 0, 0, 0, 0, 0], left=PAIRS + VIGILANCE),
    ]
    found = analyze(study(), answers)
    assert (found.finished, found.set_aside, found.unfinished) == (2, 1, 2)
    assert found.shares["ours"].value == pytest.approx(100 * 3 / 12)
    assert found.shares["ours"].answers == 12
    assert found.photos[VIGILANCE, "ours"] == (2, 2)
    assert found.photos[VIGILANCE + 1, "ours"] == (2, 1)
    assert len(found.counted) == 12
    assert {answers[place].participant for place in found.counted} == {1, 2}


def test_answers_after_a_second_look_are_left_out():
    found = analyze(study(), [*person(1, [1, 1, 1, 0, 0, 0]), *person(2, [1] * 6, views=2)])
    assert (found.shares["ours"].value, found.shares["ours"].answers, found.seen_again) == (50.0, 6, 6)


def test_single_pictures_tell_of_real_ones_too():
    found = analyze(study(form=Form.SINGLE), person(1, [True, True, False, False, True, False], form=Form.SINGLE))
    # fakes are at the odd places, real pictures at the even ones
    assert found.shares["ours"].value == pytest.approx(100 / 3)
    assert found.shares[TRUTH].value == pytest.approx(200 / 3)


def test_nobody_yet_and_one_person_have_no_interval():
    assert np.isnan(analyze(study(), []).shares["ours"].value)
    alone = analyze(study(), person(1, [1, 0, 0, 0, 0, 0])).shares["ours"]
    assert alone.value == pytest.approx(100 / 6)
    assert np.isnan(alone.low)


def test_the_interval_is_that_of_a_bootstrap_written_as_loops(monkeypatch):
    draw = np.random.default_rng(3)
    people, photos = 9, 7
    fooled = draw.random((people, photos)) < draw.uniform(0.1, 0.7, (people, 1))
    answers = [each for who in range(people) for each in person(who + 1, fooled[who], vigilance=0)]
    found = analyze(study(pairs=photos, vigilance=0), answers).shares["ours"]
    values = []
    for _ in range(20_000):
        chosen_people, chosen_photos = draw.integers(0, people, people), draw.integers(0, photos, photos)
        values.append(100 * np.mean(fooled[chosen_people][:, chosen_photos]))
    low, high = np.percentile(values, (2.5, 97.5))
    assert found.low == pytest.approx(low, abs=1.0)
    assert found.high == pytest.approx(high, abs=1.0)
    assert analyze(study(pairs=photos, vigilance=0), answers).shares["ours"] == found


def test_intervals_hold_the_truth_as_often_as_they_say(monkeypatch):
    """People and photos differ; of 200 studies the interval holds the true share in about 95 of 100, and a naive one
    that takes answers for independent throws in far fewer."""
    monkeypatch.setattr(analysis, "DRAWS", 400)
    draw = np.random.default_rng(0)
    people, photos, studies = 20, 20, 200
    held = naive = 0
    for _ in range(studies):
        level = -0.8 + draw.normal(0, 0.7, (people, 1)) + draw.normal(0, 0.7, (1, photos))
        fooled = (draw.random((people, photos)) < 1 / (1 + np.exp(-level))).astype(float)
        shares, _ = analysis._shares(["ours"], np.ones((1, people, photos)), fooled[None])
        share = shares["ours"]
        held += share.low <= TRUE_SHARE <= share.high
        naive += abs(share.value - TRUE_SHARE) <= 196 * np.sqrt(fooled.mean() * (1 - fooled.mean()) / fooled.size)
    assert 0.90 <= held / studies <= 0.99
    assert naive / studies < 0.70


# of the simulation above: the mean of the logistic function over a normal level
_LEVELS = -0.8 + np.hypot(0.7, 0.7) * np.random.default_rng(1).normal(size=400_000)
TRUE_SHARE = 100 * float(np.mean(1 / (1 + np.exp(-_LEVELS))))


def test_two_systems_are_compared_on_the_same_draws():
    systems = ("ours", "theirs")
    answers = []
    for who in range(1, 21):
        # theirs always fools, ours never
        answers += person(who, [systems[(place + who) % 2] == "theirs" for place in range(PAIRS)], systems=systems)
    found = analyze(study(systems), answers)
    assert (found.shares["ours"].value, found.shares["theirs"].value) == (0.0, 100.0)
    difference = found.differences["theirs", "ours"]
    assert (difference.value, difference.low, difference.high) == (100.0, 100.0, 100.0)


def test_reports_say_the_same():
    systems = ("ours", "theirs")
    answers = [each for who in range(1, 9) for each in person(who, [1, 0, 0, 1, 0, 0], systems=systems)]
    answers += person(9, [1] * PAIRS, missed=5, systems=systems)
    found = analyze(study(systems), answers)
    plain = report.as_json(found)
    assert plain["participants"] == {"counted": 8, "set_aside": 1, "unfinished": 0}
    rows = list(csv.DictReader(io.StringIO(report.answers_csv(found, answers))))
    assert len(rows) == 9 * (PAIRS + VIGILANCE)
    for system, share in plain["systems"].items():
        counted = [row for row in rows if row["counted"] == "1" and row["system"] == system]
        assert len(counted) == share["answers"]
        assert 100 * np.mean([int(row["taken_for_real"]) for row in counted]) == pytest.approx(share["value"])
    photos = list(csv.DictReader(io.StringIO(report.photos_csv(found))))
    assert sum(int(row["answers"]) for row in photos) == 8 * PAIRS
    assert [line[2] for line in report.photo_lines(found, 2)] == ["100", "100"]
    assert "Set aside: 1 who took more than 20% of the 5 obvious fakes for real." in report.remarks(found)
